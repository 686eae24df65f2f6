-- One event of a kind between an artifact and an execution, the latest; properties are indexed.

CREATE TABLE Event_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  artifact_id INT NOT NULL,
  execution_id INT NOT NULL,
  type INT NOT NULL,
  milliseconds_since_epoch INT,
  UNIQUE (artifact_id, execution_id, type)
);
INSERT INTO Event_new (id, artifact_id, execution_id, type, milliseconds_since_epoch) SELECT id, artifact_id, execution_id, type, milliseconds_since_epoch FROM Event
  WHERE id IN (SELECT MAX(id) FROM Event GROUP BY artifact_id, execution_id, type);
DELETE FROM sqlite_sequence WHERE name = 'Event_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Event_new', seq FROM sqlite_sequence WHERE name = 'Event';
DROP TABLE Event;
ALTER TABLE Event_new RENAME TO Event;
CREATE INDEX idx_event_execution_id ON Event (execution_id);
DELETE FROM EventPath WHERE event_id NOT IN (SELECT id FROM Event);
CREATE INDEX idx_artifact_property_int ON ArtifactProperty (name, is_custom_property, int_value) WHERE int_value IS NOT NULL;
CREATE INDEX idx_artifact_property_double ON ArtifactProperty (name, is_custom_property, double_value) WHERE double_value IS NOT NULL;
CREATE INDEX idx_artifact_property_string ON ArtifactProperty (name, is_custom_property, string_value) WHERE string_value IS NOT NULL;
CREATE INDEX idx_execution_property_int ON ExecutionProperty (name, is_custom_property, int_value) WHERE int_value IS NOT NULL;
CREATE INDEX idx_execution_property_double ON ExecutionProperty (name, is_custom_property, double_value) WHERE double_value IS NOT NULL;
CREATE INDEX idx_execution_property_string ON ExecutionProperty (name, is_custom_property, string_value) WHERE string_value IS NOT NULL;
CREATE INDEX idx_context_property_int ON ContextProperty (name, is_custom_property, int_value) WHERE int_value IS NOT NULL;
CREATE INDEX idx_context_property_double ON ContextProperty (name, is_custom_property, double_value) WHERE double_value IS NOT NULL;
CREATE INDEX idx_context_property_string ON ContextProperty (name, is_custom_property, string_value) WHERE string_value IS NOT NULL;
