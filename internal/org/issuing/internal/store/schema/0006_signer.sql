-- Which version of the program drew a document for good, signed it and judged it, in one go. Where several nodes share a database it need not be the one that decided.
ALTER TABLE document ADD COLUMN signer TEXT NOT NULL DEFAULT ''; -- empty: an older program, or it is not signed
