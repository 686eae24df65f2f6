-- External ids are lost.

-- The index goes with its column, whatever its name is.
ALTER TABLE Type
  DROP COLUMN external_id;
ALTER TABLE Artifact
  DROP COLUMN external_id;
ALTER TABLE Execution
  DROP COLUMN external_id;
ALTER TABLE Context
  DROP COLUMN external_id;
