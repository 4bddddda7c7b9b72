-- What else the watches look at, and rings only where it really changes: a condition on the row costs what a comparison
-- costs, and these tables are written by the thousand.

CREATE FUNCTION health_look_at_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health_lookout (company_id, at) VALUES (coalesce(NEW.company_id, OLD.company_id), clock_timestamp());
    RETURN NULL;
END $$;

CREATE FUNCTION health_look_at_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health_lookout (company_id, at)
    SELECT link.company_id, clock_timestamp() FROM connectors_connection link WHERE link.id = NEW.connection_id;
    RETURN NULL;
END $$;

-- Every company is known to the watches from its beginning, so that who comes next at night is found by an index.
CREATE FUNCTION health_watch_companies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health_watched (company_id, looked_at) SELECT fresh.id, clock_timestamp() FROM fresh
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER company_is_watched AFTER INSERT ON ledger_company
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_watch_companies();
CREATE TRIGGER new_connection_is_looked_at AFTER INSERT ON connectors_connection
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_look_at_companies();
CREATE TRIGGER pause_is_looked_at AFTER UPDATE OF paused_at, enabled ON commerce_sync_schedule FOR EACH ROW
    WHEN (OLD.paused_at IS DISTINCT FROM NEW.paused_at OR OLD.enabled <> NEW.enabled)
    EXECUTE FUNCTION health_look_at_company();
CREATE TRIGGER dead_job_is_looked_at AFTER INSERT ON commerce_sync_job FOR EACH ROW
    WHEN (NEW.state = 'dead') EXECUTE FUNCTION health_look_at_company();
CREATE TRIGGER removed_job_is_looked_at AFTER DELETE ON commerce_sync_job FOR EACH ROW
    WHEN (OLD.state = 'dead') EXECUTE FUNCTION health_look_at_company();
CREATE TRIGGER option_is_looked_at AFTER UPDATE OF active ON connectors_option FOR EACH ROW
    WHEN (OLD.active <> NEW.active) EXECUTE FUNCTION health_look_at_link();
CREATE TRIGGER account_is_looked_at AFTER UPDATE OF archived_at ON books_account FOR EACH ROW
    WHEN (OLD.archived_at IS DISTINCT FROM NEW.archived_at) EXECUTE FUNCTION health_look_at_link();
CREATE TRIGGER tax_rate_is_looked_at AFTER UPDATE OF archived_at ON books_tax_rate FOR EACH ROW
    WHEN (OLD.archived_at IS DISTINCT FROM NEW.archived_at) EXECUTE FUNCTION health_look_at_link();

-- Whoever was there before is looked at as one that is new: since it began.
INSERT INTO health_watched (company_id, looked_at) SELECT id, created_at FROM ledger_company
ON CONFLICT DO NOTHING;

-- Dead jobs stay among all work, and are few.
CREATE INDEX health_job_dead ON commerce_sync_job (company_id) WHERE state = 'dead';

-- Sales that were taken back, of which there are few: they may be what numbers are missing for.
CREATE INDEX health_record_gone ON ledger_record (source_id, received_at) WHERE deleted AND NOT superseded;
