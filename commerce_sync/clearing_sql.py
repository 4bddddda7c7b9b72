"""What waits in the clearing accounts, from the records alone: each payment, refund, fee and dispute that no payout has
settled yet. Plain SQL over several companies at once; it knows accounting independently of the rules that post.

A payout that lists its items settles the payments that they name, by their own ids or by those of their records; what
it does not name is left to whoever reads this, to be set against the oldest. Amounts are minor units; money that waits
for us is positive. Only records in the books count, and of those posted since a day.
"""

from __future__ import annotations

from typing import Final, LiteralString

from commerce_sync.reconcile_sql import RECORD_TEXT

_BOOK: Final[LiteralString] = RECORD_TEXT.replace("record.body", "version.body")

# A role falls back from specific to general, among the accounts of its currency first, and only in the book's own
# currency among the others (as `ledger.book.Book.account` says it).
_SAID: Final[LiteralString] = (
    "WITH said AS MATERIALIZED (SELECT standing.company_id, record.id, record.source_id, record.kind, "  # noqa: S608
    "record.external_id, record.currency, posting.book_version_id AS version, company.zone, "
    + RECORD_TEXT
    + """ AS body
    FROM ledger_posting posting
    JOIN ledger_company company ON company.id = posting.company_id
    JOIN ledger_standing standing ON standing.posting_id = posting.id AND standing.state = 1
    JOIN ledger_record record ON record.id = standing.record_id
    WHERE posting.company_id = ANY(%(companies)s) AND posting.day >= %(since)s AND NOT record.deleted
        AND record.kind IN ('order', 'refund', 'fee', 'payout', 'dispute')
), books AS MATERIALIZED (
    SELECT version.id AS version, """
    + _BOOK
    + """ AS body FROM ledger_bookversion version WHERE version.id IN (SELECT version FROM said)
), kept AS (
    SELECT said.*, 'tender:' || coalesce(said.body ->> 'method', 'card')
            || coalesce(':' || nullif(said.body ->> 'provider', ''), '') AS role,
        coalesce(books.body -> 'policy' ->> 'fees_from', 'records') AS fees_from
    FROM said JOIN books USING (version)
    WHERE kind IN ('fee', 'payout', 'dispute') AND coalesce(said.body ->> 'method', 'card') <> 'cash'
)"""
)

_MOVED: Final[LiteralString] = """, listed AS MATERIALIZED (
    SELECT kept.id AS payout_id, company_id, source_id, version, role, currency, zone,
        (body ->> 'arrives_on')::timestamptz AS at, (item ->> 'amount')::bigint AS amount,
        coalesce(item ->> 'source_id', '') AS named,
        CASE WHEN item ->> 'kind' = 'charge' THEN 'order'
            WHEN item ->> 'kind' IN ('refund', 'dispute') THEN item ->> 'kind'
            WHEN item ->> 'kind' IN ('fee', 'fee_refund') AND fees_from <> 'payouts' THEN 'fee' END AS kind
    FROM kept CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(body -> 'items') WHEN 'array' THEN body -> 'items' END) item
    WHERE kept.kind = 'payout'
), moved AS MATERIALIZED (
    SELECT id, company_id, source_id, kind, currency, version, zone,
        'tender:' || (tender ->> 'method')
            || coalesce(':' || coalesce(nullif(tender ->> 'provider', ''), nullif(tender ->> 'label', '')), '') AS role,
        (tender ->> 'captured_at')::timestamptz AS at,
        CASE kind WHEN 'order' THEN 1 ELSE -1 END * ((tender ->> 'amount')::bigint - CASE WHEN place > 1 THEN 0
            ELSE (SELECT coalesce(sum((tax ->> 'amount')::bigint), 0) FROM jsonb_path_query(said.body,
                '$.lines[*].taxes[*] ? (@.collected_by == "marketplace")') tax) END) AS amount,
        tender ->> 'id' AS own_name, external_id AS name,
        CASE kind WHEN 'refund' THEN body ->> 'order_id' ELSE external_id END AS order_id, false AS is_listed
    FROM said CROSS JOIN LATERAL jsonb_array_elements(said.body -> 'tenders') WITH ORDINALITY AS t(tender, place)
    WHERE kind IN ('order', 'refund') AND tender ->> 'method' NOT IN ('cash', 'gift_card', 'store_credit')
    UNION ALL SELECT id, company_id, source_id, kind, currency, version, zone, role, event.at, event.amount,
        external_id, coalesce(body ->> 'settles', body ->> 'tender_id', ''), '', false
    FROM kept CROSS JOIN LATERAL (
        SELECT (body ->> 'charged_at')::timestamptz AS at, -(body ->> 'amount')::bigint - coalesce((
                SELECT sum((tax ->> 'amount')::bigint) FROM jsonb_array_elements(body -> 'taxes') tax), 0) AS amount
            WHERE kind = 'fee' AND fees_from = 'records'
        UNION ALL SELECT (body ->> 'opened_at')::timestamptz, -(body ->> 'amount')::bigint
            WHERE kind = 'dispute' AND body ->> 'outcome' <> 'inquiry'
        UNION ALL SELECT coalesce(body ->> 'closed_at', body ->> 'opened_at')::timestamptz, (body ->> 'amount')::bigint
            WHERE kind = 'dispute' AND body ->> 'outcome' = 'won'
    ) event
    UNION ALL SELECT kept.id, kept.company_id, kept.source_id, kept.kind, kept.currency, kept.version, kept.zone,
        kept.role, (body ->> 'arrives_on')::timestamptz, coalesce(items.amount, 0) - (body ->> 'amount')::bigint,
        external_id, '', '', items.amount IS NOT NULL
    FROM kept LEFT JOIN (SELECT payout_id, sum(amount)::bigint AS amount FROM listed GROUP BY payout_id) items
        ON items.payout_id = kept.id
    WHERE kind = 'payout'
)"""

_OPEN: Final[LiteralString] = """, accounts AS MATERIALIZED (
    SELECT chosen.* FROM (
        SELECT used.*, coalesce(
            (SELECT body -> 'accounts' ->> (path || '@' || used.currency) FROM unnest(paths) path
                WHERE body -> 'accounts' ? (path || '@' || used.currency) ORDER BY length(path) DESC LIMIT 1),
            (SELECT body -> 'accounts' ->> path FROM unnest(paths) path
                WHERE body -> 'accounts' ? path AND used.currency = body ->> 'currency'
                ORDER BY length(path) DESC LIMIT 1)) AS account,
            coalesce(body -> 'accounts' ->> ('bank@' || used.currency), body -> 'accounts' ->> 'bank', '') AS bank
        FROM (SELECT DISTINCT version, role, currency FROM moved) used
        JOIN books USING (version)
        CROSS JOIN LATERAL (SELECT string_to_array(used.role, ':') AS parts) split
        CROSS JOIN LATERAL (SELECT array_agg(array_to_string(parts[1:n], ':')) AS paths
            FROM generate_series(1, cardinality(parts)) n) made
    ) chosen WHERE account <> bank
), parts AS (
    SELECT id, company_id, source_id, kind, account, currency, zone, role, at, amount, own_name AS key, own_name, name,
        order_id, is_listed, false AS is_item
    FROM moved JOIN accounts USING (version, role, currency)
    UNION ALL SELECT payout_id, company_id, source_id, kind, account, currency, zone, '', at, amount,
        coalesce(nullif(named, ''), chr(1) || payout_id), '', '', '', NULL, true
    FROM listed JOIN accounts USING (version, role, currency) WHERE kind IS NOT NULL
), by_own_name AS (
    SELECT *, bool_or(is_item) OVER (PARTITION BY company_id, source_id, kind, account, currency, key) AS is_named
    FROM parts
), by_name AS (
    SELECT id, company_id, source_id, kind, account, currency, zone, role, at, amount, own_name, order_id, is_listed,
        is_item, CASE WHEN is_named THEN key ELSE name END AS key FROM by_own_name
), keyed AS (
    SELECT *, bool_or(is_item) OVER (PARTITION BY company_id, source_id, kind, account, currency, key) AS is_named
    FROM by_name
), summed AS (
    SELECT company_id, source_id, kind, account, currency, CASE WHEN is_named THEN key ELSE own_name END AS key,
        count(*) FILTER (WHERE NOT is_item) AS moves, min(zone) AS zone,
        coalesce(min(at) FILTER (WHERE NOT is_item), max(at)) AS at, max(at) FILTER (WHERE is_item) AS settled_at,
        coalesce(sum(amount) FILTER (WHERE NOT is_item), 0)::bigint AS moved,
        coalesce(sum(amount) FILTER (WHERE is_item), 0)::bigint AS settled,
        coalesce(min(id) FILTER (WHERE NOT is_item), min(id)) AS id, max(role) AS role, max(order_id) AS order_id,
        bool_or(is_listed) AS is_listed
    FROM keyed GROUP BY 1, 2, 3, 4, 5, 6
), opened AS MATERIALIZED (
    SELECT company_id, source_id, CASE WHEN moves = 0 THEN 'payout' ELSE kind END AS kind, account, currency, at, id,
        role, order_id, (at AT TIME ZONE zone)::date AS day, CASE WHEN moves = 0 THEN -settled ELSE moved END AS moved,
        is_listed, coalesce(nullif(order_id, ''), key) AS name, (moved - settled)::bigint AS amount, settled_at, key
    FROM summed
)"""

OPENED: Final[LiteralString] = _SAID + _MOVED + _OPEN

# Parameters: companies, since, at. Rows of four kinds, told by their first column:
#   open    what is open of a day, kind and side: (amount, count), with ids and names of its three greatest records
#   payout  a payout: what it was set against if it lists nothing, and whether it lists what it settles
#   gap     payments that no payout names, in one run between others of their kind that were named a day ago or earlier;
#           a single one only where its day has no other: processors hold single payments back, and not whole days
#   known   the last day that a source has told anything of
EVERYTHING: Final[LiteralString] = (
    OPENED  # noqa: S608
    + """, told AS (
    SELECT *, coalesce(sum(amount) FILTER (WHERE kind = 'refund')
        OVER (PARTITION BY company_id, source_id, order_id), 0) AS refunded
    FROM opened
), payments AS (
    SELECT *, amount = moved AND amount + refunded > 0 AS is_unpaid,
        amount <> moved AND settled_at <= %(at)s - interval '1 day' AS is_paid
    FROM told WHERE kind = 'order' AND moved > 0
), runs AS (
    SELECT *, count(*) FILTER (WHERE is_paid) OVER earlier AS paid_before,
        count(*) FILTER (WHERE is_paid) OVER (PARTITION BY company_id, source_id, role, account, currency) AS paid,
        lag(day) OVER earlier AS day_before, lead(day) OVER earlier AS day_after
    FROM payments
    WINDOW earlier AS (PARTITION BY company_id, source_id, role, account, currency ORDER BY at, id)
)
SELECT 'open' AS what, company_id, source_id, account, currency, day, day AS through, kind,
    sum(amount)::bigint AS amount, count(*)::int AS count,
    (array_agg(id ORDER BY abs(amount) DESC, id))[1:3] AS ids,
    (array_agg(name ORDER BY abs(amount) DESC, id))[1:3] AS names, false AS is_listed
FROM opened WHERE amount <> 0
GROUP BY company_id, source_id, account, currency, day, kind, amount > 0
UNION ALL
SELECT 'payout', company_id, source_id, account, currency, day, day, role, -moved, 1, ARRAY[id],
    ARRAY[name], is_listed
FROM opened WHERE kind = 'payout' AND is_listed IS NOT NULL
UNION ALL
SELECT 'gap', company_id, source_id, account, currency, min(day), max(day), role, sum(amount)::bigint, count(*)::int,
    (array_agg(id ORDER BY at, id))[1:20], (array_agg(name ORDER BY at, id))[1:20], true
FROM runs WHERE is_unpaid AND paid_before > 0 AND paid_before < paid
GROUP BY company_id, source_id, role, account, currency, paid_before
HAVING count(*) > 1 OR (max(day_before) < min(day) AND min(day_after) > max(day))
UNION ALL
SELECT 'known', company_id, source_id, '', '', max(day), max(day), '', 0, 0, '{}', '{}', false
FROM opened GROUP BY company_id, source_id
ORDER BY company_id, account, currency, day, kind
"""
)

# Parameters: of, accounts (in parallel). What the documents of companies hold on accounts.
HELD: Final[LiteralString] = """
    SELECT document.company_id, line.account, document.currency,
        sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint
    FROM ledger_document document JOIN ledger_documentline line ON line.document_id = document.id
    WHERE document.company_id = ANY(%(of)s) AND document.withdrawn_at IS NULL AND document.voided_at IS NULL
        AND (document.company_id, line.account) IN (SELECT * FROM unnest(%(of)s::bigint[], %(accounts)s::text[]))
    GROUP BY document.company_id, line.account, document.currency
"""

# Parameters: companies. The first day that a company has a posting of.
BEGAN: Final[LiteralString] = (
    "SELECT company_id, min(day) FROM ledger_posting WHERE company_id = ANY(%(companies)s) GROUP BY company_id"
)

# Parameters: companies (one), since, account, currency, consumed, limit. What is open one by one, the oldest first;
# of the payments those that are left when ``consumed`` was set against the oldest, and of the first of these the rest.
ONE_BY_ONE: Final[LiteralString] = (
    OPENED  # noqa: S608
    + """, ordered AS (
    SELECT kind, id, key, at, day, order_id, amount, sum(amount) FILTER (WHERE amount > 0) OVER (ORDER BY at, id, key)
        AS through FROM opened WHERE account = %(account)s AND currency = %(currency)s AND amount <> 0
)
SELECT kind, id, key, at, day, order_id,
    CASE WHEN amount < 0 THEN amount ELSE least(amount, through - %(consumed)s) END::bigint
FROM ordered WHERE CASE WHEN amount < 0 THEN %(consumed)s = 0 ELSE through > %(consumed)s END
ORDER BY at, id LIMIT %(limit)s
"""
)
