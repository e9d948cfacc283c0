-- What one operator has proposed about a finding of the duplicate check (重複の点検), until another one confirms it.
CREATE TABLE duplicate_word(
  item TEXT NOT NULL, rule TEXT NOT NULL, found_at BIGINT NOT NULL, -- the finding
  proposed_by TEXT NOT NULL, proposed_at BIGINT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY(item, rule, found_at)
);
