-- Where somebody stands in a household, when that changed without anything that the prefecture is told of (世帯変更, 法25条): added
-- to the version of the record that the person had then, and never changed (0007). The next version takes it over.
CREATE TABLE household_place(
  person BIGINT NOT NULL, seq BIGINT NOT NULL, -- 1, 2, … of the person
  version BIGINT NOT NULL,                     -- of the record at the time
  household TEXT NOT NULL, relation TEXT NOT NULL,
  event TEXT NOT NULL, arose TEXT NOT NULL, basis TEXT NOT NULL,
  entered_at BIGINT NOT NULL, entered_by TEXT NOT NULL, trace TEXT NOT NULL,
  PRIMARY KEY(person, seq)
);
-- The place that stands instead of what the version says; 0: the version's own.
ALTER TABLE resident ADD COLUMN placed BIGINT NOT NULL DEFAULT 0;

-- Households that people live in and that have no head: somebody has to ask them who it is.
CREATE TABLE headless_household(
  household TEXT NOT NULL PRIMARY KEY,
  opened_at BIGINT NOT NULL,
  owner TEXT NOT NULL,                         -- who has to see to it
  person BIGINT NOT NULL,                      -- the head that is gone
  trace TEXT NOT NULL                          -- of what left it so
);
