-- A check that was recorded stays as it was, also for the program itself.
CREATE TRIGGER identity_check_no_update BEFORE UPDATE ON identity_check BEGIN SELECT RAISE(ABORT, 'checks of identity are append-only'); END;
CREATE TRIGGER identity_check_no_delete BEFORE DELETE ON identity_check BEGIN SELECT RAISE(ABORT, 'checks of identity are append-only'); END;
