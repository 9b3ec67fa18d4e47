-- Which keys the ledger is sealed with, who is not erased for now, and which conversations are a customer's.

CREATE TABLE vault_homes (
    id TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE holds (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject)
);

-- A projection. A conversation stays a customer's when it is somebody else's later: what he wrote is still in it.
CREATE TABLE subjects (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    PRIMARY KEY (tenant, subject, conversation_id)
);

-- The inbox is read again from the ledger, so that the table above is whole.
DELETE FROM inbox_2;
DELETE FROM projections WHERE name = 'inbox_2';
