-- Types and nodes have external ids.

-- The original's way down from 9 leaves the column where it is.
ALTER TABLE Type ADD COLUMN IF NOT EXISTS external_id VARCHAR(255) UNIQUE;
CREATE INDEX IF NOT EXISTS idx_type_external_id ON Type (external_id);
ALTER TABLE Artifact ADD COLUMN IF NOT EXISTS external_id VARCHAR(255) UNIQUE;
CREATE INDEX IF NOT EXISTS idx_artifact_external_id ON Artifact (external_id);
ALTER TABLE Execution ADD COLUMN IF NOT EXISTS external_id VARCHAR(255) UNIQUE;
CREATE INDEX IF NOT EXISTS idx_execution_external_id ON Execution (external_id);
ALTER TABLE Context ADD COLUMN IF NOT EXISTS external_id VARCHAR(255) UNIQUE;
CREATE INDEX IF NOT EXISTS idx_context_external_id ON Context (external_id);
