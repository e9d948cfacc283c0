-- The day on which the ground of a revocation of many arose, as its proposer says; empty: it was proposed before one was asked for.
ALTER TABLE mass ADD COLUMN since TEXT NOT NULL DEFAULT '';
-- What the count is at: choose, late (what was committed behind its back), digest; and the moment up to which certificates were issued
-- that are in the set, 0 before it is known.
ALTER TABLE mass ADD COLUMN step TEXT NOT NULL DEFAULT 'choose';
ALTER TABLE mass ADD COLUMN cut_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX certificate_intended ON certificate(intended_at);
