-- Several CAs. Which one told of a certificate: what is demanded of it goes there.
ALTER TABLE certificate ADD COLUMN told_by TEXT NOT NULL DEFAULT 'ca';
CREATE INDEX certificate_told ON certificate(told_by, serial);

-- What each CA was told: two may have been told to end what one holder has, under the same key.
CREATE TABLE demanded(
  peer TEXT NOT NULL,               -- the CA
  key TEXT NOT NULL,                -- as message.CertRevocation.Entries names it
  serial TEXT NOT NULL,             -- '' when the holder alone is named
  code TEXT NOT NULL,               -- as the CA knows the holder
  profile TEXT NOT NULL,
  version BIGINT NOT NULL,          -- of the record, that made it so
  ended TEXT NOT NULL,              -- the reason that the CRL gives; '' of old rows: as follows from the change
  reason TEXT NOT NULL,             -- of the change; '' when none led to it
  since TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY(peer, key)
);
INSERT INTO demanded(peer, key, serial, code, profile, version, ended, reason, since, at)
  SELECT 'ca', key, serial, code, profile, version, '', reason, since, at FROM demand;
DROP TABLE demand;
ALTER TABLE demanded RENAME TO demand;

-- What holders have reported at a counter (失効申請・届出): facts. They end also what we are told of later and was issued before.
CREATE TABLE report(
  code TEXT NOT NULL,               -- as the municipality named the holder
  profile TEXT NOT NULL,
  serial TEXT NOT NULL,             -- '' : all that was issued until the report
  at BIGINT NOT NULL,               -- when the counter took it
  told_by TEXT NOT NULL,
  holder TEXT NOT NULL,             -- the holder's present code
  version BIGINT NOT NULL, reason TEXT NOT NULL, since TEXT NOT NULL,
  noted_at BIGINT NOT NULL,
  PRIMARY KEY(code, profile, serial, at, told_by)
);
CREATE INDEX report_holder ON report(holder, profile);
