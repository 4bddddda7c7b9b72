"""Each column that may hold text, and what becomes of the persons in it. A test holds the list complete, so that a new
column is thought about before it is kept."""

from __future__ import annotations

from typing import Final

HOW: Final[dict[str, str]] = {
    "nobody": "Names nobody: codes, words of ours, amounts, ids and names of things.",
    "books": "The books, which the law wants kept: accounts, documents, references. Names no customers.",
    "customers": "What sales systems say of customers: emptied on request for a person or a company; payloads by age.",
    "company": "What names a company, its shop or its people: emptied when the company is erased.",
    "messages": "Messages to people, traces, texts of banks and others: gone by age, and when the company is erased.",
    "passing": "Gone by itself within days or hours.",
    "acts": "Who did what and why, for good: log-ins of ours and of partners, commands, keys; never customers.",
    "partners": "A partner's own settings, which the partner changes and removes.",
    "console": "Who works at the console: administrators remove it.",
    "secrets": "Encrypted or hashed; deleted with what they open.",
}
CLASSES: Final[dict[str, dict[str, str]]] = {
    "nobody": {
        "auth_group": "name", "auth_permission": "name codename", "django_content_type": "app_label model",
        "django_migrations": "app name",
        "django_q_schedule": "func hook args kwargs schedule_type task name cron cluster intended_date_kwarg",
        "commerce_sync_erasure": "kind counts", "commerce_sync_fetch": "state links failure_code",
        "commerce_sync_heartbeat": "slot detail", "commerce_sync_job": "kind key payload state last_error",
        "commerce_sync_schedule": "frequency zone",
        "commerce_sync_sync": "trigger stage counts failure_code failure_sentence failure_remedy failure_turn "
        "correlation",
        "commerce_sync_undo": "state plan failure_code failure_sentence failure_remedy failure_turn",
        "commerce_sync_visibleaccounts": "platform keys",
        "connectors_bankline": "remote_id account currency", "connectors_bookmark": "dataset asks place",
        "connectors_budgetline": "key", "connectors_connection": "platform kind status",
        "connectors_incomingwebhook": "delivery_id event", "connectors_ledgerlook": "said",
        "connectors_page": "dataset digest",
        "connectors_purchaseorder": "reference currency lines state remote_id url failure_code failure_sentence "
        "failure_remedy failure_turn",
        "connectors_pushitem": "state failure_code failure_sentence failure_remedy failure_turn",
        "connectors_reference": "kind", "connectors_stocklevel": "item_id location_id product_id sku name currency",
        "connectors_stockrule": "item_id supplier account currency", "connectors_theirbalance": "account currency",
        "connectors_theirentry": "remote_id account currency reference", "connectors_watermark": "dataset",
        "health_alarm": "code root news", "health_alert": "what channel state",
        "health_finding": "code subject root severity turn state currency params causes digest",
        "health_heard": "kind", "health_member": "role", "health_reconciledday": "currency totals incomparable",
        "health_round": "name", "health_watchfailure": "watch error", "ledger_company": "currency zone",
        "ledger_home": "place", "ledger_partner": "currency zone", "ledger_problem": "subject code path detail",
        "ledger_record": "kind external_id currency digest raw_digest",
    },
    "books": {
        "books_account": "code name type subtype",
        "books_entry": "document_key reference kind currency narration digest",
        "books_line": "description role tax_code tracking", "books_tax_rate": "code name",
        "connectors_binding": "kind remote_id url answer read_back", "ledger_bookversion": "body difference",
        "ledger_document": "key reference kind currency narration body", "ledger_documentline": "account",
        "ledger_posting": "currency label",
    },
    "customers": {
        "connectors_page": "body", "connectors_incomingwebhook": "body",
        "connectors_reference": "external_id name detail",
        "ledger_record": "body", "commerce_sync_erasure": "texts",
    },
    "company": {
        "commerce_sync_setupdraft": "body plan stages", "connectors_connection": "name settings",
        "connectors_option": "kind external_id code name type currency detail",
        "connectors_purchaseorder": "supplier note", "health_companycontact": "email locale wants",
        "ledger_company": "name description tags", "ledger_source": "label",
    },
    "messages": {
        "connectors_bankline": "text", "connectors_theirentry": "text",
        "connectors_call": "platform method url failure detail correlation",
        "health_alert": "address sender alarms subject text html error",
    },
    "passing": {
        "commerce_sync_listmark": "list_key", "commerce_sync_storedanswer": "key request_sha256 body",
        "commerce_sync_setuplink": "sha256 commerce_platform accounting_platform redirect_url",
        "django_q_ormq": "key payload", "django_q_task": "name func hook args kwargs result id group cluster",
        "django_session": "session_key session_data", "health_logintries": "key",
    },
    "acts": {
        "books_lock": "author reason", "commerce_sync_erasure": "reason actor",
        "commerce_sync_schedule": "pause_reason",
        "commerce_sync_undo": "actor redone_by", "connectors_stockrule": "changed_by",
        "health_finding": "resolved_by reason assigned_to", "health_findingevent": "what actor words",
        "ledger_auditentry": "code subject actor detail", "ledger_bookversion": "reason author",
    },
    "partners": {
        "commerce_sync_apikey": "name prefix", "ledger_partner": "name",
        "commerce_sync_branding": "display_name logo_url icon_url primary_color secondary_color",
        "commerce_sync_brandpicture": "kind source_url type sha256 body problem",
        "commerce_sync_flowtext": "locale key text", "commerce_sync_registeredorigin": "origin",
        "health_alertrule": "name audience role addresses channel codes areas turns least_severity digest zone",
        "health_webhookattempt": "answer error", "health_webhookdelivery": "state last_error",
        "health_webhookendpoint": "url description event_types disabled_reason", "health_webhookevent": "type body",
    },
    "console": {
        "auth_user": "password username first_name last_name email", "health_authenticator": "name",
        "django_admin_log": "object_id object_repr change_message",
    },
    "secrets": {
        "commerce_sync_apikey": "sha256", "connectors_credential": "ciphertext key_id",
        "health_alertrule": "sealed_url key_id", "health_authenticator": "sealed_key key_id recovery",
        "health_webhookendpoint": "sealed_secret sealed_former key_id",
    },
}  # fmt: skip
