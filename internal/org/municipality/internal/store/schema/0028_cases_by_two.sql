-- A case about a paper is closed by two persons: one says what became of the paper, with the proof, and another confirms it. What was closed before, by
-- one, stays closed and is told apart by having no fate; what is open waits for a proposal.
ALTER TABLE document_case ADD COLUMN fate TEXT NOT NULL DEFAULT '';          -- citizen, counter, recovered, destroyed, never; empty: not said
ALTER TABLE document_case ADD COLUMN proposed_at BIGINT NOT NULL DEFAULT 0;  -- 0: nobody has
ALTER TABLE document_case ADD COLUMN proposed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE document_case ADD COLUMN credential TEXT NOT NULL DEFAULT '';    -- of who proposed
