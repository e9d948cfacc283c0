-- The master of towns and streets (町字マスター). A row says what a town is from a day on, until a row of a later day; of two for one day the later
-- version holds. Rows are only added.
CREATE TABLE town(
  municipality TEXT NOT NULL,          -- whose towns: the municipality, or the ward of a designated city
  town TEXT NOT NULL,                  -- 町字ID, 7 digits: 大字・町 4 and 丁目・小字 3
  version BIGINT NOT NULL,             -- of this town, from 1
  from_day TEXT NOT NULL,              -- from which it holds; empty: as long as anybody knows
  ended BOOLEAN NOT NULL,              -- from that day on it is no town; the names are those that it had
  oaza TEXT NOT NULL, chome TEXT NOT NULL, koaza TEXT NOT NULL,
  kana TEXT NOT NULL,
  blocks BOOLEAN NOT NULL,             -- 住居表示
  name_key BYTEA NOT NULL, kana_key BYTEA NOT NULL, -- by which it is found
  change BIGINT NOT NULL,              -- of town_change; 0: by a renaming
  rename BIGINT NOT NULL,              -- of town_rename; 0: not by one
  entered_at BIGINT NOT NULL,
  entered_by TEXT NOT NULL,            -- who confirmed it
  trace TEXT NOT NULL,
  PRIMARY KEY (municipality, town, version)
);
CREATE INDEX town_name ON town(municipality, name_key);
CREATE INDEX town_kana ON town(municipality, kana_key);
-- What is proposed for the master: a file, a town from a day on, the end of one. A second person decides.
CREATE TABLE town_change(
  id BIGINT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,                  -- import, add, end, found
  state TEXT NOT NULL,                 -- proposed, confirmed, dropped
  file TEXT NOT NULL,                  -- how the file was called
  added BIGINT NOT NULL, changed BIGINT NOT NULL, same BIGINT NOT NULL, rejected BIGINT NOT NULL, others BIGINT NOT NULL, -- rows; of others: other municipalities'
  proposed_at BIGINT NOT NULL, proposed_by TEXT NOT NULL,
  decided_at BIGINT NOT NULL, decided_by TEXT NOT NULL,
  trace TEXT NOT NULL
);
CREATE INDEX town_change_open ON town_change(id) WHERE state = 'proposed';
CREATE TABLE town_change_row(
  change BIGINT NOT NULL,
  line BIGINT NOT NULL,                -- of the file
  municipality TEXT NOT NULL, town TEXT NOT NULL,
  from_day TEXT NOT NULL, until_day TEXT NOT NULL, -- until: from which it is no town; empty: not known
  ended BOOLEAN NOT NULL,              -- only that it ends, on until_day
  oaza TEXT NOT NULL, chome TEXT NOT NULL, koaza TEXT NOT NULL, kana TEXT NOT NULL, blocks BOOLEAN NOT NULL,
  outcome TEXT NOT NULL,               -- added, changed, same, rejected
  raw TEXT NOT NULL,                   -- of a rejected one, the line
  why_ja TEXT NOT NULL, why_en TEXT NOT NULL,
  PRIMARY KEY (change, line)
);
ALTER TABLE town_rename ADD COLUMN kana TEXT NOT NULL DEFAULT ''; -- how the new name is read; empty: not said
