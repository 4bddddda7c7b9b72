-- What PostgreSQL itself refuses in the built-in general ledger. Each guard has a test that violates it.

-- The last locked day of a connection; null when everything is open.
CREATE FUNCTION books_locked_through(of_connection bigint) RETURNS date LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT locked_through FROM books_lock WHERE connection_id = of_connection ORDER BY id DESC LIMIT 1
$$;

-- What a push must know, in one statement. The connection's row is held first: locking a period or archiving an
-- account updates that row's lock (FOR UPDATE) and waits for us, or we wait for it and then see what it did, because
-- each statement inside a volatile function has a snapshot of its own. That is why this is a function.
CREATE FUNCTION books_before_push(of_connection bigint, accounts text[], tax_codes text[], keys text[], refs text[])
RETURNS TABLE (what text, name text, id bigint, open boolean, digest bytea, reference text, locked_through date)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
BEGIN
    PERFORM 1 FROM connectors_connection c WHERE c.id = of_connection FOR KEY SHARE;
    RETURN QUERY
    SELECT 'lock', '', NULL::bigint, true, NULL::bytea, '', books_locked_through(of_connection)
    UNION ALL
    SELECT 'account', a.code::text, a.id, a.archived_at IS NULL, NULL, '', NULL
        FROM books_account a WHERE a.connection_id = of_connection AND a.code = ANY (accounts)
    UNION ALL
    SELECT 'tax', t.code::text, t.id, t.archived_at IS NULL, NULL, '', NULL
        FROM books_tax_rate t WHERE t.connection_id = of_connection AND t.code = ANY (tax_codes)
    UNION ALL
    SELECT 'entry', e.document_key, e.id, true, e.digest, e.reference::text, NULL
        FROM books_entry e WHERE e.connection_id = of_connection AND e.document_key = ANY (keys)
    UNION ALL
    SELECT 'reference', e.document_key, e.id, true, NULL, e.reference::text, NULL
        FROM books_entry e WHERE e.connection_id = of_connection AND e.reference = ANY (refs);
END $$;

-- No entry in a locked period, whoever writes it. Once per statement: a batch costs one look-up per connection.
CREATE FUNCTION books_entry_in_open_period() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    connections bigint[] := ARRAY(SELECT DISTINCT connection_id FROM added ORDER BY 1);
    own bigint;
    through date;
    culprit record;
BEGIN
    PERFORM 1 FROM connectors_connection c WHERE c.id = ANY (connections) ORDER BY c.id FOR KEY SHARE;
    FOREACH own IN ARRAY connections LOOP
        through := books_locked_through(own);
        SELECT added.reference, added.date INTO culprit
            FROM added WHERE added.connection_id = own AND added.date <= through LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % is dated %, in a locked period', culprit.reference, culprit.date
                USING ERRCODE = 'check_violation', CONSTRAINT = 'books_entry_in_open_period';
        END IF;
    END LOOP;
    FOR culprit IN SELECT * FROM added WHERE reverses_id IS NOT NULL LOOP
        IF NOT EXISTS (
            SELECT 1 FROM books_entry original WHERE original.id = culprit.reverses_id
                AND original.connection_id = culprit.connection_id AND original.kind <> 'reversal'
                AND original.currency = culprit.currency AND original.total = culprit.total
        ) THEN
            RAISE EXCEPTION 'entry % is not the reversal of what it names', culprit.reference
                USING ERRCODE = 'check_violation', CONSTRAINT = 'books_reversal_mirrors';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER books_entry_in_open_period AFTER INSERT ON books_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION books_entry_in_open_period();

-- Debits equal credits, and are what the entry says, when its transaction commits. Once per entry, not per line: the
-- latter is quadratic.
CREATE FUNCTION books_entry_balances() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    debits numeric;
    credits numeric;
    lines bigint;
BEGIN
    SELECT coalesce(sum(debit), 0), coalesce(sum(credit), 0), count(*) INTO debits, credits, lines
        FROM books_line WHERE entry_id = NEW.id;
    IF debits <> credits OR debits <> NEW.total OR lines <> NEW.line_count THEN
        RAISE EXCEPTION 'entry % does not balance: debits %, credits %, total %, % of % lines',
            NEW.reference, debits, credits, NEW.total, lines, NEW.line_count
            USING ERRCODE = 'check_violation', CONSTRAINT = 'books_entry_balances';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER books_entry_balances AFTER INSERT ON books_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION books_entry_balances();

-- Lines go to open accounts of their entry's own connection, and never beyond the number that the entry announced:
-- with the check at commit, an entry that is in the books takes no more lines.
CREATE FUNCTION books_lines_belong() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    entries bigint[] := ARRAY(SELECT DISTINCT entry_id FROM added);
    accounts bigint[] := ARRAY(SELECT DISTINCT account_id FROM added);
    own record;
    code text;
BEGIN
    FOR own IN SELECT id, reference, connection_id, line_count FROM books_entry WHERE id = ANY (entries) LOOP
        IF (SELECT count(*) FROM books_line line WHERE line.entry_id = own.id) > own.line_count THEN
            RAISE EXCEPTION 'entry % is complete and takes no more lines', own.reference
                USING ERRCODE = 'check_violation', CONSTRAINT = 'books_entry_complete';
        END IF;
        SELECT account.code INTO code FROM books_account account
            WHERE account.id = ANY (accounts) AND account.connection_id <> own.connection_id
                AND EXISTS (SELECT 1 FROM added WHERE added.entry_id = own.id AND added.account_id = account.id)
            LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'account % belongs to another connection than entry %', code, own.reference
                USING ERRCODE = 'check_violation', CONSTRAINT = 'books_line_account_own';
        END IF;
    END LOOP;
    SELECT account.code INTO code FROM books_account account
        WHERE account.id = ANY (accounts) AND account.archived_at IS NOT NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % is archived and takes no line', code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'books_line_account_open';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER books_lines_belong AFTER INSERT ON books_line
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION books_lines_belong();

-- A tax rate owes its tax on an account of its own connection.
CREATE FUNCTION books_tax_rate_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM books_account a WHERE a.id = NEW.account_id AND a.connection_id = NEW.connection_id)
    THEN
        RAISE EXCEPTION 'tax rate % names an account of another connection', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'books_tax_rate_account_own';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER books_tax_rate_belongs BEFORE INSERT OR UPDATE ON books_tax_rate
    FOR EACH ROW EXECUTE FUNCTION books_tax_rate_belongs();

-- What mappings, documents and reports rest on stays: code, type and connection of an account.
CREATE FUNCTION books_account_identity_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.code, OLD.type, OLD.connection_id) IS DISTINCT FROM (NEW.code, NEW.type, NEW.connection_id) THEN
        RAISE EXCEPTION 'account % keeps its code, type and connection', OLD.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'books_account_identity_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER books_account_identity_stays BEFORE UPDATE ON books_account
    FOR EACH ROW EXECUTE FUNCTION books_account_identity_stays();

-- Entries, lines and locks are written once. (The guard of the ledger's tables is for rows with columns that may be set.)
CREATE FUNCTION books_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a row was to be changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER books_entry_is_immutable BEFORE UPDATE OR DELETE ON books_entry
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER books_line_is_immutable BEFORE UPDATE OR DELETE ON books_line
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER books_lock_is_append_only BEFORE UPDATE OR DELETE ON books_lock
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER books_entry_no_truncate BEFORE TRUNCATE ON books_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER books_line_no_truncate BEFORE TRUNCATE ON books_line
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
