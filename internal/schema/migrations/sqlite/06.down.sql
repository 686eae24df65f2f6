-- Parents, versions and descriptions of types are lost.

DROP INDEX idx_artifact_uri;
DROP INDEX idx_artifact_create_time_since_epoch;
DROP INDEX idx_artifact_last_update_time_since_epoch;
DROP INDEX idx_execution_create_time_since_epoch;
DROP INDEX idx_execution_last_update_time_since_epoch;
DROP INDEX idx_context_create_time_since_epoch;
DROP INDEX idx_context_last_update_time_since_epoch;
DROP INDEX idx_type_name;
DROP INDEX idx_event_artifact_id;
DROP INDEX idx_event_execution_id;
DROP TABLE ParentType;
DROP TABLE ParentContext;
ALTER TABLE Type DROP COLUMN version;
ALTER TABLE Type DROP COLUMN description;
