-- A place that was entered stays as it was, also for the program itself.
CREATE FUNCTION household_place_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'places in a household are append-only'; END $$;
CREATE TRIGGER household_place_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON household_place FOR EACH STATEMENT EXECUTE FUNCTION household_place_append_only();
