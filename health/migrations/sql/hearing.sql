-- What partners may want to be told of is heard where it happens: by triggers that see a statement as a whole and, in
-- its transaction, note which rows it was about. So nothing is told of that was rolled back, nothing is missed that
-- committed late, and whoever wrote the row knows nothing of partners' endpoints.
--
-- Without endpoints a statement pays for one look at an empty table. A function keeps its plans for the life of a
-- connection, made when tables may have been small: so seq scans are off where companies are looked up.

CREATE FUNCTION health_is_wanted(event_type text, partner bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM health_webhookendpoint endpoint
        WHERE endpoint.partner_id = partner
            AND (event_type IS NULL OR endpoint.event_types = '{}' OR event_type = ANY (endpoint.event_types)))
$$;

-- Which audit codes are events is known above (health/webhooks/event_types.py); what is none is dropped there.
CREATE FUNCTION health_hear_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM health_webhookendpoint) THEN
        RETURN NULL;
    END IF;
    INSERT INTO health_heard (company_id, kind, row_id, at)
    SELECT fresh.company_id, 'audit', fresh.id, clock_timestamp() FROM fresh
    WHERE fresh.company_id IS NOT NULL AND health_is_wanted(NULL, fresh.partner_id) ORDER BY fresh.id;
    RETURN NULL;
END $$;

CREATE FUNCTION health_hear_sync() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM health_webhookendpoint) THEN
        RETURN NULL;
    END IF;
    INSERT INTO health_heard (company_id, kind, row_id, at)
    SELECT company.id, 'sync.started', fresh.id, clock_timestamp()
    FROM fresh JOIN ledger_company company ON company.id = fresh.company_id
    WHERE health_is_wanted('sync.started', company.partner_id) ORDER BY fresh.id;
    RETURN NULL;
END $$;

-- The other tables change by the thousand, nearly always of one company: it is asked about once.
CREATE FUNCTION health_note(event_type text, companies bigint[], ids bigint[]) RETURNS void LANGUAGE sql
SET enable_seqscan = off AS $$
    WITH wanted AS MATERIALIZED (
        SELECT id FROM ledger_company
        WHERE id IN (SELECT DISTINCT unnest(companies)) AND health_is_wanted(event_type, partner_id)
    )
    INSERT INTO health_heard (company_id, kind, row_id, at)
    SELECT wanted.id, event_type, changed.id, clock_timestamp()
    FROM unnest(companies, ids) AS changed(company_id, id) JOIN wanted ON wanted.id = changed.company_id
    ORDER BY changed.id
$$;

CREATE FUNCTION health_hear_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM health_webhookendpoint) THEN
        PERFORM health_note('document.pushed', array_agg(fresh.company_id), array_agg(fresh.id))
        FROM fresh JOIN former USING (id) WHERE former.pushed_at IS NULL AND fresh.pushed_at IS NOT NULL;
        PERFORM health_note('document.voided', array_agg(fresh.company_id), array_agg(fresh.id))
        FROM fresh JOIN former USING (id) WHERE former.voided_at IS NULL AND fresh.voided_at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION health_hear_refusals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM health_webhookendpoint) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM health_note('document.refused', array_agg(company_id), array_agg(document_id))
        FROM fresh WHERE state = 'refused';
    ELSE
        PERFORM health_note('document.refused', array_agg(fresh.company_id), array_agg(fresh.document_id))
        FROM fresh JOIN former USING (document_id) WHERE fresh.state = 'refused' AND former.state <> 'refused';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION health_hear_problems() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM health_webhookendpoint) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM health_note('finding.opened', array_agg(company_id), array_agg(id)) FROM fresh;
    ELSE
        PERFORM health_note('finding.resolved', array_agg(fresh.company_id), array_agg(fresh.id))
        FROM fresh JOIN former USING (id) WHERE former.resolved_at IS NULL AND fresh.resolved_at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_is_heard AFTER INSERT ON ledger_auditentry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_audit();
CREATE TRIGGER sync_is_heard AFTER INSERT ON commerce_sync_sync
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_sync();
CREATE TRIGGER document_is_heard AFTER UPDATE ON ledger_document
    REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_documents();
CREATE TRIGGER refusal_is_heard AFTER INSERT ON connectors_pushitem
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_refusals();
CREATE TRIGGER later_refusal_is_heard AFTER UPDATE ON connectors_pushitem
    REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_refusals();
CREATE TRIGGER problem_is_heard AFTER INSERT ON ledger_problem
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_problems();
CREATE TRIGGER cure_is_heard AFTER UPDATE ON ledger_problem
    REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_problems();
