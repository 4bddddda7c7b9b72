-- Taking back is an outside write as well: only what is at the platform, and only by way of `voiding`, which is on disk
-- before the call. What was taken back stays so. The rules of sending are as before.
CREATE OR REPLACE FUNCTION connectors_push_item_moves() RETURNS trigger LANGUAGE plpgsql AS $$
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
       OR (NEW.state = 'voiding' AND OLD.state NOT IN ('pushed', 'voiding'))
       OR (NEW.state = 'voided' AND OLD.state NOT IN ('voiding', 'removed', 'voided'))
       OR (OLD.state = 'pushed' AND NEW.state NOT IN ('pushed', 'removed', 'voiding'))
       OR (OLD.state = 'removed' AND NEW.state NOT IN ('removed', 'voided'))
       OR (OLD.state = 'voiding' AND NEW.state NOT IN ('voiding', 'voided', 'pushed'))
       OR (OLD.state = 'voided' AND NEW.state <> 'voided') THEN
        RAISE EXCEPTION 'delivery of document % cannot go from % to %', OLD.document_id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'push_item_moves';
    END IF;
    RETURN NEW;
END $$;
