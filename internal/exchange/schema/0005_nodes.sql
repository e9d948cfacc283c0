-- Several nodes of an organisation may share these rows. What only one of them may do, or do after another, is decided here and not in their memory.
ALTER TABLE x_peer ADD COLUMN in_signed BIGINT NOT NULL DEFAULT 0; -- the last number that was given to a receipt of ours
UPDATE x_peer SET in_signed = COALESCE((SELECT MAX(number) FROM x_receipt r WHERE r.dir = 'in' AND r.peer = x_peer.peer), 0);
