-- An invitation is good when a second administrator has confirmed it, or the machine.
ALTER TABLE staff_invitation ADD COLUMN made_with TEXT NOT NULL DEFAULT '';     -- the passkey of who made it
ALTER TABLE staff_invitation ADD COLUMN confirmed_by TEXT NOT NULL DEFAULT '';  -- empty: nobody yet
ALTER TABLE staff_invitation ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;
