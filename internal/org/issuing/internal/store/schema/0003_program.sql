-- Which version of the program decided about a request: of a fault of one version it can then be said which documents it concerns.
ALTER TABLE request ADD COLUMN program TEXT NOT NULL DEFAULT '';
