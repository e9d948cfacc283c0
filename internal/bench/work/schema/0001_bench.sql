-- The sender's business: what is written with each message, in one transaction.
CREATE TABLE business(n BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL);

-- The receiver's: what its rule writes for each message.
CREATE TABLE effect(n BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL);

-- What both are measured beside: rows of a message's bytes, inserted and nothing else.
CREATE TABLE bare(stream TEXT NOT NULL, seq BIGINT NOT NULL, payload BYTEA NOT NULL, PRIMARY KEY(stream, seq));
