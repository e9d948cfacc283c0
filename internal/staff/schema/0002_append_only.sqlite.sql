-- What is written stays written, also for the program itself.
CREATE TRIGGER staff_history_no_update BEFORE UPDATE ON staff_history BEGIN SELECT RAISE(ABORT, 'staff_history is append-only'); END;
CREATE TRIGGER staff_history_no_delete BEFORE DELETE ON staff_history BEGIN SELECT RAISE(ABORT, 'staff_history is append-only'); END;
