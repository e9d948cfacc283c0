-- A place that was entered stays as it was, also for the program itself.
CREATE TRIGGER household_place_no_update BEFORE UPDATE ON household_place BEGIN SELECT RAISE(ABORT, 'places in a household are append-only'); END;
CREATE TRIGGER household_place_no_delete BEFORE DELETE ON household_place BEGIN SELECT RAISE(ABORT, 'places in a household are append-only'); END;
