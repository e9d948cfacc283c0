-- What was told before a younger certificate of another CA, or under another code, ended the older one: to be gone through once.
CREATE TABLE unsettled(after TEXT NOT NULL PRIMARY KEY); -- the last serial that was gone through
INSERT INTO unsettled(after) SELECT '' WHERE EXISTS (SELECT 1 FROM certificate);
