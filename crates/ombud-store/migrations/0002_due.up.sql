-- What is due without anybody writing: actions to ask about, silent customers, requests that wait for the company.
--
-- A table of its own and not columns of `inbox`: replicas of the release before go on writing that one, and what they write would lack the new
-- columns. It fills itself from the ledger; a later release drops `inbox`.

CREATE TABLE inbox_2 (
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
    recover_at_us BIGINT,
    silent_since_us BIGINT,
    parked BIGINT NOT NULL,
    list_rank BIGINT NOT NULL,
    list_order_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, conversation_id)
);

CREATE INDEX inbox_2_list ON inbox_2 (tenant, list_rank, list_order_us, conversation_id);
CREATE INDEX inbox_2_list_of_status ON inbox_2 (tenant, status, list_rank, list_order_us, conversation_id);
CREATE INDEX inbox_2_recoveries ON inbox_2 (tenant, recover_at_us) WHERE recover_at_us IS NOT NULL;
CREATE INDEX inbox_2_silences ON inbox_2 (tenant, silent_since_us) WHERE silent_since_us IS NOT NULL;
CREATE INDEX inbox_2_parked ON inbox_2 (tenant, customer_id) WHERE parked > 0;

CREATE TABLE cursors (
    tenant TEXT NOT NULL,
    feed TEXT NOT NULL,
    cursor TEXT NOT NULL,
    PRIMARY KEY (tenant, feed)
);

CREATE INDEX replies_by_age ON replies (tenant, at_us);
