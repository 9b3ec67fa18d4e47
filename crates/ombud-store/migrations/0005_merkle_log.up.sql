-- The Merkle log over the events: written behind them by one sequencer, never by the turn. A tree in tiles of 256 hashes.

CREATE TABLE merkle_logs (
    tenant TEXT NOT NULL,
    size BIGINT NOT NULL,
    position BIGINT NOT NULL,
    shreddings BIGINT NOT NULL,
    holder TEXT NOT NULL,
    lease_until_us BIGINT NOT NULL,
    PRIMARY KEY (tenant)
);

CREATE TABLE merkle_tiles (
    tenant TEXT NOT NULL,
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (tenant, level, number)
);

-- What each leaf was made from: which event, salt and salted hash of its payload; 256 of them in a row.
CREATE TABLE merkle_entries (
    tenant TEXT NOT NULL,
    number BIGINT NOT NULL,
    after_position BIGINT NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (tenant, number)
);

CREATE INDEX merkle_entries_of_position ON merkle_entries (tenant, after_position, number);

-- Which event was overwritten, and the last event of the commit that did it; each becomes a leaf too.
CREATE TABLE shreddings (
    tenant TEXT NOT NULL,
    by_position BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (tenant, by_position, position)
);

CREATE INDEX shreddings_of_event ON shreddings (tenant, position);
