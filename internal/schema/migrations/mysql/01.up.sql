-- A table names the schema version.

CREATE TABLE IF NOT EXISTS MLMDEnv (schema_version INTEGER PRIMARY KEY);
INSERT IGNORE INTO MLMDEnv (schema_version) VALUES (0);
