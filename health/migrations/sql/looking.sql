-- Whoever changes what the watches look at leaves a row for them, in the same transaction: so what was rolled back is
-- not looked at, and what committed late is. One row per company and statement; triggers see statements as a whole.

CREATE FUNCTION health_look_at_companies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health_lookout (company_id, at)
    SELECT DISTINCT fresh.company_id, clock_timestamp() FROM fresh;
    RETURN NULL;
END $$;

-- A sync that begins is nothing to look at yet.
CREATE FUNCTION health_look_at_syncs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health_lookout (company_id, at)
    SELECT DISTINCT fresh.company_id, clock_timestamp()
    FROM fresh JOIN former USING (id) WHERE fresh.finished_at IS NOT NULL AND former.finished_at IS NULL;
    RETURN NULL;
END $$;

-- A finding is never deleted, and neither is what people said of it.
CREATE FUNCTION health_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER sync_end_is_looked_at AFTER UPDATE ON commerce_sync_sync
    REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_look_at_syncs();
CREATE TRIGGER problem_is_looked_at AFTER INSERT ON ledger_problem
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_look_at_companies();
CREATE TRIGGER cure_is_looked_at AFTER UPDATE ON ledger_problem
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_look_at_companies();
CREATE TRIGGER connection_is_looked_at AFTER UPDATE ON connectors_connection
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_look_at_companies();
CREATE TRIGGER book_is_looked_at AFTER INSERT ON ledger_bookversion
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_look_at_companies();
CREATE TRIGGER finding_is_kept BEFORE DELETE ON health_finding FOR EACH ROW EXECUTE FUNCTION health_is_kept();
CREATE TRIGGER finding_event_is_kept BEFORE UPDATE OR DELETE ON health_findingevent
    FOR EACH ROW EXECUTE FUNCTION health_is_kept();
