-- +goose Up

-- What one party was asked for in vain: a caller that asks again and again
-- guesses a code, or annoys somebody.
CREATE INDEX transactions_vain ON transactions (party, claimed_at)
    WHERE effect = 'collects' AND state IN ('failed', 'expired', 'cancelled');
