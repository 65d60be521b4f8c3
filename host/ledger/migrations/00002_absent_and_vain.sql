-- +goose Up

-- What one party was asked for in vain: a caller that asks again and again
-- guesses a code, or annoys somebody.
CREATE INDEX transactions_vain ON transactions (party, claimed_at)
    WHERE effect = 'collects' AND state IN ('failed', 'expired', 'cancelled');

-- Whose account at the provider it was begun with, as a keyed hash: what the
-- provider knows nothing of may be another account's.
ALTER TABLE transactions ADD COLUMN account TEXT NOT NULL DEFAULT '';

-- What the provider says was never created is asked for too.
DROP INDEX transactions_open;
CREATE INDEX transactions_open ON transactions (state) WHERE state IN ('claimed', 'sent', 'pending', 'unknown', 'absent');
