-- A version that was entered stays as it was, also for the program itself.
CREATE TRIGGER record_version_no_update BEFORE UPDATE ON record_version BEGIN SELECT RAISE(ABORT, 'versions of a record are append-only'); END;
CREATE TRIGGER record_version_no_delete BEFORE DELETE ON record_version BEGIN SELECT RAISE(ABORT, 'versions of a record are append-only'); END;
