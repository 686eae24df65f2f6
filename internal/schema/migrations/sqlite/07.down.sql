-- Properties have no column for bytes.

ALTER TABLE ArtifactProperty DROP COLUMN byte_value;
ALTER TABLE ExecutionProperty DROP COLUMN byte_value;
ALTER TABLE ContextProperty DROP COLUMN byte_value;
DROP INDEX idx_eventpath_event_id;
