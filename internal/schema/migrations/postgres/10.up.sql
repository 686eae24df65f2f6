-- Properties have columns for protos and booleans; flags are booleans, times have 64 bits.

-- The original's way down from 10 leaves rows without a value, which nobody can read.
DELETE FROM ArtifactProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;
DELETE FROM ExecutionProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;
DELETE FROM ContextProperty
  WHERE int_value IS NULL AND double_value IS NULL AND string_value IS NULL AND byte_value IS NULL;

ALTER TABLE ArtifactProperty
  ADD COLUMN IF NOT EXISTS proto_value BYTEA,
  ADD COLUMN IF NOT EXISTS bool_value BOOLEAN;
ALTER TABLE ExecutionProperty
  ADD COLUMN IF NOT EXISTS proto_value BYTEA,
  ADD COLUMN IF NOT EXISTS bool_value BOOLEAN;
ALTER TABLE ContextProperty
  ADD COLUMN IF NOT EXISTS proto_value BYTEA,
  ADD COLUMN IF NOT EXISTS bool_value BOOLEAN;

-- Partial indexes of an earlier version, and those that refuse long text, give way.
DROP INDEX IF EXISTS idx_artifact_property_int;
DROP INDEX IF EXISTS idx_artifact_property_double;
DROP INDEX IF EXISTS idx_artifact_property_string;
DROP INDEX IF EXISTS idx_execution_property_int;
DROP INDEX IF EXISTS idx_execution_property_double;
DROP INDEX IF EXISTS idx_execution_property_string;
DROP INDEX IF EXISTS idx_context_property_int;
DROP INDEX IF EXISTS idx_context_property_double;
DROP INDEX IF EXISTS idx_context_property_string;
DROP INDEX IF EXISTS idx_artifact_uri;

-- Tables made before version 10 have small numbers for flags.
ALTER TABLE ArtifactProperty ALTER COLUMN is_custom_property TYPE BOOLEAN USING is_custom_property::INT <> 0;
ALTER TABLE ExecutionProperty ALTER COLUMN is_custom_property TYPE BOOLEAN USING is_custom_property::INT <> 0;
ALTER TABLE ContextProperty ALTER COLUMN is_custom_property TYPE BOOLEAN USING is_custom_property::INT <> 0;
ALTER TABLE EventPath ALTER COLUMN is_index_step TYPE BOOLEAN USING is_index_step::INT <> 0;

-- The original's step to version 9 leaves times of 32 bits.
ALTER TABLE Artifact
  ALTER COLUMN create_time_since_epoch TYPE BIGINT,
  ALTER COLUMN last_update_time_since_epoch TYPE BIGINT;
ALTER TABLE Execution
  ALTER COLUMN create_time_since_epoch TYPE BIGINT,
  ALTER COLUMN last_update_time_since_epoch TYPE BIGINT;
ALTER TABLE Context
  ALTER COLUMN create_time_since_epoch TYPE BIGINT,
  ALTER COLUMN last_update_time_since_epoch TYPE BIGINT;
ALTER TABLE Event ALTER COLUMN milliseconds_since_epoch TYPE BIGINT;

CREATE INDEX idx_artifact_property_int ON ArtifactProperty (name, is_custom_property, int_value);
CREATE INDEX idx_artifact_property_double ON ArtifactProperty (name, is_custom_property, double_value);
CREATE INDEX idx_execution_property_int ON ExecutionProperty (name, is_custom_property, int_value);
CREATE INDEX idx_execution_property_double ON ExecutionProperty (name, is_custom_property, double_value);
CREATE INDEX idx_context_property_int ON ContextProperty (name, is_custom_property, int_value);
CREATE INDEX idx_context_property_double ON ContextProperty (name, is_custom_property, double_value);
CREATE INDEX idx_artifact_property_string ON ArtifactProperty (name, is_custom_property, left(string_value, 255));
CREATE INDEX idx_execution_property_string ON ExecutionProperty (name, is_custom_property, left(string_value, 255));
CREATE INDEX idx_context_property_string ON ContextProperty (name, is_custom_property, left(string_value, 255));
CREATE INDEX idx_artifact_uri ON Artifact USING spgist (uri);

-- The original's steps leave names of their own.
ALTER INDEX IF EXISTS artifactpropertytemp_pkey RENAME TO artifactproperty_pkey;
ALTER INDEX IF EXISTS executionpropertytemp_pkey RENAME TO executionproperty_pkey;
ALTER INDEX IF EXISTS contextpropertytemp_pkey RENAME TO contextproperty_pkey;
