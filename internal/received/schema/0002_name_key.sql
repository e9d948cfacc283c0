-- Under which texts a name and a common name (通称) are found (match.Key). '' is a row of which they have not been made yet, or are to be made anew.
ALTER TABLE resident ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE resident ADD COLUMN common_key TEXT NOT NULL DEFAULT '';
CREATE INDEX resident_name_key ON resident(name_key, birth);
CREATE INDEX resident_common_key ON resident(common_key, birth) WHERE common_key <> '';
CREATE INDEX resident_born ON resident(birth, code);
