-- A type is for artifacts or for executions; context types are lost.

DELETE FROM TypeProperty WHERE type_id IN (SELECT id FROM Type WHERE type_kind = 2);
DELETE FROM Type WHERE type_kind = 2;
ALTER TABLE Type CHANGE COLUMN type_kind is_artifact_type TINYINT(1) NOT NULL;
