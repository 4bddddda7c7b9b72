-- Delivery, as PostgreSQL itself holds it. Each guard has a test that violates it.

-- Nothing is sent but what is prepared or has waited: a lost answer has to be looked up first, whatever the code says.
-- Nothing that is at the platform is ever prepared again: it may only be found to have been removed there.
CREATE FUNCTION connectors_push_item_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state NOT IN ('prepared', 'refused', 'waiting') THEN
            RAISE EXCEPTION 'delivery of document % is %: it cannot be forgotten', OLD.document_id, OLD.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'push_item_moves';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.document_id <> OLD.document_id OR NEW.company_id <> OLD.company_id
       OR (NEW.state = 'sending' AND OLD.state NOT IN ('prepared', 'waiting'))
       OR (OLD.state = 'pushed' AND NEW.state NOT IN ('pushed', 'removed'))
       OR (OLD.state = 'removed' AND NEW.state <> 'removed') THEN
        RAISE EXCEPTION 'delivery of document % cannot go from % to %', OLD.document_id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'push_item_moves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER push_item_moves BEFORE UPDATE OR DELETE ON connectors_pushitem
    FOR EACH ROW EXECUTE FUNCTION connectors_push_item_moves();
CREATE TRIGGER push_item_no_truncate BEFORE TRUNCATE ON connectors_pushitem
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();

-- A binding stays as it was made; only what was read back is added.
CREATE FUNCTION connectors_binding_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.connection_id, OLD.document_id, OLD.kind, OLD.remote_id, OLD.bound_at)
       IS DISTINCT FROM (NEW.connection_id, NEW.document_id, NEW.kind, NEW.remote_id, NEW.bound_at) THEN
        RAISE EXCEPTION 'binding % stays as it was made', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'binding_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER binding_stays BEFORE UPDATE OR DELETE ON connectors_binding
    FOR EACH ROW EXECUTE FUNCTION connectors_binding_stays();
CREATE TRIGGER binding_no_truncate BEFORE TRUNCATE ON connectors_binding
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
