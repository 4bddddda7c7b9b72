DROP TRIGGER audit_is_heard ON ledger_auditentry;
DROP TRIGGER sync_is_heard ON commerce_sync_sync;
DROP TRIGGER document_is_heard ON ledger_document;
DROP TRIGGER refusal_is_heard ON connectors_pushitem;
DROP TRIGGER later_refusal_is_heard ON connectors_pushitem;
DROP TRIGGER problem_is_heard ON ledger_problem;
DROP TRIGGER cure_is_heard ON ledger_problem;
DROP FUNCTION health_hear_audit, health_hear_sync, health_hear_documents, health_hear_refusals, health_hear_problems,
    health_note, health_is_wanted;
