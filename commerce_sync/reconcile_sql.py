"""The sums of the reconciliation: what records state, what documents hold, what the books say. Plain SQL.

It knows accounting independently of the rules: for instance that what is sold, with its tax and without the money that
paid for it, is what the order states. A JSON text may hold an escaped NUL, which jsonb cannot: it is taken out.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, LiteralString

_TEXT: Final[LiteralString] = r"""
    CASE WHEN strpos(convert_from({0}, 'UTF8'), '\u0000') = 0 THEN convert_from({0}, 'UTF8')::jsonb
        ELSE regexp_replace(convert_from({0}, 'UTF8'), '(?<!\\)((\\\\)*)\\u0000', '\1', 'g')::jsonb END
"""
RECORD_TEXT: Final[LiteralString] = _TEXT.replace("{0}", "record.body")
DOCUMENT_TEXT: Final[LiteralString] = _TEXT.replace("{0}", "document.body")
_BOOK: Final[LiteralString] = _TEXT.replace("{0}", "version.body")

# Each rule of a book's calendar holds from the instant at which its predecessor reaches its first day.
_BOOKS: Final[LiteralString] = (
    "WITH books AS MATERIALIZED (SELECT version.id, version.company_id, "  # noqa: S608
    + _BOOK
    + """ AS body
    FROM ledger_bookversion version WHERE %s::bigint IS NULL OR version.company_id = %s
), policies AS MATERIALIZED (
    SELECT id, body -> 'policy' ->> 'open_orders' IS DISTINCT FROM 'receivable' AS defers_open,
        body -> 'policy' ->> 'marketplace_tax' IS DISTINCT FROM 'in_and_out' AS drops_withheld,
        coalesce(body -> 'policy' ->> 'fees_from', 'records') = 'records' AS books_fees,
        body -> 'policy' ->> 'expired_cards' IS DISTINCT FROM 'keep' AS books_expiry,
        bool_or(body ->> 'mode' = 'per_payout') OVER (PARTITION BY company_id) IS TRUE AS is_dayless
    FROM books
), spans AS (
    SELECT books.id, rule.zone, rule.cutoff_hour * interval '1 hour' AS cutoff,
        lag(rule.from_day) OVER earlier IS NOT NULL AS is_later, rule.from_day,
        coalesce((rule.from_day + lag(rule.cutoff_hour) OVER earlier * interval '1 hour')
            AT TIME ZONE lag(rule.zone) OVER earlier, '-infinity') AS starts_at
    FROM books, jsonb_to_recordset(body -> 'days') AS rule(from_day date, zone text, cutoff_hour int)
    WINDOW earlier AS (PARTITION BY books.id ORDER BY rule.from_day)
), rules AS MATERIALIZED (
    SELECT *, coalesce(lead(starts_at) OVER (PARTITION BY id ORDER BY starts_at), 'infinity') AS ends_at FROM spans
)"""
)

_SAID: Final[LiteralString] = (
    """, said AS (
    SELECT standing.company_id, record.id, record.kind, record.currency, posting.book_version_id, """  # noqa: S608
    + RECORD_TEXT
    + """ AS body
    FROM ledger_standing standing
    JOIN ledger_record record ON record.id = standing.record_id
    JOIN ledger_posting posting ON posting.id = standing.posting_id
    WHERE standing.state = 1 AND NOT record.deleted AND (%s::bigint IS NULL OR standing.company_id = %s)
        AND (%s::date IS NULL OR posting.act IN (SELECT asked.act FROM ledger_posting asked
            WHERE asked.company_id = %s AND asked.day BETWEEN %s AND %s))
), events AS (
    SELECT said.company_id, said.currency, said.book_version_id, policy.is_dayless, said.id, event.*
    FROM said JOIN policies policy ON policy.id = said.book_version_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum((tax ->> 'amount')::bigint), 0) AS amount
        FROM jsonb_path_query(said.body, '$.lines[*].taxes[*] ? (@.collected_by == "marketplace")') tax
        WHERE policy.drops_withheld AND said.kind IN ('order', 'refund')
    ) withheld
    CROSS JOIN LATERAL (
        SELECT 'sales' AS topic, (body ->> 'closed_at')::timestamptz AS at, 1 AS counts,
                CASE WHEN body ->> 'state' = 'open' AND policy.defers_open THEN 0
                    ELSE (body ->> 'stated')::bigint - withheld.amount END AS amount
            WHERE kind = 'order'
        UNION ALL SELECT 'refunds', (body ->> 'refunded_at')::timestamptz, 1,
                (body ->> 'stated')::bigint - withheld.amount
            WHERE kind = 'refund'
        UNION ALL SELECT 'fees', (body ->> 'charged_at')::timestamptz, 1,
                CASE WHEN policy.books_fees THEN (body ->> 'amount')::bigint + coalesce((
                    SELECT sum((tax ->> 'amount')::bigint) FROM jsonb_array_elements(body -> 'taxes') tax), 0)
                    ELSE 0 END
            WHERE kind = 'fee'
        UNION ALL SELECT 'payouts', (body ->> 'arrives_on')::timestamptz, 1, (body ->> 'amount')::bigint
            WHERE kind = 'payout'
        UNION ALL SELECT 'disputes', (body ->> 'opened_at')::timestamptz, 1,
                CASE WHEN body ->> 'outcome' = 'inquiry' THEN 0 ELSE (body ->> 'amount')::bigint END
            WHERE kind = 'dispute'
        UNION ALL SELECT 'disputes', coalesce(body ->> 'closed_at', body ->> 'opened_at')::timestamptz, 0,
                -(body ->> 'amount')::bigint
            WHERE kind = 'dispute' AND body ->> 'outcome' = 'won'
        UNION ALL SELECT 'gift cards', (body ->> 'changed_at')::timestamptz, 1, (body ->> 'amount')::bigint *
                CASE WHEN body ->> 'kind' IN ('issued_free', 'adjusted', 'issued_for_return') THEN 1
                    WHEN body ->> 'kind' = 'expired' AND NOT policy.books_expiry THEN 0 ELSE -1 END
            WHERE kind = 'gift_card_change'
        UNION ALL SELECT 'cash', (body ->> 'at')::timestamptz, 1, (body ->> 'amount')::bigint *
                CASE WHEN body ->> 'kind' IN ('paid_in', 'over_short') THEN 1 ELSE -1 END
            WHERE kind = 'cash_movement'
    ) event
), stated AS (
    SELECT company_id, CASE WHEN NOT is_dayless THEN
            greatest((at AT TIME ZONE rules.zone - rules.cutoff)::date,
                CASE WHEN rules.is_later THEN rules.from_day ELSE '-infinity' END) END AS day,
        currency, topic, counts, amount
    FROM events JOIN rules ON rules.id = book_version_id AND at >= rules.starts_at AND at < rules.ends_at
)"""
)

# Debits positive. What settles (money, liabilities used, what is owed) is on the other side of every topic.
_HELD: Final[LiteralString] = (
    """, held AS (
    SELECT document.company_id, CASE WHEN NOT policy.is_dayless THEN posting.day END AS day, document.currency,
        document.kind, coalesce(line ->> 'about', 'sale') AS about, coalesce(line ->> 'role', '') AS role,
        split_part(coalesce(line ->> 'role', ''), ':', 1) AS head,
        CASE WHEN document.kind IN ('invoice', 'deposit') THEN -1 ELSE 1 END
            * ((line ->> 'amount')::bigint + coalesce((SELECT sum((tax ->> 'amount')::bigint)
                FROM jsonb_array_elements(line -> 'taxes') tax), 0)) AS debit
    FROM ledger_document document
    JOIN ledger_posting posting ON posting.id = document.posting_id
    JOIN policies policy ON policy.id = posting.book_version_id
    CROSS JOIN LATERAL jsonb_array_elements((
"""  # noqa: S608
    + DOCUMENT_TEXT
    + """) -> 'lines') line
    WHERE document.withdrawn_at IS NULL AND document.voided_at IS NULL AND document.kind <> 'payment'
        AND (%s::date IS NULL OR posting.day BETWEEN %s AND %s)
), sorted AS (
    SELECT company_id, day, currency,
        CASE about WHEN 'sale' THEN 'sales' WHEN 'refund' THEN 'refunds' WHEN 'fee' THEN 'fees'
            WHEN 'fee_refund' THEN 'fees' WHEN 'dispute' THEN 'disputes' WHEN 'cash' THEN 'cash' END AS topic,
        CASE WHEN about IN ('sale', 'cash') THEN -debit ELSE debit END AS amount
    FROM held
    WHERE about IN ('sale', 'refund', 'fee', 'fee_refund', 'dispute', 'cash')
        AND head NOT IN ('tender', 'bank', 'reserve', 'advance', 'carried_balance')
        AND role NOT IN ('gift_card:redeemed', 'gift_card:refunded', 'store_credit', 'deposit', 'receivable', 'payable',
            'open_check', 'tax_withheld')
    UNION ALL SELECT company_id, day, currency, 'gift cards', -debit
        FROM held WHERE about = 'gift_card' AND head = 'gift_card'
    UNION ALL SELECT company_id, day, currency, 'payouts', CASE kind WHEN 'deposit' THEN -debit ELSE debit END
        FROM held WHERE about = 'payout' AND (kind = 'deposit' OR head = 'bank')
)"""
)

# Parameters: `stated_parameters`. One row per company, day, currency and topic. What a record tells of a day was posted
# for that day by the very run that the record is filed under, so the runs of the days have all of it.
STATED: Final[LiteralString] = (
    _BOOKS  # noqa: S608
    + _SAID
    + _HELD
    + """
SELECT company_id, day, currency, topic, sum(counts)::bigint, sum(stated)::bigint, sum(held)::bigint
FROM (SELECT company_id, day, currency, topic, counts, amount AS stated, 0 AS held FROM stated
      UNION ALL SELECT company_id, day, currency, topic, 0, 0, amount FROM sorted) both_sides
WHERE %s::date IS NULL OR day BETWEEN %s AND %s
GROUP BY company_id, day, currency, topic
"""
)

# Ours and theirs, account by account. An entry that was reversed in the built-in books counts as nothing.
_LEGS: Final[LiteralString] = """, ours AS (
    SELECT document.id, line.account, sum(coalesce(line.debit, 0)) AS debits,
        sum(coalesce(line.debit, 0) - coalesce(line.credit, 0)) AS net
    FROM ledger_document document JOIN ledger_documentline line ON line.document_id = document.id
    WHERE document.withdrawn_at IS NULL AND document.voided_at IS NULL
        AND (%s::bigint IS NULL OR document.company_id = %s)
        AND (%s::date IS NULL OR document.posting_id IN (SELECT asked.id FROM ledger_posting asked
            WHERE asked.company_id = %s AND asked.day BETWEEN %s AND %s))
    GROUP BY document.id, line.account
), theirs AS (
    SELECT binding.document_id AS id, account.code AS account, sum(line.debit) AS debits,
        sum(line.debit - line.credit) AS net
    FROM connectors_binding binding
    JOIN connectors_connection link ON link.id = binding.connection_id AND link.platform = 'books'
    JOIN books_entry entry ON entry.connection_id = link.id AND entry.id::text = binding.remote_id
    JOIN books_line line ON line.entry_id = entry.id
    JOIN books_account account ON account.id = line.account_id
    WHERE (%s::bigint IS NULL OR link.company_id = %s)
        AND (%s::date IS NULL OR binding.document_id IN (SELECT document.id FROM ledger_posting asked
            JOIN ledger_document document ON document.posting_id = asked.id
            WHERE asked.company_id = %s AND asked.day BETWEEN %s AND %s))
        AND NOT EXISTS (SELECT 1 FROM books_entry reversal WHERE reversal.reverses_id = entry.id)
    GROUP BY binding.document_id, account.code
), compared AS (
    SELECT id, sum(coalesce(ours.debits, 0)) AS debits, sum(coalesce(theirs.debits, 0)) AS their_debits,
        bool_or(coalesce(ours.net, 0) <> coalesce(theirs.net, 0)) AS differs
    FROM ours FULL JOIN theirs USING (id, account) GROUP BY id
), delivered AS (
    SELECT document.id, document.company_id, document.reference, document.currency,
        CASE WHEN NOT policy.is_dayless THEN posting.day END AS day, compared.debits,
        CASE WHEN link.platform = 'books' THEN compared.their_debits WHEN binding.agrees THEN compared.debits ELSE 0 END
            AS their_debits,
        binding.id IS NULL AS is_undelivered,
        binding.id IS NOT NULL AND link.platform <> 'books' AND binding.agrees IS NULL AS is_unread,
        CASE WHEN link.platform = 'books' THEN compared.differs ELSE binding.agrees IS FALSE END AS disagrees
    FROM ledger_document document
    JOIN compared ON compared.id = document.id
    JOIN ledger_posting posting ON posting.id = document.posting_id
    JOIN policies policy ON policy.id = posting.book_version_id
    LEFT JOIN connectors_binding binding ON binding.document_id = document.id
    LEFT JOIN connectors_connection link ON link.id = binding.connection_id
)"""

# Parameters: `delivered_parameters`. One row per company, day and currency.
DELIVERED: Final[LiteralString] = (
    _BOOKS
    + _LEGS
    + """
SELECT company_id, day, currency, count(*), sum(debits)::bigint, sum(their_debits)::bigint,
    count(*) FILTER (WHERE is_unread OR is_undelivered), count(*) FILTER (WHERE disagrees),
    count(*) FILTER (WHERE is_undelivered)
FROM delivered GROUP BY company_id, day, currency
"""
)

# Parameters as for DELIVERED. The documents that read back as something else.
DISAGREEING: Final[LiteralString] = (
    _BOOKS  # noqa: S608
    + _LEGS
    + "SELECT company_id, day, currency, reference FROM delivered WHERE disagrees ORDER BY company_id, id LIMIT 100"
)


def stated_parameters(company_id: int | None, first: date | None = None, last: date | None = None) -> tuple[Any, ...]:
    """The parameters of `STATED`: of a company, or of all (None), and of a company also for the days of a range."""
    days = (first, first, last)
    return (*(company_id,) * 4, first, company_id, first, last, *days, *days)


def delivered_parameters(
    company_id: int | None, first: date | None = None, last: date | None = None
) -> tuple[Any, ...]:
    """The parameters of `DELIVERED` and `DISAGREEING`, as `stated_parameters`."""
    own = (company_id, company_id, first, company_id, first, last)
    return (company_id, company_id, *own, *own)
