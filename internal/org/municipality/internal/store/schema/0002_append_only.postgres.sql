-- A version that was entered stays as it was, also for the program itself.
CREATE FUNCTION record_version_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'versions of a record are append-only'; END $$;
CREATE TRIGGER record_version_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON record_version FOR EACH STATEMENT EXECUTE FUNCTION record_version_append_only();
