DROP TABLE shreddings;
DROP TABLE merkle_entries;
DROP TABLE merkle_tiles;
DROP TABLE merkle_logs;
