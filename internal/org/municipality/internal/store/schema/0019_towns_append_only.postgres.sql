-- What a town was said to be stays as it was, also for the program itself.
CREATE FUNCTION town_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'towns are append-only'; END $$;
CREATE TRIGGER town_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON town FOR EACH STATEMENT EXECUTE FUNCTION town_append_only();
