-- Strings are cut to 65535 bytes.

UPDATE ArtifactProperty
  SET string_value = CONVERT(SUBSTRING(CONVERT(string_value USING binary), 1, 65535) USING utf8mb4)
  WHERE LENGTH(string_value) > 65535;
ALTER TABLE ArtifactProperty
  MODIFY COLUMN string_value TEXT,
  DROP COLUMN byte_value;
UPDATE ExecutionProperty
  SET string_value = CONVERT(SUBSTRING(CONVERT(string_value USING binary), 1, 65535) USING utf8mb4)
  WHERE LENGTH(string_value) > 65535;
ALTER TABLE ExecutionProperty
  MODIFY COLUMN string_value TEXT,
  DROP COLUMN byte_value;
UPDATE ContextProperty
  SET string_value = CONVERT(SUBSTRING(CONVERT(string_value USING binary), 1, 65535) USING utf8mb4)
  WHERE LENGTH(string_value) > 65535;
ALTER TABLE ContextProperty
  MODIFY COLUMN string_value TEXT,
  DROP COLUMN byte_value;
ALTER TABLE EventPath DROP INDEX idx_eventpath_event_id;
