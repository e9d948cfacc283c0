-- To which head (世帯主) somebody stood who has left a household: whoever comes back by a restoration or a cancelled move comes back to that
-- head, or says how they stand to the present one.
CREATE TABLE stood_to(
  person BIGINT NOT NULL,
  household TEXT NOT NULL,
  head BIGINT NOT NULL,      -- 0: the household had none
  PRIMARY KEY(person, household)
);
