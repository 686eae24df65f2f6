-- A type has one of several kinds.

ALTER TABLE Type CHANGE COLUMN is_artifact_type type_kind TINYINT(1) NOT NULL;
