-- Up to where a peer's messages were seen, so that both sides can speak of the same moment.
ALTER TABLE x_peer ADD COLUMN in_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE x_peer ADD COLUMN in_seq BIGINT NOT NULL DEFAULT 0;

-- The numbers before it that were not seen: the sender holds those messages back. They belong to no epoch, because
-- numbers go on through the epochs.
CREATE TABLE x_in_hole(
  peer TEXT NOT NULL, from_seq BIGINT NOT NULL, to_seq BIGINT NOT NULL,
  PRIMARY KEY(peer, from_seq)
);

UPDATE x_peer SET in_epoch = COALESCE((SELECT MAX(epoch) FROM x_in i WHERE i.peer = x_peer.peer), 0);
UPDATE x_peer SET in_seq = COALESCE((SELECT MAX(seq) FROM x_in i WHERE i.peer = x_peer.peer AND i.epoch = x_peer.in_epoch), 0);
INSERT INTO x_in_hole(peer, from_seq, to_seq)
  SELECT s.peer, s.prior + 1, s.seq - 1 FROM (
    SELECT d.peer, d.seq, LAG(d.seq, 1, 0) OVER (PARTITION BY d.peer ORDER BY d.seq) AS prior
    FROM (SELECT DISTINCT i.peer, i.seq FROM x_in i JOIN x_peer p ON p.peer = i.peer WHERE i.seq <= p.in_seq) AS d) AS s
  WHERE s.seq > s.prior + 1;
