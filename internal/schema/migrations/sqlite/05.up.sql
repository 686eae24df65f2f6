-- Nodes have names, states and times.

CREATE TABLE Artifact_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INT NOT NULL,
  uri TEXT,
  state INT,
  name VARCHAR(255),
  create_time_since_epoch INT NOT NULL DEFAULT 0,
  last_update_time_since_epoch INT NOT NULL DEFAULT 0,
  UNIQUE (type_id, name)
);
INSERT INTO Artifact_new (id, type_id, uri) SELECT id, type_id, uri FROM Artifact;
DELETE FROM sqlite_sequence WHERE name = 'Artifact_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Artifact_new', seq FROM sqlite_sequence WHERE name = 'Artifact';
DROP TABLE Artifact;
ALTER TABLE Artifact_new RENAME TO Artifact;

CREATE TABLE Execution_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INT NOT NULL,
  last_known_state INT,
  name VARCHAR(255),
  create_time_since_epoch INT NOT NULL DEFAULT 0,
  last_update_time_since_epoch INT NOT NULL DEFAULT 0,
  UNIQUE (type_id, name)
);
INSERT INTO Execution_new (id, type_id) SELECT id, type_id FROM Execution;
DELETE FROM sqlite_sequence WHERE name = 'Execution_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Execution_new', seq FROM sqlite_sequence WHERE name = 'Execution';
DROP TABLE Execution;
ALTER TABLE Execution_new RENAME TO Execution;

ALTER TABLE Context ADD COLUMN create_time_since_epoch INT NOT NULL DEFAULT 0;
ALTER TABLE Context ADD COLUMN last_update_time_since_epoch INT NOT NULL DEFAULT 0;
