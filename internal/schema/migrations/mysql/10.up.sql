-- Properties have columns for protos and booleans.

-- The original's way down from 10 leaves rows without a value, which nobody can read.
DELETE FROM ArtifactProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;
DELETE FROM ExecutionProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;
DELETE FROM ContextProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;

ALTER TABLE ArtifactProperty
  ADD COLUMN proto_value MEDIUMBLOB,
  ADD COLUMN bool_value BOOLEAN;
ALTER TABLE ExecutionProperty
  ADD COLUMN proto_value MEDIUMBLOB,
  ADD COLUMN bool_value BOOLEAN;
ALTER TABLE ContextProperty
  ADD COLUMN proto_value MEDIUMBLOB,
  ADD COLUMN bool_value BOOLEAN;
