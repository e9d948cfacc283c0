-- What the receiver's rule writes for each message.
CREATE TABLE effect(n BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL);

-- What the exchange is measured beside: the same bytes, inserted and nothing else.
CREATE TABLE bare(stream TEXT NOT NULL, seq BIGINT NOT NULL, payload BYTEA NOT NULL, PRIMARY KEY(stream, seq));
