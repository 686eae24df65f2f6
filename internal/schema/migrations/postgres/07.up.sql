-- Properties have a column for bytes; event paths are indexed.

ALTER TABLE ArtifactProperty ADD COLUMN IF NOT EXISTS byte_value BYTEA;
ALTER TABLE ExecutionProperty ADD COLUMN IF NOT EXISTS byte_value BYTEA;
ALTER TABLE ContextProperty ADD COLUMN IF NOT EXISTS byte_value BYTEA;
CREATE INDEX IF NOT EXISTS idx_eventpath_event_id ON EventPath (event_id);
