-- A document that was handed over and declared void afterwards (無効・回収); its ending is then recalled, and recovered when the paper is back.
ALTER TABLE document ADD COLUMN recalled_at BIGINT NOT NULL DEFAULT 0;   -- 0: it was not
ALTER TABLE document ADD COLUMN recalled_by TEXT NOT NULL DEFAULT '';    -- the operator at the counter
ALTER TABLE document ADD COLUMN recovered_at BIGINT NOT NULL DEFAULT 0;  -- 0: it is not back
ALTER TABLE document ADD COLUMN recovered_by TEXT NOT NULL DEFAULT '';
