-- Each version of each owner's flag, as a fact. A person is protected while the last version of any owner has not ended.
-- Nobody needs to be known here: a flag may come before the record.
CREATE TABLE protection_flag(
  code TEXT NOT NULL, owner TEXT NOT NULL, version BIGINT NOT NULL,
  measure TEXT NOT NULL,
  state TEXT NOT NULL,              -- provisional, in-force
  until_day TEXT NOT NULL,          -- the last day of the term; empty while provisional
  told_by TEXT NOT NULL,            -- the peer that told of it; empty: we are the owner
  at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,         -- 0: this version has not ended
  PRIMARY KEY(code, owner, version)
);
CREATE INDEX protection_flag_told ON protection_flag(told_by, code, owner, version);

-- Whom we tell of which owner's flag, beside whoever is above us.
CREATE TABLE protection_reach(
  peer TEXT NOT NULL, code TEXT NOT NULL, owner TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY(peer, code, owner)
);
CREATE INDEX protection_reach_flag ON protection_reach(code, owner);

-- Where somebody's record was before it went elsewhere: a flag goes there too.
CREATE TABLE protection_place(
  code TEXT NOT NULL, municipality TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY(code, municipality)
);

-- What two persons at its source have had taken out here.
CREATE TABLE protection_struck(
  id BIGINT NOT NULL PRIMARY KEY,
  struck_at BIGINT NOT NULL, case_ref TEXT NOT NULL,
  code TEXT NOT NULL, owner TEXT NOT NULL, version TEXT NOT NULL,
  measure TEXT NOT NULL, state TEXT NOT NULL, until_day TEXT NOT NULL, told_by TEXT NOT NULL, at BIGINT NOT NULL, ended_at BIGINT NOT NULL
);

-- The owner's measures (措置), and who is protected by them.
CREATE TABLE protection_measure(
  measure TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,              -- provisional, in-force
  until_day TEXT NOT NULL,
  applied_on TEXT NOT NULL,
  applied_at BIGINT NOT NULL, applied_by TEXT NOT NULL,
  places TEXT NOT NULL,             -- municipalities that the applicant named, by code, with blanks between them
  taken_over TEXT NOT NULL,         -- the municipality whose flag this one goes on from; empty: none
  trace TEXT NOT NULL
);
CREATE TABLE protection_member(
  measure TEXT NOT NULL, holder TEXT NOT NULL, -- holder: how the owner's register names the person
  applicant BOOLEAN NOT NULL,
  PRIMARY KEY(measure, holder)
);
CREATE INDEX protection_member_holder ON protection_member(holder);

-- Releases (一時解除): one person, one clerk, one purpose.
CREATE TABLE protection_release(
  id BIGINT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  purpose TEXT NOT NULL,            -- look, document
  reason TEXT NOT NULL,
  asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL, decided_at BIGINT NOT NULL,
  state TEXT NOT NULL,              -- asked, granted, refused, open, over
  expires_at BIGINT NOT NULL,
  used_for TEXT NOT NULL            -- the document that was issued on it; empty: none
);
CREATE INDEX protection_release_holder ON protection_release(holder, asked_by, state);
CREATE INDEX protection_release_state ON protection_release(state, asked_at);

-- Lists of measures to end, and what became of each line.
CREATE TABLE protection_list(
  id BIGINT NOT NULL PRIMARY KEY,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL, made_at BIGINT NOT NULL,
  applied_by TEXT NOT NULL, applied_at BIGINT NOT NULL
);
CREATE TABLE protection_line(
  list BIGINT NOT NULL, line BIGINT NOT NULL,
  measure TEXT NOT NULL, holder TEXT NOT NULL,
  code TEXT NOT NULL, version BIGINT NOT NULL, -- what the list was made from
  outcome TEXT NOT NULL,            -- waiting, ended, changed
  PRIMARY KEY(list, line)
);
