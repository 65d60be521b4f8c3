-- +goose Up

-- What is known of each reference. Times are milliseconds since 1970, amounts
-- are minor units of their currency. Parties and inputs are keyed hashes.
CREATE TABLE transactions (
    id          INTEGER PRIMARY KEY,
    provider    TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    reference   TEXT    NOT NULL,
    capability  TEXT    NOT NULL,
    effect      TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    currency    TEXT    NOT NULL,
    network     TEXT    NOT NULL,
    party       TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    refusal     TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    claimed_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (reference, provider, environment)
) STRICT;

-- What limits add up, all in the index, and what one party was paid, where
-- repeats are looked for too. Most changes of state touch neither.
CREATE INDEX transactions_spent ON transactions (provider, environment, effect, currency, claimed_at, amount)
    WHERE state NOT IN ('not_sent', 'failed', 'expired', 'cancelled');
CREATE INDEX transactions_party ON transactions (party, claimed_at)
    WHERE state NOT IN ('not_sent', 'failed', 'expired', 'cancelled');
-- What a crash left, and what is to be asked for.
CREATE INDEX transactions_open ON transactions (state) WHERE state IN ('claimed', 'sent', 'pending', 'unknown');
-- The newest first.
CREATE INDEX transactions_claimed ON transactions (claimed_at);

-- +goose StatementBegin
CREATE TRIGGER transactions_stay BEFORE DELETE ON transactions
BEGIN
    SELECT RAISE(ABORT, 'transactions are never deleted');
END;
-- +goose StatementEnd

-- What happened to each transaction. Rows are only ever added.
CREATE TABLE events (
    id             INTEGER PRIMARY KEY,
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    at             INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    detail         TEXT    NOT NULL
) STRICT;

CREATE INDEX events_transaction ON events (transaction_id);

-- +goose StatementBegin
CREATE TRIGGER events_once BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'events are never replaced');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_stay BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_last BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd

-- Questions about a reference, whoever began it.
CREATE TABLE questions (
    provider    TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    reference   TEXT    NOT NULL,
    first_at    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    asks        INTEGER NOT NULL,
    PRIMARY KEY (provider, environment, reference)
) STRICT, WITHOUT ROWID;

-- Payouts that wait for a human, and what the human said. The facts are
-- encrypted, and removed once the approval is decided.
CREATE TABLE approvals (
    id          TEXT    PRIMARY KEY,
    provider    TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    capability  TEXT    NOT NULL,
    reference   TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    facts       BLOB    NOT NULL,
    state       TEXT    NOT NULL,
    asked_at    INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL DEFAULT 0,
    decided_by  TEXT    NOT NULL DEFAULT '',
    channel     TEXT    NOT NULL DEFAULT '',
    used_at     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX approvals_digest ON approvals (digest, state);
CREATE INDEX approvals_waiting ON approvals (expires_at) WHERE state = 'waiting' AND facts <> x'';

-- Notices that a human has acknowledged, each in one version of its text.
CREATE TABLE acknowledgements (
    notice  TEXT    NOT NULL,
    version TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    channel TEXT    NOT NULL,
    PRIMARY KEY (notice, version)
) STRICT, WITHOUT ROWID;
