-- What was begun for customers in the last weeks, for limits and for policies that look back. Written with the intent's commit; a row goes when
-- its action turns out not to be done, or when it is too old for anybody to ask.

CREATE TABLE effects (
    tenant TEXT NOT NULL,
    intent_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    action TEXT NOT NULL,
    risk TEXT NOT NULL,
    market TEXT NOT NULL,
    currency TEXT,
    amount_minor BIGINT,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, intent_id)
);

CREATE INDEX effects_of_customer ON effects (tenant, customer_id, at_us);
CREATE INDEX effects_of_time ON effects (tenant, at_us);
