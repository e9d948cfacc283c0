-- One row for each search for a person that was answered, for the statistics: how many, by whom and for what. Who was found is in the looks.
CREATE TABLE inquiry(
  at BIGINT NOT NULL, seq BIGINT NOT NULL,
  operator TEXT NOT NULL,
  purpose TEXT NOT NULL,            -- look.Purpose
  way TEXT NOT NULL,                -- code, attributes
  shown BIGINT NOT NULL,            -- how many were shown
  withheld BIGINT NOT NULL,         -- how many were found and not shown
  PRIMARY KEY(at, seq)
);
