-- A layer is either a seed (immutable once written) or a world lying over one seed. A world's row with the same
-- kind and id hides the seed's row, so that a new world and a reset cost nothing however large the seed is.
CREATE TABLE layers (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    base BIGINT NOT NULL,
    seed TEXT NOT NULL
);
CREATE TABLE records (
    layer BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (layer, kind, id)
);
CREATE TABLE record_keys (
    layer BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (layer, kind, name, value, id)
) WITHOUT ROWID;
CREATE INDEX record_keys_of_record ON record_keys (layer, kind, id);
CREATE TABLE counters (
    layer BIGINT NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (layer, name)
);
CREATE TABLE changes (
    layer BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at_micros BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (layer, seq)
);
CREATE TABLE idempotency (
    layer BIGINT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_micros BIGINT NOT NULL,
    PRIMARY KEY (layer, key)
);
