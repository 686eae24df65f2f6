-- No table names the schema version.

DROP TABLE MLMDEnv;
