-- Names, states and times of nodes are lost.

ALTER TABLE Artifact
  DROP INDEX UniqueArtifactTypeName,
  DROP COLUMN state,
  DROP COLUMN name,
  DROP COLUMN create_time_since_epoch,
  DROP COLUMN last_update_time_since_epoch;
ALTER TABLE Execution
  DROP INDEX UniqueExecutionTypeName,
  DROP COLUMN last_known_state,
  DROP COLUMN name,
  DROP COLUMN create_time_since_epoch,
  DROP COLUMN last_update_time_since_epoch;
ALTER TABLE Context
  DROP COLUMN create_time_since_epoch,
  DROP COLUMN last_update_time_since_epoch;
