-- A check that was recorded stays as it was, also for the program itself.
CREATE FUNCTION identity_check_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'checks of identity are append-only'; END $$;
CREATE TRIGGER identity_check_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_check FOR EACH STATEMENT EXECUTE FUNCTION identity_check_append_only();
