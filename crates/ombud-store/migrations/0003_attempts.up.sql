-- Tries that may be made only so often: codes, identifications. A row lives as long as it counts.

CREATE TABLE attempts (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    tries BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject)
);

CREATE INDEX attempts_until ON attempts (tenant, until_us);
