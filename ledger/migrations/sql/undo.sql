-- A document may also be marked as voided, once.
DROP TRIGGER document_is_immutable ON ledger_document;
CREATE TRIGGER document_is_immutable BEFORE UPDATE OR DELETE ON ledger_document
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change('pushed_at', 'withdrawn_at', 'voided_at');

-- A reversal is of a posting of its own company, day and currency that has been taken back.
CREATE FUNCTION ledger_reversal_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM ledger_posting original WHERE original.id = NEW.reverses_id
            AND original.company_id = NEW.company_id AND original.day = NEW.day AND original.currency = NEW.currency
            AND original.label = NEW.label AND original.revision < NEW.revision
            AND original.withdrawn_at IS NOT NULL AND original.reverses_id IS NULL
    ) THEN
        RAISE EXCEPTION 'posting % cannot be reversed by this one', NEW.reverses_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_reversal_fits';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_reversal_fits BEFORE INSERT ON ledger_posting
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION ledger_reversal_fits();
