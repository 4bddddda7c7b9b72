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
), settled AS MATERIALIZED (
    SELECT company_id, source_id, kind, account, currency, named, sum(amount)::bigint AS amount, max(at) AS at,
        min(payout_id) AS payout_id, min(zone) AS zone
    FROM listed JOIN accounts USING (version, role, currency) WHERE kind IS NOT NULL
    GROUP BY company_id, source_id, kind, account, currency, named
), keyed AS MATERIALIZED (
    SELECT moved.*, accounts.account, coalesce(own.named, whole.named) AS settled_name, coalesce(own.named, whole.named,
        moved.own_name) AS key
    FROM moved JOIN accounts USING (version, role, currency)
    LEFT JOIN settled own ON own.company_id = moved.company_id AND own.source_id = moved.source_id
        AND own.kind = moved.kind AND own.account = accounts.account AND own.currency = moved.currency
        AND own.named = moved.own_name AND own.named <> ''
    LEFT JOIN settled whole ON own.named IS NULL AND whole.company_id = moved.company_id
        AND whole.source_id = moved.source_id AND whole.kind = moved.kind AND whole.account = accounts.account
        AND whole.currency = moved.currency AND whole.named = moved.name AND whole.named <> ''
), summed AS (
    SELECT company_id, source_id, kind, account, currency, key, max(settled_name) AS settled_name, min(at) AS at,
        min(zone) AS zone, sum(amount)::bigint AS amount, min(id) AS id, min(role) AS role, min(order_id) AS order_id,
        bool_or(is_listed) AS is_listed
    FROM keyed GROUP BY company_id, source_id, kind, account, currency, key
), opened AS MATERIALIZED (
    SELECT summed.company_id, summed.source_id, summed.kind, summed.account, summed.currency, summed.at, summed.id,
        summed.role, summed.order_id, (summed.at AT TIME ZONE summed.zone)::date AS day, summed.amount AS moved,
        summed.is_listed, coalesce(nullif(summed.order_id, ''), summed.key) AS name,
        (summed.amount - coalesce(settled.amount, 0))::bigint AS amount, settled.at AS settled_at, summed.key
    FROM summed LEFT JOIN settled ON settled.company_id = summed.company_id AND settled.source_id = summed.source_id
        AND settled.kind = summed.kind AND settled.account = summed.account AND settled.currency = summed.currency
        AND settled.named = summed.settled_name
    UNION ALL
    SELECT settled.company_id, settled.source_id, 'payout', settled.account, settled.currency, settled.at,
        settled.payout_id, '', '', (settled.at AT TIME ZONE settled.zone)::date, -settled.amount, NULL,
        settled.named, -settled.amount, NULL, settled.named
    FROM settled LEFT JOIN (SELECT DISTINCT company_id, source_id, kind, account, currency, settled_name FROM keyed
            WHERE settled_name IS NOT NULL) found
        ON found.company_id = settled.company_id AND found.source_id = settled.source_id AND found.kind = settled.kind
        AND found.account = settled.account AND found.currency = settled.currency AND found.settled_name = settled.named
    WHERE found.settled_name IS NULL
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
    + """, refunded AS (
    SELECT company_id, source_id, order_id, sum(amount) AS amount FROM opened
    WHERE kind = 'refund' AND order_id <> '' GROUP BY company_id, source_id, order_id
), payments AS (
    SELECT opened.*, opened.amount = opened.moved AND opened.amount + coalesce(refunded.amount, 0) > 0 AS is_unpaid,
        opened.amount <> opened.moved AND opened.settled_at <= %(at)s - interval '1 day' AS is_paid
    FROM opened LEFT JOIN refunded USING (company_id, source_id, order_id)
    WHERE opened.kind = 'order' AND opened.moved > 0
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
