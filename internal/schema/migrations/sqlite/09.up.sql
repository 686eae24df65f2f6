-- Types and nodes have external ids.

CREATE TABLE Type_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name VARCHAR(255) NOT NULL,
  version VARCHAR(255),
  type_kind TINYINT(1) NOT NULL,
  description TEXT,
  input_type TEXT,
  output_type TEXT,
  external_id VARCHAR(255) UNIQUE
);
INSERT INTO Type_new (id, name, version, type_kind, description, input_type, output_type) SELECT id, name, version, type_kind, description, input_type, output_type FROM Type;
DELETE FROM sqlite_sequence WHERE name = 'Type_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Type_new', seq FROM sqlite_sequence WHERE name = 'Type';
DROP TABLE Type;
ALTER TABLE Type_new RENAME TO Type;
CREATE INDEX idx_type_name ON Type (name);
CREATE INDEX idx_type_external_id ON Type (external_id);

CREATE TABLE Artifact_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INT NOT NULL,
  uri TEXT,
  state INT,
  name VARCHAR(255),
  external_id VARCHAR(255) UNIQUE,
  create_time_since_epoch INT NOT NULL DEFAULT 0,
  last_update_time_since_epoch INT NOT NULL DEFAULT 0,
  UNIQUE (type_id, name)
);
INSERT INTO Artifact_new (id, type_id, uri, state, name, create_time_since_epoch, last_update_time_since_epoch) SELECT id, type_id, uri, state, name, create_time_since_epoch, last_update_time_since_epoch FROM Artifact;
DELETE FROM sqlite_sequence WHERE name = 'Artifact_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Artifact_new', seq FROM sqlite_sequence WHERE name = 'Artifact';
DROP TABLE Artifact;
ALTER TABLE Artifact_new RENAME TO Artifact;
CREATE INDEX idx_artifact_uri ON Artifact (uri);
CREATE INDEX idx_artifact_create_time_since_epoch ON Artifact (create_time_since_epoch);
CREATE INDEX idx_artifact_last_update_time_since_epoch ON Artifact (last_update_time_since_epoch);
CREATE INDEX idx_artifact_external_id ON Artifact (external_id);

CREATE TABLE Execution_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INT NOT NULL,
  last_known_state INT,
  name VARCHAR(255),
  external_id VARCHAR(255) UNIQUE,
  create_time_since_epoch INT NOT NULL DEFAULT 0,
  last_update_time_since_epoch INT NOT NULL DEFAULT 0,
  UNIQUE (type_id, name)
);
INSERT INTO Execution_new (id, type_id, last_known_state, name, create_time_since_epoch, last_update_time_since_epoch) SELECT id, type_id, last_known_state, name, create_time_since_epoch, last_update_time_since_epoch FROM Execution;
DELETE FROM sqlite_sequence WHERE name = 'Execution_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Execution_new', seq FROM sqlite_sequence WHERE name = 'Execution';
DROP TABLE Execution;
ALTER TABLE Execution_new RENAME TO Execution;
CREATE INDEX idx_execution_create_time_since_epoch ON Execution (create_time_since_epoch);
CREATE INDEX idx_execution_last_update_time_since_epoch ON Execution (last_update_time_since_epoch);
CREATE INDEX idx_execution_external_id ON Execution (external_id);

CREATE TABLE Context_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INT NOT NULL,
  name VARCHAR(255) NOT NULL,
  external_id VARCHAR(255) UNIQUE,
  create_time_since_epoch INT NOT NULL DEFAULT 0,
  last_update_time_since_epoch INT NOT NULL DEFAULT 0,
  UNIQUE (type_id, name)
);
INSERT INTO Context_new (id, type_id, name, create_time_since_epoch, last_update_time_since_epoch) SELECT id, type_id, name, create_time_since_epoch, last_update_time_since_epoch FROM Context;
DELETE FROM sqlite_sequence WHERE name = 'Context_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'Context_new', seq FROM sqlite_sequence WHERE name = 'Context';
DROP TABLE Context;
ALTER TABLE Context_new RENAME TO Context;
CREATE INDEX idx_context_create_time_since_epoch ON Context (create_time_since_epoch);
CREATE INDEX idx_context_last_update_time_since_epoch ON Context (last_update_time_since_epoch);
CREATE INDEX idx_context_external_id ON Context (external_id);
