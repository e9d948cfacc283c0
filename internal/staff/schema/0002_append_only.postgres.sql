-- What is written stays written, also for the program itself.
CREATE FUNCTION staff_history_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'staff_history is append-only'; END $$;
CREATE TRIGGER staff_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON staff_history FOR EACH STATEMENT EXECUTE FUNCTION staff_history_append_only();
