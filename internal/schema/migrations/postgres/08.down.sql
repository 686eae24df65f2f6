-- Events may repeat; properties are not indexed.

ALTER TABLE Event DROP CONSTRAINT UniqueEvent;
CREATE INDEX idx_event_artifact_id ON Event (artifact_id);
DROP INDEX idx_artifact_property_int;
DROP INDEX idx_artifact_property_double;
DROP INDEX idx_artifact_property_string;
DROP INDEX idx_execution_property_int;
DROP INDEX idx_execution_property_double;
DROP INDEX idx_execution_property_string;
DROP INDEX idx_context_property_int;
DROP INDEX idx_context_property_double;
DROP INDEX idx_context_property_string;
