-- Contexts are lost.

DROP TABLE IF EXISTS ContextProperty;
DROP TABLE IF EXISTS Context;
