-- A name is found by its key with every character replaced by the one that stands for its variants (match.Key), as at the center. The keys of
-- rows that are there are made anew at the next start: until then they are empty.
UPDATE resident SET name_key = substr(name_key, 1, 0);
