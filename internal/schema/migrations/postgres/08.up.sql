-- One event of a kind between an artifact and an execution, the latest; properties are indexed.

DELETE FROM Event AS older USING Event AS newer
  WHERE newer.artifact_id = older.artifact_id AND newer.execution_id = older.execution_id
    AND newer.type = older.type AND newer.id > older.id;
DELETE FROM EventPath WHERE NOT EXISTS (SELECT 1 FROM Event WHERE Event.id = EventPath.event_id);
ALTER TABLE Event ADD CONSTRAINT UniqueEvent UNIQUE (artifact_id, execution_id, type);
DROP INDEX IF EXISTS idx_event_artifact_id;
CREATE INDEX IF NOT EXISTS idx_artifact_property_int ON ArtifactProperty (name, is_custom_property, int_value);
CREATE INDEX IF NOT EXISTS idx_artifact_property_double ON ArtifactProperty (name, is_custom_property, double_value);
CREATE INDEX IF NOT EXISTS idx_execution_property_int ON ExecutionProperty (name, is_custom_property, int_value);
CREATE INDEX IF NOT EXISTS idx_execution_property_double ON ExecutionProperty (name, is_custom_property, double_value);
CREATE INDEX IF NOT EXISTS idx_context_property_int ON ContextProperty (name, is_custom_property, int_value);
CREATE INDEX IF NOT EXISTS idx_context_property_double ON ContextProperty (name, is_custom_property, double_value);
CREATE INDEX IF NOT EXISTS idx_artifact_property_string ON ArtifactProperty (name, is_custom_property, left(string_value, 255));
CREATE INDEX IF NOT EXISTS idx_execution_property_string ON ExecutionProperty (name, is_custom_property, left(string_value, 255));
CREATE INDEX IF NOT EXISTS idx_context_property_string ON ContextProperty (name, is_custom_property, left(string_value, 255));
