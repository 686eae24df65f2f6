-- Contexts hold executions and artifacts.

CREATE TABLE IF NOT EXISTS Association (
  id INT PRIMARY KEY AUTO_INCREMENT,
  context_id INT NOT NULL,
  execution_id INT NOT NULL,
  UNIQUE (context_id, execution_id)
);
CREATE TABLE IF NOT EXISTS Attribution (
  id INT PRIMARY KEY AUTO_INCREMENT,
  context_id INT NOT NULL,
  artifact_id INT NOT NULL,
  UNIQUE (context_id, artifact_id)
);
