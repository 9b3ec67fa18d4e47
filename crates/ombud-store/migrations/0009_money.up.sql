-- What actions have moved: double entries, written with the commit of the intent and of its outcome, and never changed. An account is a name of the
-- pack's chart and the record it is kept for.

CREATE TABLE postings (
    tenant TEXT NOT NULL,
    number BIGINT NOT NULL,
    intent_id TEXT NOT NULL,
    line BIGINT NOT NULL,
    phase TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    action TEXT NOT NULL,
    debit TEXT NOT NULL,
    debit_of TEXT NOT NULL,
    credit TEXT NOT NULL,
    credit_of TEXT NOT NULL,
    currency TEXT NOT NULL,
    minor BIGINT NOT NULL CHECK (minor > 0),
    reference TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, number),
    UNIQUE (tenant, intent_id, line, phase),
    CHECK (debit <> credit OR debit_of <> credit_of)
);

CREATE INDEX postings_of_debit ON postings (tenant, debit, debit_of, currency);
CREATE INDEX postings_of_credit ON postings (tenant, credit, credit_of, currency);
CREATE INDEX postings_of_customer ON postings (tenant, customer_id, number);
