-- What PostgreSQL itself refuses, whoever writes the rows. Each guard has a test that violates it.
--
-- A function keeps its plans for the life of a connection. One that was made when a table had ten rows would read all of
-- it when it has ten million: so they look up by key or array, and seq scans are off inside them.

-- A row of a table with this trigger never changes, except for the columns named as arguments, each of which may be
-- set once.
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    column_name text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% is append-only: a row was to be deleted', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF to_jsonb(OLD) - coalesce(TG_ARGV::text[], '{}') IS DISTINCT FROM to_jsonb(NEW) - coalesce(TG_ARGV::text[], '{}') THEN
        RAISE EXCEPTION '% is append-only: a row was to be changed', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    FOREACH column_name IN ARRAY coalesce(TG_ARGV::text[], '{}') LOOP
        -- The one that may move, and only forward: when a platform last said the same again.
        CONTINUE WHEN column_name = 'confirmed_at' AND (to_jsonb(OLD) ->> column_name IS NULL
            OR (to_jsonb(NEW) ->> column_name)::timestamptz >= (to_jsonb(OLD) ->> column_name)::timestamptz);
        IF to_jsonb(OLD) -> column_name NOT IN ('null'::jsonb, 'false'::jsonb)
           AND to_jsonb(OLD) -> column_name IS DISTINCT FROM to_jsonb(NEW) -> column_name THEN
            RAISE EXCEPTION '%.% is set once and stays', TG_TABLE_NAME, column_name
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

-- TRUNCATE goes past row triggers. Only a test database says that it may.
CREATE FUNCTION ledger_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('commerce_sync.allow_truncate', true), '') <> 'on' THEN
        RAISE EXCEPTION '% is append-only: it was to be truncated', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER record_is_immutable BEFORE UPDATE OR DELETE ON ledger_record
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change('superseded', 'confirmed_at');
CREATE TRIGGER posting_is_immutable BEFORE UPDATE OR DELETE ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change('withdrawn_at');
CREATE TRIGGER document_is_immutable BEFORE UPDATE OR DELETE ON ledger_document
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change('pushed_at', 'withdrawn_at');
CREATE TRIGGER document_line_is_immutable BEFORE UPDATE OR DELETE ON ledger_documentline
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
-- A log-in may be deleted; the author's name stays.
CREATE TRIGGER book_version_is_immutable BEFORE UPDATE ON ledger_bookversion
    FOR EACH ROW WHEN (to_jsonb(OLD) - 'user_id' IS DISTINCT FROM to_jsonb(NEW) - 'user_id' OR NEW.user_id IS NOT NULL)
    EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER book_version_is_kept BEFORE DELETE ON ledger_bookversion
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER standing_is_kept BEFORE DELETE ON ledger_standing
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON ledger_auditentry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

CREATE TRIGGER record_no_truncate BEFORE TRUNCATE ON ledger_record
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER posting_no_truncate BEFORE TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER document_no_truncate BEFORE TRUNCATE ON ledger_document
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER document_line_no_truncate BEFORE TRUNCATE ON ledger_documentline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER book_version_no_truncate BEFORE TRUNCATE ON ledger_bookversion
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER standing_no_truncate BEFORE TRUNCATE ON ledger_standing
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON ledger_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();

-- Debits equal credits, and there are some, when the transaction that made the document commits. Once per document and
-- not once per line: the latter is quadratic (2,000 lines took over a second).
CREATE FUNCTION ledger_document_balances() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    debits numeric;
    credits numeric;
BEGIN
    SELECT coalesce(sum(debit), 0), coalesce(sum(credit), 0) INTO debits, credits
        FROM ledger_documentline WHERE document_id = NEW.id;
    IF debits <> credits OR debits = 0 THEN
        RAISE EXCEPTION 'document % does not balance: debits %, credits %', NEW.reference, debits, credits
            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_balances';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER document_balances AFTER INSERT ON ledger_document
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_document_balances();

-- Lines that come later than their document's first ones leave it balanced too, statement by statement.
CREATE FUNCTION ledger_lines_balance() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    documents bigint[] := ARRAY(SELECT DISTINCT document_id FROM added);
    culprit bigint;
BEGIN
    SELECT line.document_id INTO culprit FROM ledger_documentline line
        WHERE line.document_id = ANY (documents)
        GROUP BY line.document_id HAVING coalesce(sum(debit), 0) <> coalesce(sum(credit), 0) LIMIT 1;
    IF culprit IS NOT NULL THEN
        RAISE EXCEPTION 'lines of document % do not balance', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_lines_balance';
    END IF;
    SELECT document.id INTO culprit FROM ledger_document document
        WHERE document.id = ANY (documents) AND document.pushed_at IS NOT NULL LIMIT 1;
    IF culprit IS NOT NULL THEN
        RAISE EXCEPTION 'document % is at the platform: it takes no more lines', culprit
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'document_takes_no_more_lines';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER document_lines_balance AFTER INSERT ON ledger_documentline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_lines_balance();

-- Every version of a record stands somewhere from the moment it is stored: none can be forgotten. This is also where a
-- record's source and a standing's record and company are held to exist: set by set, not row by row. None of them can
-- go again: records and standings refuse to be deleted, and so does a source (below).
CREATE FUNCTION ledger_record_stands() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    own record;
BEGIN
    FOR own IN SELECT DISTINCT source_id FROM added LOOP
        INSERT INTO ledger_standing (record_id, round, company_id, happened_at, state)
            SELECT added.id, 0, source.company_id, added.happened_at, 0
            FROM added CROSS JOIN (SELECT company_id FROM ledger_source WHERE id = own.source_id FOR KEY SHARE) source
            WHERE added.source_id = own.source_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no source %', own.source_id
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'record_has_source';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER record_stands AFTER INSERT ON ledger_record
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_record_stands();

CREATE TRIGGER source_stays BEFORE DELETE ON ledger_source
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

-- The postings that a statement names exist; the rest of a standing was copied from rows that do.
CREATE FUNCTION ledger_standing_names_postings() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    named bigint[] := ARRAY(
        SELECT posting_id FROM moved WHERE posting_id IS NOT NULL
        UNION SELECT left_by_id FROM moved WHERE left_by_id IS NOT NULL);
BEGIN
    IF (SELECT count(*) FROM ledger_posting WHERE id = ANY (named)) <> cardinality(named) THEN
        RAISE EXCEPTION 'a standing names a posting that does not exist'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'standing_names_posting';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER standing_names_postings AFTER UPDATE ON ledger_standing
    REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION ledger_standing_names_postings();

-- One version of a record is in the books at a time, and never one that a newer version has overtaken. First versions
-- that are still current cannot break this, so a first load does not pay for it.
CREATE FUNCTION ledger_one_version_in_books() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    records bigint[] := ARRAY(SELECT record_id FROM entering WHERE state = 1);
    suspect record;
BEGIN
    IF records = '{}' THEN
        RETURN NULL;
    END IF;
    FOR suspect IN
        SELECT id, source_id, external_id, kind FROM ledger_record
        WHERE id = ANY (records) AND (superseded OR revision > 1)
    LOOP
        IF EXISTS (
            SELECT 1 FROM ledger_record version
            JOIN ledger_standing standing ON standing.record_id = version.id AND standing.state = 1
            WHERE version.source_id = suspect.source_id AND version.external_id = suspect.external_id
                AND version.kind = suspect.kind AND version.superseded AND version.id <> suspect.id
        ) OR EXISTS (
            SELECT 1 FROM ledger_record version
            JOIN ledger_standing standing ON standing.record_id = version.id AND standing.state = 1
            WHERE version.source_id = suspect.source_id AND version.external_id = suspect.external_id
                AND version.kind = suspect.kind AND NOT version.superseded AND version.id <> suspect.id
        ) THEN
            RAISE EXCEPTION 'record % would be in the books twice', suspect.external_id
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'standing_one_version_in_books';
        END IF;
    END LOOP;
    FOR suspect IN SELECT record_id, round FROM entering WHERE state = 1 AND round > 0 LOOP
        IF EXISTS (
            SELECT 1 FROM ledger_standing standing
            WHERE standing.record_id = suspect.record_id AND standing.state = 1 AND standing.round <> suspect.round
        ) THEN
            RAISE EXCEPTION 'record number % would be in the books twice', suspect.record_id
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'standing_one_version_in_books';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER standing_one_version_in_books AFTER UPDATE ON ledger_standing
    REFERENCING NEW TABLE AS entering FOR EACH STATEMENT EXECUTE FUNCTION ledger_one_version_in_books();
CREATE TRIGGER standing_one_version_in_books_at_once AFTER INSERT ON ledger_standing
    REFERENCING NEW TABLE AS entering FOR EACH STATEMENT EXECUTE FUNCTION ledger_one_version_in_books();

-- The pending index churns: clean up early.
ALTER TABLE ledger_standing SET (autovacuum_vacuum_scale_factor = 0.05);
