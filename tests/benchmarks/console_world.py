"""A large installation for the console, made by few statements: what its lists and pages are about, in proportion.

The guards of the tables are off while it is made and on afterwards; what is made would pass them but for documents
without lines and records whose bodies say nothing, which no list reads.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, LiteralString

from django.db import connection
from msgspec import Struct

from connectors.general_ledger.chart import default_book
from ledger.book import encode_book
from ledger.calendar import DayRule

DAYS: Final = 30
PARTNERS: Final = (("Large POS", 80), ("Middle POS", 99), ("Small POS", 100))
"""Names, and up to which percent of the companies are theirs."""
GUARDED: Final = ("ledger_company", "ledger_source", "ledger_bookversion", "ledger_record", "ledger_posting",
    "ledger_document", "ledger_problem", "ledger_auditentry", "connectors_connection", "connectors_pushitem",
    "connectors_binding", "commerce_sync_sync", "commerce_sync_schedule")  # fmt: skip


class Size(Struct, frozen=True):
    """How many companies, and how many of each thing a company has."""

    companies: int
    records: int
    syncs: int
    calls: int = 4
    entries: int = 5


def make(size: Size) -> None:
    """Make it; within the caller's transaction, or each statement in its own."""
    for table in GUARDED:
        _run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    named = {
        **{"companies": size.companies, "records": size.records, "syncs": size.syncs, "calls": size.calls},
        **{"entries": size.entries, "days": DAYS, "names": [name for name, _ in PARTNERS]},
        **{"book": encode_book(default_book("GBP", (DayRule(date(2020, 1, 1), "Europe/London", 0),)))},
        **{"large": PARTNERS[0][1], "middle": PARTNERS[1][1]},
    }
    for statements in (_WHO, _WHAT, _AROUND):
        for statement in statements:
            _run(statement, named)
        # What is joined is looked at anew before: else the plan is one for the few rows that were there when autovacuum
        # came by, and for 20,000 companies the session reads tables through for every row.
        _run("ANALYZE")
    _run("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come is not altered
    for table in GUARDED:
        _run(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    _run("SET CONSTRAINTS ALL DEFERRED")
    _run("DROP TABLE world")


def _run(statement: str, named: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)


_WHO: Final[tuple[LiteralString, ...]] = (
    """INSERT INTO ledger_partner (public_id, name, currency, zone, created_at)
       SELECT gen_random_uuid(), name, 'GBP', 'UTC', now() FROM unnest(%(names)s::text[]) AS t(name)""",
    """INSERT INTO ledger_company (public_id, partner_id, name, description, tags, currency, zone, created_at)
       SELECT gen_random_uuid(), partner.id,
           (ARRAY['Rose', 'Anchor', 'Harbour', 'Station', 'Market', 'Garden', 'Mill'])[n %% 7 + 1] || ' & Co ' || n,
           '', '{}', 'GBP', 'Europe/London', now()
       FROM generate_series(1, %(companies)s) AS n
       JOIN ledger_partner partner ON partner.name = (%(names)s::text[])[
           CASE WHEN n %% 100 < %(large)s THEN 1 WHEN n %% 100 < %(middle)s THEN 2 ELSE 3 END]""",
    """CREATE TEMPORARY TABLE world AS
       SELECT row_number() OVER (ORDER BY id) AS n, id AS company_id, partner_id, public_id, 0::bigint AS source_id,
           0::bigint AS shop_id, 0::bigint AS books_id, 0::bigint AS version_id
       FROM ledger_company WHERE name LIKE '%% & Co %%'""",
    "CREATE UNIQUE INDEX ON world (company_id)",
    """INSERT INTO ledger_source (company_id, label, created_at) SELECT company_id, 'Shop', now() FROM world""",
    """INSERT INTO ledger_bookversion (company_id, number, body, author, reason, difference, created_at)
       SELECT company_id, 1, %(book)s, 'world', '', '[]', now() - interval '40 days' FROM world""",
    "ANALYZE world, ledger_company, ledger_source, ledger_bookversion",
    """UPDATE world SET source_id = source.id, version_id = version.id
       FROM ledger_source source JOIN ledger_bookversion version USING (company_id)
       WHERE source.company_id = world.company_id""",
    """INSERT INTO connectors_connection (public_id, company_id, platform, kind, name, status, source_id, settings,
           references_version, linked_at)
       SELECT gen_random_uuid(), company_id, (ARRAY['partner', 'square', 'shopify'])[n %% 3 + 1], 'commerce', 'Shop',
           CASE WHEN n %% 200 = 0 THEN 'Deauthorized' ELSE 'Linked' END, source_id, '{}'::jsonb, 0, now() FROM world
       UNION ALL SELECT gen_random_uuid(), company_id,
           (ARRAY['xero', 'quickbooks_online', 'books', 'odoo'])[n %% 4 + 1], 'accounting', 'Books', 'Linked', NULL,
           '{}', 0, now() FROM world""",
    "ANALYZE world, connectors_connection",
    """UPDATE world SET shop_id = shop.id, books_id = books.id
       FROM connectors_connection shop JOIN connectors_connection books USING (company_id)
       WHERE shop.company_id = world.company_id AND shop.kind = 'commerce' AND books.kind = 'accounting'""",
    "ANALYZE world",
    """INSERT INTO commerce_sync_schedule (company_id, frequency, hour, day_of_month, zone, next_due_at, enabled,
           failing_days, paused_at, pause_reason)
       SELECT company_id, 'daily', n %% 24, 1, 'Europe/London', now() + n * interval '1 second', true,
           CASE WHEN n %% 150 = 0 THEN 3 ELSE 0 END, CASE WHEN n %% 500 = 0 THEN now() END,
           CASE WHEN n %% 500 = 0 THEN 'Stock-taking' ELSE '' END
       FROM world""",
)
_WHAT: Final[tuple[LiteralString, ...]] = (
    """INSERT INTO commerce_sync_sync (public_id, company_id, trigger, through_day, code, stage, started_at,
           finished_at, counts, failure_code, failure_sentence, failure_remedy, failure_turn, correlation)
       SELECT gen_random_uuid(), company_id, CASE WHEN k + n %% 50 = 0 THEN 'request' ELSE 'schedule' END,
           each.at::date,
           CASE WHEN (k + n) %% 97 = 0 THEN 4220 WHEN (k + n) %% 3 = 0 THEN 2040 ELSE 2000 END, 'done', each.at,
           each.at + ((n * 7 + k) %% 60) * CASE WHEN n %% 300 = 0 THEN interval '1 minute'
               ELSE interval '1 second' END, '{"written": 1, "records": 5}',
           CASE WHEN (k + n) %% 97 = 0 THEN 'unauthorized' ELSE '' END,
           CASE WHEN (k + n) %% 97 = 0 THEN 'The platform lets us in no longer.' ELSE '' END, '', '', ''
       FROM (SELECT world.*, k, now() - interval '1 hour' - (k * (%(days)s - 1.0) / %(syncs)s) * interval '1 day'
                 - (n * 7919 %% 80000) * interval '1 second' AS at
             FROM world CROSS JOIN generate_series(0, %(syncs)s - 1) AS k) AS each ORDER BY each.at""",
    "ANALYZE world, commerce_sync_sync",
    """INSERT INTO ledger_posting (company_id, day, currency, label, revision, act, book_version_id, created_at)
       SELECT sync.company_id, sync.through_day, 'GBP', sync.id::text, 0, sync.public_id, world.version_id,
           sync.started_at
       FROM commerce_sync_sync sync JOIN world USING (company_id) ORDER BY sync.id""",
    "ANALYZE ledger_posting",
    """INSERT INTO ledger_document (posting_id, company_id, key, reference, kind, date, currency, total, narration,
           body, created_at, pushed_at)
       SELECT posting.id, posting.company_id, world.public_id || ':' || posting.label,
           'CS' || lpad(posting.id::text, 12, '0'), 'journal', posting.day, 'GBP', 1200, 'Sales', '{}',
           posting.created_at, CASE WHEN posting.id %% 500 <> 0 THEN posting.created_at END
       FROM ledger_posting posting JOIN world USING (company_id) ORDER BY posting.id""",
    "ANALYZE ledger_document",
    """INSERT INTO connectors_binding (connection_id, document_id, kind, remote_id, url, answer, bound_at, verified_at,
           agrees)
       SELECT world.books_id, document.id, 'journal', 'X' || document.id, 'https://example.com/' || document.id, '{}',
           document.created_at, document.created_at, true
       FROM ledger_document document JOIN world USING (company_id) WHERE document.pushed_at IS NOT NULL
       ORDER BY document.id""",
    "ANALYZE connectors_binding",
    """INSERT INTO connectors_pushitem (document_id, company_id, connection_id, state, attempts, claimed_at,
           deadline_at, waits_until, binding_id, failure_code, failure_sentence, failure_remedy, failure_turn,
           updated_at)
       SELECT document.id, document.company_id, world.books_id,
           CASE WHEN binding.id IS NOT NULL THEN 'pushed' WHEN document.id %% 5000 = 0 THEN 'unknown'
               ELSE 'refused' END,
           1, now(), now(), NULL, binding.id, CASE WHEN binding.id IS NULL THEN 'account_archived' ELSE '' END,
           CASE WHEN binding.id IS NULL THEN 'Account 4000 is archived.' ELSE '' END, '',
           CASE WHEN binding.id IS NULL THEN 'merchant' ELSE '' END, document.created_at
       FROM ledger_document document JOIN world USING (company_id)
       LEFT JOIN connectors_binding binding ON binding.document_id = document.id ORDER BY document.id""",
    """INSERT INTO ledger_record (source_id, kind, external_id, revision, superseded, deleted, incomplete, currency,
           total, happened_at, updated_at, received_at, digest, raw_digest, body)
       SELECT source_id, CASE WHEN k %% 20 = 0 THEN 'refund' ELSE 'order' END, 'o' || k, 1, false, false, false,
           'GBP', 1200, at, at, at, decode(md5(n || ':' || k), 'hex'), '\\x00', '{}'
       FROM (SELECT n, k, source_id, now() - (k * (%(days)s - 1.0) / %(records)s) * interval '1 day' AS at
             FROM generate_series(0, %(records)s - 1) AS k CROSS JOIN world) AS each""",
)
_AROUND: Final[tuple[LiteralString, ...]] = (
    """INSERT INTO ledger_problem (company_id, source_id, subject, code, path, detail, opened_at, resolved_at)
       SELECT company_id, source_id, 'order o' || k, 'unmapped_role', '', '{"role": "sales:Food"}',
           now() - k * interval '3 days', CASE WHEN n %% 20 <> k THEN now() END
       FROM world CROSS JOIN generate_series(0, 2) AS k""",
    """INSERT INTO connectors_call (connection_id, platform, method, url, status, failure, detail, duration_ms,
           bytes_in, started_at, correlation)
       SELECT books_id, 'xero', 'GET', 'https://api.example/Accounts', CASE WHEN (n + k) %% 100 = 0 THEN 500 ELSE 200
           END, CASE WHEN (n + k) %% 100 = 0 THEN 'ServerError' ELSE '' END, '', 120, 900,
           now() - (k * 7 + n %% 7) * interval '1 day', gen_random_uuid()::text
       FROM world CROSS JOIN generate_series(0, %(calls)s - 1) AS k""",
    """INSERT INTO ledger_auditentry (public_id, partner_id, company_id, code, subject, actor, detail, at)
       SELECT gen_random_uuid(), partner_id, company_id, (ARRAY['schedule.changed', 'sync.paused',
           'book.changed'])[k %% 3 + 1], 'subject ' || n, 'world', '{}', now() - k * interval '1 day'
       FROM world CROSS JOIN generate_series(0, %(entries)s - 1) AS k""",
    """INSERT INTO connectors_option (connection_id, fetched_at, kind, external_id, code, name, type, currency, active,
           detail)
       SELECT books_id, now(), 'account', 'a' || k, (4000 + k)::text, 'Sales ' || k, 'income', 'GBP', true, '{}'
       FROM world CROSS JOIN generate_series(0, 4) AS k""",
    """INSERT INTO connectors_page (connection_id, dataset, digest, body_bytes, rows, refused, received_at)
       SELECT shop_id, 'orders', decode(md5(n || ':' || k), 'hex'), 900, 5, 0, now() - k * interval '1 day'
       FROM world CROSS JOIN generate_series(0, 2) AS k""",
    """INSERT INTO commerce_sync_companyqueue (company_id, lane, served_at) SELECT company_id, 0, now() FROM world""",
    """INSERT INTO commerce_sync_job (kind, company_id, key, payload_version, payload, lane, state, attempts,
           max_attempts, next_at, last_error, created_at)
       SELECT 'sync', company_id, 'event:' || company_id, 1, '{}', 0, CASE WHEN n %% 1000 = 0 THEN 'dead' ELSE 'ready'
           END, 0, 8, now(), '', now() FROM world WHERE n %% 100 = 0""",
    """INSERT INTO commerce_sync_heartbeat (slot, at, detail) VALUES ('one', now(), ''), ('two', now(), '')""",
    """INSERT INTO health_finding (public_id, partner_id, company_id, code, subject, root, severity, turn, state,
           currency, count, params, causes, digest, resolved_by, reason)
       SELECT gen_random_uuid(), partner_id, company_id, 'connection_lost', 'shop', 'square down', 'error', 'merchant',
           'open', '', 1, '{}', '[]', '\\x00', '', '' FROM world WHERE n %% 20 = 0""",
    """INSERT INTO health_webhookendpoint (public_id, partner_id, url, description, event_types, sealed_secret, key_id,
           failures, disabled_reason)
       SELECT gen_random_uuid(), id, 'https://partner.example/' || id, '', '{}', '\\x00', '', 0, ''
       FROM ledger_partner WHERE name = ANY(%(names)s)""",
    """INSERT INTO health_webhookevent (public_id, partner_id, company_id, type, body, happened_at)
       SELECT gen_random_uuid(), partner_id, company_id, 'sync.completed', '{}', now() - k * interval '1 hour'
       FROM world CROSS JOIN generate_series(0, 1) AS k""",
    """INSERT INTO health_webhookdelivery (public_id, endpoint_id, event_id, state, tries, attempts, last_error,
           ended_at)
       SELECT gen_random_uuid(), endpoint.id, event.id, CASE WHEN event.id %% 200 = 0 THEN 'failed' ELSE 'delivered'
           END, 1, 1, '', now()
       FROM health_webhookevent event JOIN health_webhookendpoint endpoint USING (partner_id)""",
    """INSERT INTO health_webhookattempt (delivery_id, number, started_at, duration_ms, status, answer, error)
       SELECT id, 1, now(), 80, 200, '', '' FROM health_webhookdelivery""",
)
