DROP TABLE inbox;
DROP TABLE projections;
DROP TABLE replies;
DROP TABLE outbox;
DROP TABLE events;
DROP TABLE ledger_heads;
