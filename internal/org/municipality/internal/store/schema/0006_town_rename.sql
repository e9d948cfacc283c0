-- Towns and streets (町字) that were given another name, as one operation for all who live there.
CREATE TABLE town_rename(
  id BIGINT NOT NULL PRIMARY KEY,
  municipality TEXT NOT NULL,          -- whose towns: the municipality, or the ward of a designated city
  old_name TEXT NOT NULL, new_name TEXT NOT NULL, -- without prefecture and municipality
  day TEXT NOT NULL,                   -- from which the new name holds
  basis TEXT NOT NULL,
  state TEXT NOT NULL,                 -- counting, counted, confirmed, spread, dropped
  place BIGINT NOT NULL,               -- the last person that was looked at
  found BIGINT NOT NULL,               -- who live there, by the count before the second person decided
  given BIGINT NOT NULL,               -- who lived there on the day: an item of due each
  changed BIGINT NOT NULL,             -- of these, those whose record has the new name
  proposed_at BIGINT NOT NULL, proposed_by TEXT NOT NULL,
  decided_at BIGINT NOT NULL, decided_by TEXT NOT NULL,
  trace TEXT NOT NULL
);
CREATE INDEX town_rename_old ON town_rename(municipality, old_name);
