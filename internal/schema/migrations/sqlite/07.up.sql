-- Properties have a column for bytes; event paths are indexed.

ALTER TABLE ArtifactProperty ADD COLUMN byte_value BLOB;
ALTER TABLE ExecutionProperty ADD COLUMN byte_value BLOB;
ALTER TABLE ContextProperty ADD COLUMN byte_value BLOB;
CREATE INDEX idx_eventpath_event_id ON EventPath (event_id);
