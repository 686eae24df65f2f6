-- Proto and boolean properties are lost.

DELETE FROM ArtifactProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;
ALTER TABLE ArtifactProperty
  DROP COLUMN proto_value,
  DROP COLUMN bool_value;
DELETE FROM ExecutionProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;
ALTER TABLE ExecutionProperty
  DROP COLUMN proto_value,
  DROP COLUMN bool_value;
DELETE FROM ContextProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;
ALTER TABLE ContextProperty
  DROP COLUMN proto_value,
  DROP COLUMN bool_value;
