-- Partners are told of findings where they are opened and closed (until now: of problems of records, which are findings
-- too). What is of no company is nobody's who listens.
DROP TRIGGER problem_is_heard ON ledger_problem;
DROP TRIGGER cure_is_heard ON ledger_problem;
DROP FUNCTION health_hear_problems;

CREATE FUNCTION health_hear_findings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM health_webhookendpoint) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM health_note('finding.opened', array_agg(company_id), array_agg(id))
        FROM fresh WHERE company_id IS NOT NULL;
    ELSE
        PERFORM health_note('finding.resolved', array_agg(fresh.company_id), array_agg(fresh.id))
        FROM fresh JOIN former USING (id)
        WHERE fresh.company_id IS NOT NULL AND former.resolved_at IS NULL AND fresh.resolved_at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER finding_is_heard AFTER INSERT ON health_finding
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_findings();
CREATE TRIGGER finding_end_is_heard AFTER UPDATE ON health_finding
    REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_hear_findings();

-- What was heard of problems and not told yet is of no finding.
DELETE FROM health_heard WHERE kind IN ('finding.opened', 'finding.resolved');
