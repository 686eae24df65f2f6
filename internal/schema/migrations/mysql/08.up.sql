-- One event of a kind between an artifact and an execution, the latest; properties are indexed.

DELETE older FROM Event AS older
  JOIN Event AS newer ON newer.artifact_id = older.artifact_id AND newer.execution_id = older.execution_id
    AND newer.type = older.type AND newer.id > older.id;
DELETE path FROM EventPath AS path LEFT JOIN Event ON Event.id = path.event_id WHERE Event.id IS NULL;
ALTER TABLE Event
  ADD CONSTRAINT UniqueEvent UNIQUE (artifact_id, execution_id, type),
  DROP INDEX idx_event_artifact_id;
ALTER TABLE ArtifactProperty
  ADD INDEX idx_artifact_property_int (name, is_custom_property, int_value),
  ADD INDEX idx_artifact_property_double (name, is_custom_property, double_value),
  ADD INDEX idx_artifact_property_string (name, is_custom_property, string_value(255));
ALTER TABLE ExecutionProperty
  ADD INDEX idx_execution_property_int (name, is_custom_property, int_value),
  ADD INDEX idx_execution_property_double (name, is_custom_property, double_value),
  ADD INDEX idx_execution_property_string (name, is_custom_property, string_value(255));
ALTER TABLE ContextProperty
  ADD INDEX idx_context_property_int (name, is_custom_property, int_value),
  ADD INDEX idx_context_property_double (name, is_custom_property, double_value),
  ADD INDEX idx_context_property_string (name, is_custom_property, string_value(255));
