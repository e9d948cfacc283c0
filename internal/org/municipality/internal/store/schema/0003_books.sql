-- What versions of records have killed, for the book of invalidations.
CREATE INDEX record_version_kills ON record_version(person, version) WHERE kills <> 0;
