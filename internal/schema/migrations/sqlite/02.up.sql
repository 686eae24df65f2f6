-- A type has one of several kinds.

ALTER TABLE Type RENAME COLUMN is_artifact_type TO type_kind;
