-- What a body is given 本人確認情報 for (提供・利用する事務). A row never changes what it permits: another body, other items are another row.
CREATE TABLE provision_use(
  number BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,               -- the work: 旅券の発給
  body TEXT NOT NULL,               -- who is given: 旅券センター
  law TEXT NOT NULL,                -- article and table
  purpose TEXT NOT NULL,            -- look.Purpose of what is given under it
  items BIGINT NOT NULL,            -- bits of Items
  staff TEXT NOT NULL,              -- identifiers of the persons of the body who ask, a blank between
  begins TEXT NOT NULL,             -- the first day on which it holds
  ends TEXT NOT NULL,               -- the last one; '' : until it is ended
  state TEXT NOT NULL,              -- waiting, approved, refused, ended
  proposed_by TEXT NOT NULL, proposed_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL, decided_at BIGINT NOT NULL, -- '' and the year 1: nobody has
  ended_by TEXT NOT NULL, ended_at BIGINT NOT NULL, why TEXT NOT NULL -- of a refusal or an end
);

-- Each provision: who was given what about whom, under which use. At the law's word they are counted each year (法30条の11⑥).
CREATE TABLE provision(
  at BIGINT NOT NULL, seq BIGINT NOT NULL,
  day TEXT NOT NULL,                -- in Japan
  use_number BIGINT NOT NULL,
  operator TEXT NOT NULL,
  case_ref TEXT NOT NULL,
  subject TEXT NOT NULL,            -- record code
  municipality TEXT NOT NULL,       -- of the record, as it was then
  items BIGINT NOT NULL,
  way TEXT NOT NULL,                -- code, attributes, file
  PRIMARY KEY(at, seq)
);
CREATE INDEX provision_day ON provision(day, use_number, municipality);
CREATE INDEX provision_subject ON provision(subject, at);
