-- Events may repeat; properties are not indexed.

CREATE TABLE Event_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  artifact_id INT NOT NULL,
  execution_id INT NOT NULL,
  type INT NOT NULL,
  milliseconds_since_epoch INT
);
INSERT INTO Event_new (id, artifact_id, execution_id, type, milliseconds_since_epoch) SELECT id, artifact_id, execution_id, type, milliseconds_since_epoch FROM Event;
DELETE FROM sqlite_sequence WHERE name = 'Event_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Event_new', seq FROM sqlite_sequence WHERE name = 'Event';
DROP TABLE Event;
ALTER TABLE Event_new RENAME TO Event;
CREATE INDEX idx_event_artifact_id ON Event (artifact_id);
CREATE INDEX idx_event_execution_id ON Event (execution_id);
DROP INDEX idx_artifact_property_int;
DROP INDEX idx_artifact_property_double;
DROP INDEX idx_artifact_property_string;
DROP INDEX idx_execution_property_int;
DROP INDEX idx_execution_property_double;
DROP INDEX idx_execution_property_string;
DROP INDEX idx_context_property_int;
DROP INDEX idx_context_property_double;
DROP INDEX idx_context_property_string;
