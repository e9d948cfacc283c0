-- What a town was said to be stays as it was, also for the program itself.
CREATE TRIGGER town_no_update BEFORE UPDATE ON town BEGIN SELECT RAISE(ABORT, 'towns are append-only'); END;
CREATE TRIGGER town_no_delete BEFORE DELETE ON town BEGIN SELECT RAISE(ABORT, 'towns are append-only'); END;
