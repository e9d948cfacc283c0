-- What the conformance kit writes into when it tries the queue of writers.
CREATE TABLE rig(name TEXT NOT NULL PRIMARY KEY);
CREATE TABLE rig_of(name TEXT NOT NULL PRIMARY KEY, of TEXT NOT NULL REFERENCES rig(name));
