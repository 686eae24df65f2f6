-- What contexts hold is lost.

DROP TABLE IF EXISTS Association;
DROP TABLE IF EXISTS Attribution;
