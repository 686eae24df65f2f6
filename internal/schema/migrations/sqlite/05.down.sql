-- Names, states and times of nodes are lost.

CREATE TABLE Artifact_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INT NOT NULL,
  uri TEXT
);
INSERT INTO Artifact_new (id, type_id, uri) SELECT id, type_id, uri FROM Artifact;
DELETE FROM sqlite_sequence WHERE name = 'Artifact_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Artifact_new', seq FROM sqlite_sequence WHERE name = 'Artifact';
DROP TABLE Artifact;
ALTER TABLE Artifact_new RENAME TO Artifact;

CREATE TABLE Execution_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INT NOT NULL
);
INSERT INTO Execution_new (id, type_id) SELECT id, type_id FROM Execution;
DELETE FROM sqlite_sequence WHERE name = 'Execution_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Execution_new', seq FROM sqlite_sequence WHERE name = 'Execution';
DROP TABLE Execution;
ALTER TABLE Execution_new RENAME TO Execution;

ALTER TABLE Context DROP COLUMN create_time_since_epoch;
ALTER TABLE Context DROP COLUMN last_update_time_since_epoch;
