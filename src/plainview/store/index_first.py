"""The tables of a day's index as the first release made them; later steps start from here."""

FIRST = (
    "CREATE TABLE packs (pack VARCHAR NOT NULL PRIMARY KEY, kind VARCHAR NOT NULL,"
    " camera VARCHAR NOT NULL, window VARCHAR NOT NULL, start_ms INTEGER NOT NULL,"
    " end_ms INTEGER NOT NULL, closed BOOLEAN NOT NULL)",
    "CREATE TABLE segments (camera VARCHAR NOT NULL, kind VARCHAR NOT NULL,"
    " window VARCHAR NOT NULL, seq INTEGER NOT NULL, start_ms INTEGER NOT NULL,"
    " end_ms INTEGER NOT NULL, wall_source VARCHAR NOT NULL, arrival_ms INTEGER NOT NULL,"
    ' pack VARCHAR NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL,'
    " cipher_sha256 VARCHAR NOT NULL, plain_sha256 VARCHAR NOT NULL, flags INTEGER NOT NULL,"
    " PRIMARY KEY (window, seq, pack))",
    "CREATE TABLE dropped (window VARCHAR NOT NULL PRIMARY KEY)",
    "CREATE INDEX ix_packs_window ON packs (window)",
    "CREATE INDEX segments_time ON segments (kind, camera, start_ms)",
)
