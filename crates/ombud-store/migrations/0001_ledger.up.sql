-- The ledger. One script for SQLite and PostgreSQL: TEXT, BIGINT, DOUBLE PRECISION and BYTEA only, the tenant first in every key.

CREATE TABLE ledger_heads (
    tenant TEXT NOT NULL,
    position BIGINT NOT NULL,
    outbox_id BIGINT NOT NULL,
    PRIMARY KEY (tenant)
);

CREATE TABLE events (
    tenant TEXT NOT NULL,
    position BIGINT NOT NULL,
    stream_kind TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, stream_kind, stream_id, version)
);

CREATE TABLE outbox (
    tenant TEXT NOT NULL,
    id BIGINT NOT NULL,
    topic TEXT NOT NULL,
    content TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE replies (
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    response TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, key)
);

CREATE TABLE projections (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE inbox (
    tenant TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    status TEXT NOT NULL,
    customer_id TEXT,
    customer_name TEXT,
    reason_code TEXT,
    summary TEXT,
    priority TEXT NOT NULL,
    waiting_since_us BIGINT,
    assignee TEXT,
    locale TEXT NOT NULL,
    last_message TEXT NOT NULL,
    position BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    list_rank BIGINT NOT NULL,
    list_order_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, conversation_id)
);

CREATE INDEX inbox_list ON inbox (tenant, list_rank, list_order_us, conversation_id);
CREATE INDEX inbox_list_of_status ON inbox (tenant, status, list_rank, list_order_us, conversation_id);
