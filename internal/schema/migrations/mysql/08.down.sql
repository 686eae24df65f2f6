-- Events may repeat; properties are not indexed.

ALTER TABLE Event
  ADD INDEX idx_event_artifact_id (artifact_id),
  DROP INDEX UniqueEvent;
ALTER TABLE ArtifactProperty
  DROP INDEX idx_artifact_property_int,
  DROP INDEX idx_artifact_property_double,
  DROP INDEX idx_artifact_property_string;
ALTER TABLE ExecutionProperty
  DROP INDEX idx_execution_property_int,
  DROP INDEX idx_execution_property_double,
  DROP INDEX idx_execution_property_string;
ALTER TABLE ContextProperty
  DROP INDEX idx_context_property_int,
  DROP INDEX idx_context_property_double,
  DROP INDEX idx_context_property_string;
