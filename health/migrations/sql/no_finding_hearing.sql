DROP TRIGGER finding_is_heard ON health_finding;
DROP TRIGGER finding_end_is_heard ON health_finding;
DROP FUNCTION health_hear_findings;
DELETE FROM health_heard WHERE kind IN ('finding.opened', 'finding.resolved');

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

CREATE TRIGGER problem_is_heard AFTER INSERT ON ledger_problem
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_problems();
CREATE TRIGGER cure_is_heard AFTER UPDATE ON ledger_problem
    REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_problems();
