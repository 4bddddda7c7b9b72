-- Where these data were, and that somebody let work begin there, stays as it was noted.
CREATE TRIGGER home_stays BEFORE UPDATE OR DELETE ON ledger_home
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change('opened_at');

-- What a record says of a person may be taken out of it, once it has been said that it was (`erased_at`). What it says
-- of money is in columns of its own and in the documents; `digest` stays that of what was received.
CREATE FUNCTION ledger_record_is_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.erased_at IS NULL OR NEW.erased_at <= coalesce(OLD.erased_at, '-infinity')
       OR to_jsonb(OLD) - '{body,erased_at}'::text[] IS DISTINCT FROM to_jsonb(NEW) - '{body,erased_at}'::text[] THEN
        RAISE EXCEPTION 'ledger_record is append-only: more than what names a person was to be changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER record_is_immutable ON ledger_record;
CREATE TRIGGER record_is_immutable BEFORE UPDATE ON ledger_record
    FOR EACH ROW WHEN (OLD.erased_at IS NOT DISTINCT FROM NEW.erased_at)
    EXECUTE FUNCTION ledger_refuse_change('superseded', 'confirmed_at');
CREATE TRIGGER record_is_kept BEFORE DELETE ON ledger_record
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER record_loses_persons_only BEFORE UPDATE ON ledger_record
    FOR EACH ROW WHEN (OLD.erased_at IS DISTINCT FROM NEW.erased_at) EXECUTE FUNCTION ledger_record_is_erased();
