-- Types have versions and parents, contexts have parents; indexes.

CREATE TABLE IF NOT EXISTS ParentType (
  type_id INT NOT NULL,
  parent_type_id INT NOT NULL,
  PRIMARY KEY (type_id, parent_type_id)
);
CREATE TABLE IF NOT EXISTS ParentContext (
  context_id INT NOT NULL,
  parent_context_id INT NOT NULL,
  PRIMARY KEY (context_id, parent_context_id),
  INDEX idx_parentcontext_parent_context_id (parent_context_id)
);
ALTER TABLE Type
  ADD COLUMN version VARCHAR(255) AFTER name,
  ADD COLUMN description TEXT AFTER type_kind,
  ADD INDEX idx_type_name (name);
ALTER TABLE Artifact
  ADD INDEX idx_artifact_uri (uri(255)),
  ADD INDEX idx_artifact_create_time_since_epoch (create_time_since_epoch),
  ADD INDEX idx_artifact_last_update_time_since_epoch (last_update_time_since_epoch);
ALTER TABLE Execution
  ADD INDEX idx_execution_create_time_since_epoch (create_time_since_epoch),
  ADD INDEX idx_execution_last_update_time_since_epoch (last_update_time_since_epoch);
ALTER TABLE Context
  ADD INDEX idx_context_create_time_since_epoch (create_time_since_epoch),
  ADD INDEX idx_context_last_update_time_since_epoch (last_update_time_since_epoch);
ALTER TABLE Event
  ADD INDEX idx_event_artifact_id (artifact_id),
  ADD INDEX idx_event_execution_id (execution_id);
