-- The business that keeps the book's entries in its transactions, or keeps none.
CREATE TABLE business(n BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL);
