-- Each close (日締め) of a day that the counter has told, and where our own records were others.
CREATE TABLE day(
  day TEXT NOT NULL, version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  by_whom TEXT NOT NULL,               -- the operator at the counter; empty: it closed the day by itself
  lines BIGINT NOT NULL,
  differences BIGINT NOT NULL,
  PRIMARY KEY(day, version)
);
-- On which day of the counter a request was told to have been taken: around midnight that may be the day before the one on which it was asked here.
ALTER TABLE request ADD COLUMN closed_day TEXT NOT NULL DEFAULT '';
