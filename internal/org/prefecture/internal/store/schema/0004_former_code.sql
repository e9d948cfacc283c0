-- Codes that residents had (住民票コードの変更), so that whoever is protected under one is protected under the present one.
CREATE TABLE former_code (
  code TEXT PRIMARY KEY,
  holder TEXT NOT NULL, -- the present code
  at BIGINT NOT NULL
);
CREATE INDEX former_code_of ON former_code(holder);
