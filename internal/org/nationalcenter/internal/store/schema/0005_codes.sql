-- What municipalities asked before they attached a record code to a registration (住民票コードを付けることへの同意), and what we signed.
CREATE TABLE attach_answer(
  asked_by TEXT NOT NULL,           -- organisation
  request TEXT NOT NULL,            -- its number for the question: the same one has the same answer
  code TEXT NOT NULL,
  person BYTEA NOT NULL,            -- hash of all that was asked about
  agreed BOOLEAN NOT NULL,
  why TEXT NOT NULL,                -- against it, as in the text
  version BIGINT NOT NULL,          -- that was held then; 0 for none
  at BIGINT NOT NULL, until BIGINT NOT NULL,
  text BYTEA NOT NULL,              -- what is signed
  signature BYTEA NOT NULL,         -- empty until it is
  certificate BYTEA NOT NULL,
  PRIMARY KEY(asked_by, request)
);
CREATE INDEX attach_code ON attach_answer(code, until) WHERE agreed;
CREATE INDEX attach_at ON attach_answer(at);

-- Individual numbers (個人番号): every one that was ever given, and to whom. A number is nobody else's, ever.
CREATE TABLE individual_number(
  number TEXT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,               -- the holder's present code; follows a change of code
  derived_from TEXT NOT NULL,       -- the code that it was derived from
  counter BIGINT NOT NULL,          -- which candidate of that code it is
  key_id TEXT NOT NULL,             -- which key derived it
  asked_by TEXT NOT NULL,           -- organisation
  at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL          -- 0: it is the holder's number now
);
CREATE UNIQUE INDEX individual_number_now ON individual_number(code) WHERE ended_at = 0;
CREATE INDEX individual_number_derived ON individual_number(derived_from, counter);
CREATE INDEX resident_number ON resident(number) WHERE number <> '';
