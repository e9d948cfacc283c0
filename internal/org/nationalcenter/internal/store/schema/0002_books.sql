-- What the CA was told to revoke: facts, the center's side of the book of revocations. The methods of the store that take a
-- certificate for dead write the row.
CREATE TABLE demand(
  key TEXT NOT NULL PRIMARY KEY,    -- as message.CertRevocation.Entries names it
  serial TEXT NOT NULL,             -- '' when the holder alone is named
  code TEXT NOT NULL,               -- as the CA knows the holder
  profile TEXT NOT NULL,
  version BIGINT NOT NULL,          -- of the record, that made it so
  reason TEXT NOT NULL, since TEXT NOT NULL, -- of the change
  at BIGINT NOT NULL
);
-- What the CA was told before the table was there.
INSERT INTO demand(key, serial, code, profile, version, reason, since, at)
  SELECT c.serial, c.serial, c.code, c.profile, i.version, i.reason, i.since, c.revoked_at
  FROM certificate AS c JOIN invalidation AS i ON i.code = c.holder AND i.profile = c.profile WHERE c.revoked_at > 0;

-- Rows of the copy of certificates that the CA does not hold, or holds otherwise: taken out, and kept as evidence.
CREATE TABLE struck(
  id BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  case_ref TEXT NOT NULL,
  kind TEXT NOT NULL,
  body BYTEA NOT NULL               -- the message that the row came from, as far as it can be told
);
