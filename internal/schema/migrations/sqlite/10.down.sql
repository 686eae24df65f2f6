-- Proto and boolean properties are lost.

DELETE FROM ArtifactProperty WHERE COALESCE(int_value, double_value, string_value, byte_value) IS NULL;
ALTER TABLE ArtifactProperty DROP COLUMN proto_value;
ALTER TABLE ArtifactProperty DROP COLUMN bool_value;
DELETE FROM ExecutionProperty WHERE COALESCE(int_value, double_value, string_value, byte_value) IS NULL;
ALTER TABLE ExecutionProperty DROP COLUMN proto_value;
ALTER TABLE ExecutionProperty DROP COLUMN bool_value;
DELETE FROM ContextProperty WHERE COALESCE(int_value, double_value, string_value, byte_value) IS NULL;
ALTER TABLE ContextProperty DROP COLUMN proto_value;
ALTER TABLE ContextProperty DROP COLUMN bool_value;
