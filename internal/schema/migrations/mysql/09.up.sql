-- Types and nodes have external ids.

ALTER TABLE Type
  ADD COLUMN external_id VARCHAR(255) AFTER output_type,
  ADD UNIQUE INDEX external_id (external_id),
  ADD INDEX idx_type_external_id (external_id);
ALTER TABLE Artifact
  ADD COLUMN external_id VARCHAR(255) AFTER name,
  ADD UNIQUE INDEX external_id (external_id),
  ADD INDEX idx_artifact_external_id (external_id);
ALTER TABLE Execution
  ADD COLUMN external_id VARCHAR(255) AFTER name,
  ADD UNIQUE INDEX external_id (external_id),
  ADD INDEX idx_execution_external_id (external_id);
ALTER TABLE Context
  ADD COLUMN external_id VARCHAR(255) AFTER name,
  ADD UNIQUE INDEX external_id (external_id),
  ADD INDEX idx_context_external_id (external_id);
