-- Strings are cut to 65535 characters.

UPDATE ArtifactProperty SET string_value = LEFT(string_value, 65535) WHERE LENGTH(string_value) > 65535;
ALTER TABLE ArtifactProperty DROP COLUMN byte_value;
UPDATE ExecutionProperty SET string_value = LEFT(string_value, 65535) WHERE LENGTH(string_value) > 65535;
ALTER TABLE ExecutionProperty DROP COLUMN byte_value;
UPDATE ContextProperty SET string_value = LEFT(string_value, 65535) WHERE LENGTH(string_value) > 65535;
ALTER TABLE ContextProperty DROP COLUMN byte_value;
DROP INDEX idx_eventpath_event_id;
