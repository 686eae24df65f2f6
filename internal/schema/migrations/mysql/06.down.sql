-- Parents, versions and descriptions of types are lost.

DROP TABLE IF EXISTS ParentType;
DROP TABLE IF EXISTS ParentContext;
ALTER TABLE Type
  DROP INDEX idx_type_name,
  DROP COLUMN version,
  DROP COLUMN description;
ALTER TABLE Artifact
  DROP INDEX idx_artifact_uri,
  DROP INDEX idx_artifact_create_time_since_epoch,
  DROP INDEX idx_artifact_last_update_time_since_epoch;
ALTER TABLE Execution
  DROP INDEX idx_execution_create_time_since_epoch,
  DROP INDEX idx_execution_last_update_time_since_epoch;
ALTER TABLE Context
  DROP INDEX idx_context_create_time_since_epoch,
  DROP INDEX idx_context_last_update_time_since_epoch;
ALTER TABLE Event
  DROP INDEX idx_event_artifact_id,
  DROP INDEX idx_event_execution_id;
