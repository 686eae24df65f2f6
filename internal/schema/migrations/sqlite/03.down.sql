-- Contexts are lost.

DROP TABLE ContextProperty;
DROP TABLE Context;
