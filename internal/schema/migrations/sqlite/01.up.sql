-- A table names the schema version.

CREATE TABLE MLMDEnv (schema_version INTEGER PRIMARY KEY);
INSERT INTO MLMDEnv (schema_version) VALUES (0);
