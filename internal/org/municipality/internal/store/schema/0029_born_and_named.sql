-- Whoever is looked for by name or reading is almost always looked for by the birth too. An index that has all three finds the one or two
-- people meant: of a million, some thirty have the same birthday, and each of them was read to be compared.
DROP INDEX resident_birth;
CREATE INDEX resident_born ON resident(birth, name_key, kana_key);
