"""The statements of the four totals: records that were posted for days, their pages, documents by topic, accounts.

All of them are set-based over days of many companies: ``asked`` is a list of companies and a list of business days of
the same length. Nothing here knows the rules of posting; documents are read as they are stored.
"""

from __future__ import annotations

from typing import Final, LiteralString

from commerce_sync.reconcile_sql import DOCUMENT_TEXT

_ASKED: Final[LiteralString] = """
    WITH asked AS MATERIALIZED (
        SELECT DISTINCT company_id, day FROM unnest(%(companies)s::bigint[], %(days)s::date[]) AS t(company_id, day)
    ), chosen AS MATERIALIZED (
        SELECT posting.id, posting.company_id, posting.day, posting.currency, posting.act, posting.book_version_id
        FROM asked JOIN ledger_posting posting USING (company_id, day)
    )"""

# What a record tells of a day was posted for that day by the very run that the record is filed under. No record tells
# of a day after its last event.
RECORDS: Final[LiteralString] = (
    _ASKED  # noqa: S608
    + """, acts AS MATERIALIZED (
        SELECT company_id, act, min(day) AS first FROM chosen GROUP BY company_id, act
    )
    SELECT posting.book_version_id, record.id, record.kind, record.external_id, record.currency, record.page,
        record.page_row, record.body
    FROM acts JOIN ledger_posting posting ON posting.act = acts.act AND posting.company_id = acts.company_id
    JOIN ledger_standing standing ON standing.posting_id = posting.id
    JOIN ledger_record record ON record.id = standing.record_id
    WHERE standing.state = 1 AND NOT record.deleted AND record.happened_at >= acts.first - interval '2 days'"""
)

PAGES: Final[LiteralString] = """
    SELECT page.id, connection.platform, page.dataset, company.currency, page.body
    FROM connectors_page page JOIN connectors_connection connection ON connection.id = page.connection_id
    JOIN ledger_company company ON company.id = connection.company_id
    WHERE page.id = ANY(%s::bigint[]) AND page.body IS NOT NULL
"""

# The business day of instants under versions of books, as the SQL of `reconcile_sql` tells it.
DAYS: Final[LiteralString] = """
    WITH spans AS (
        SELECT version.id, rule.zone, rule.cutoff_hour * interval '1 hour' AS cutoff,
            lag(rule.from_day) OVER earlier IS NOT NULL AS is_later, rule.from_day,
            coalesce((rule.from_day + lag(rule.cutoff_hour) OVER earlier * interval '1 hour')
                AT TIME ZONE lag(rule.zone) OVER earlier, '-infinity') AS starts_at
        FROM ledger_bookversion version, jsonb_to_recordset(convert_from(version.body, 'UTF8')::jsonb -> 'days')
            AS rule(from_day date, zone text, cutoff_hour int)
        WHERE version.id = ANY(%(versions)s::bigint[])
        WINDOW earlier AS (PARTITION BY version.id ORDER BY rule.from_day)
    ), rules AS MATERIALIZED (
        SELECT *, coalesce(lead(starts_at) OVER (PARTITION BY id ORDER BY starts_at), 'infinity') AS ends_at FROM spans
    )
    SELECT said.version, said.stamp, greatest((said.stamp::timestamptz AT TIME ZONE rules.zone - rules.cutoff)::date,
        CASE WHEN rules.is_later THEN rules.from_day ELSE '-infinity' END)
    FROM unnest(%(said_by)s::bigint[], %(stamps)s::text[]) AS said(version, stamp)
    JOIN rules ON rules.id = said.version AND said.stamp::timestamptz >= rules.starts_at
        AND said.stamp::timestamptz < rules.ends_at
"""

BOOKS: Final[LiteralString] = """
    SELECT id, company_id, body FROM ledger_bookversion WHERE company_id = ANY(%s::bigint[]) ORDER BY id
"""

# By topic, and the taxes by rate and account (the rate is "" in documents that do not say it).
# Debits positive. What settles (money, liabilities used, what is owed) is on the other side of every topic.
TOPICS: Final[LiteralString] = (
    _ASKED  # noqa: S608
    + """, held AS (
        SELECT document.company_id, chosen.day, document.currency, document.kind,
            coalesce(line ->> 'about', 'sale') AS about, coalesce(line ->> 'role', '') AS role,
            split_part(coalesce(line ->> 'role', ''), ':', 1) AS head,
            line ->> 'account' AS account, line -> 'taxes' AS taxes, signs.sign,
            signs.sign * (line ->> 'amount')::bigint AS net,
            signs.sign * ((line ->> 'amount')::bigint + coalesce((SELECT sum((tax ->> 'amount')::bigint)
                FROM jsonb_array_elements(line -> 'taxes') tax), 0)) AS debit
        FROM chosen JOIN ledger_document document ON document.posting_id = chosen.id
        CROSS JOIN LATERAL (SELECT CASE WHEN document.kind IN ('invoice', 'deposit') THEN -1 ELSE 1 END AS sign) signs
        CROSS JOIN LATERAL jsonb_array_elements(("""
    + DOCUMENT_TEXT
    + """) -> 'lines') line
        WHERE document.withdrawn_at IS NULL AND document.voided_at IS NULL AND document.kind <> 'payment'
    ), sorted AS (
        SELECT company_id, day, currency,
            CASE about WHEN 'sale' THEN 'sales' WHEN 'refund' THEN 'refunds' WHEN 'fee' THEN 'fees'
                WHEN 'fee_refund' THEN 'fees' WHEN 'dispute' THEN 'disputes' WHEN 'cash' THEN 'cash' END AS topic,
            CASE WHEN about IN ('sale', 'cash') THEN -debit ELSE debit END AS amount
        FROM held
        WHERE about IN ('sale', 'refund', 'fee', 'fee_refund', 'dispute', 'cash')
            AND head NOT IN ('tender', 'bank', 'reserve', 'advance', 'carried_balance')
            AND role NOT IN ('gift_card:redeemed', 'gift_card:refunded', 'store_credit', 'deposit', 'receivable',
                'payable', 'open_check', 'tax_withheld')
        UNION ALL SELECT company_id, day, currency, 'gift cards', -debit
            FROM held WHERE about = 'gift_card' AND head = 'gift_card'
        UNION ALL SELECT company_id, day, currency, 'payouts', CASE kind WHEN 'deposit' THEN -debit ELSE debit END
            FROM held WHERE about = 'payout' AND (kind = 'deposit' OR head = 'bank')
    )
    SELECT company_id, day, currency, topic, NULL AS account, sum(amount)::bigint FROM sorted
    GROUP BY company_id, day, currency, topic
    UNION ALL SELECT company_id, day, currency, rate, account, -sum(amount)::bigint FROM (
        SELECT company_id, day, currency, substr(role, 5) AS rate, account, net AS amount FROM held WHERE head = 'tax'
        UNION ALL SELECT company_id, day, currency, substr(coalesce(tax ->> 'role', ''), 5), tax ->> 'account',
            sign * (tax ->> 'amount')::bigint
        FROM held CROSS JOIN LATERAL jsonb_array_elements(taxes) tax
    ) rates GROUP BY company_id, day, currency, rate, account"""
)

# Ours and theirs, document by document and account by account. What the built-in books have is read there; elsewhere it
# is what was read back, and where only the verdict of that was kept, the same when it was that they agree. An entry
# that was reversed in the built-in books counts as nothing. `is_drift`: where it differs there, somebody changed that
# document, which is a finding of its own (`health.watches.drift`).
_SIDES: Final[LiteralString] = (
    _ASKED  # noqa: S608
    + """, documents AS MATERIALIZED (
        SELECT document.id, document.company_id, chosen.day, document.currency, document.reference,
            binding.id AS binding_id, binding.remote_id, binding.agrees, binding.read_back, link.id AS link_id,
            link.platform = 'books' AS is_local,
            binding.agrees IS FALSE OR link.platform = 'books' AND item.state = 'pushed' AS is_drift,
            coalesce(link.platform = 'books' OR binding.agrees IS NOT NULL, false) AS is_read
        FROM chosen JOIN ledger_document document ON document.posting_id = chosen.id
        LEFT JOIN connectors_binding binding ON binding.document_id = document.id
        LEFT JOIN connectors_connection link ON link.id = binding.connection_id
        LEFT JOIN connectors_pushitem item ON item.document_id = document.id
        WHERE document.withdrawn_at IS NULL AND document.voided_at IS NULL
    ), ours AS MATERIALIZED (
        SELECT documents.id, line.account, sum(coalesce(line.debit, 0)) AS debits,
            sum(coalesce(line.debit, 0) - coalesce(line.credit, 0)) AS net
        FROM documents JOIN ledger_documentline line ON line.document_id = documents.id
        GROUP BY documents.id, line.account
    ), theirs AS (
        SELECT documents.id, account.code AS account, sum(line.debit - line.credit) AS net
        FROM documents
        JOIN books_entry entry ON entry.id = CASE WHEN documents.is_local THEN documents.remote_id::bigint END
        JOIN books_line line ON line.entry_id = entry.id
        JOIN books_account account ON account.id = line.account_id
        WHERE entry.connection_id = documents.link_id
            AND NOT EXISTS (SELECT FROM books_entry reversal WHERE reversal.reverses_id = entry.id)
        GROUP BY documents.id, account.code
        UNION ALL SELECT documents.id, said.key, said.value::bigint
        FROM documents, jsonb_each_text(documents.read_back) said WHERE NOT documents.is_local
        UNION ALL SELECT documents.id, ours.account, ours.net
        FROM documents JOIN ours ON ours.id = documents.id
        WHERE NOT documents.is_local AND documents.read_back IS NULL AND documents.agrees
    ), sides AS (
        SELECT coalesce(ours.id, theirs.id) AS id, coalesce(ours.account, theirs.account) AS account,
            coalesce(ours.debits, 0) AS debits, coalesce(ours.net, 0) AS ours, coalesce(theirs.net, 0) AS theirs
        FROM ours FULL JOIN theirs ON theirs.id = ours.id AND theirs.account = ours.account
    )
    """
)

# Per account of a day: our debits, our net, theirs, and by how much they are off beside what is drift.
ACCOUNTS: Final[LiteralString] = (
    _SIDES  # noqa: S608
    + """SELECT documents.company_id, documents.day, documents.currency, sides.account, sum(sides.debits)::bigint,
        sum(sides.ours)::bigint, sum(sides.theirs)::bigint,
        coalesce(sum(sides.theirs - sides.ours) FILTER (WHERE is_read AND NOT is_drift), 0)::bigint
    FROM documents JOIN sides ON sides.id = documents.id
    GROUP BY documents.company_id, documents.day, documents.currency, sides.account"""
)

# Per day: documents, undelivered, not read back yet, disagreeing.
DOCUMENTS: Final[LiteralString] = (
    _SIDES  # noqa: S608
    + """SELECT company_id, day, currency, count(*), count(*) FILTER (WHERE binding_id IS NULL),
        count(*) FILTER (WHERE NOT is_read), count(*) FILTER (WHERE agrees IS FALSE OR is_read AND EXISTS (
            SELECT FROM sides WHERE sides.id = documents.id AND sides.ours <> sides.theirs))
    FROM documents GROUP BY company_id, day, currency"""
)

# The documents that read back as something else, drift left out.
OFF: Final[LiteralString] = (
    _SIDES  # noqa: S608
    + """SELECT documents.company_id, documents.day, documents.currency, sides.account, documents.id,
        documents.reference, (sides.theirs - sides.ours)::bigint
    FROM documents JOIN sides ON sides.id = documents.id
    WHERE is_read AND NOT is_drift AND sides.ours <> sides.theirs ORDER BY documents.id LIMIT 1000"""
)
