"""The same sales from two systems: a till and the shop or processor behind it, both connected as sources."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, LiteralString

from health.findings.seen import MOST_CAUSES, Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from ledger import sql

LOOK_BACK: Final = timedelta(days=14)
SECONDS_APART: Final = 120  # two systems write down one sale within their own minute, and clocks differ
LEAST: Final = 3  # a coffee at the same price in the same minute happens twice by chance
LEAST_SHARE: Final = 0.6  # of the sales of the smaller source of that day
MOST_READ: Final = 20_000  # orders of a source, the newest first

# Matched to the unit and to the minute, each sale once: counted by whichever side has fewer.
_OVERLAPS: Final[LiteralString] = """
    WITH several AS (
        SELECT source.company_id FROM ledger_source source WHERE source.company_id = ANY(%(companies)s)
        GROUP BY source.company_id HAVING count(*) > 1
    ), sales AS MATERIALIZED (
        SELECT source.company_id, source.id AS source_id, record.id, record.external_id, record.currency, record.total,
            record.happened_at, extract(epoch FROM record.happened_at)::bigint / %(apart)s AS slot,
            (record.happened_at AT TIME ZONE company.zone)::date AS day
        FROM several JOIN ledger_source source USING (company_id) JOIN ledger_company company ON company.id = company_id
        CROSS JOIN LATERAL (
            SELECT * FROM ledger_record recent WHERE recent.source_id = source.id AND recent.kind = 'order'
                AND NOT recent.superseded AND NOT recent.deleted AND recent.received_at >= %(since)s
            ORDER BY recent.received_at DESC, recent.id DESC LIMIT %(most)s) record
        WHERE record.happened_at >= %(since)s AND record.total <> 0
    ), counted AS (
        SELECT source_id, day, count(*) AS sales FROM sales GROUP BY source_id, day
    ), matched AS (
        SELECT one.company_id, one.source_id AS first, two.source_id AS second, one.day, one.currency,
            least(count(DISTINCT one.id), count(DISTINCT two.id)) AS number,
            sum(one.total) * least(count(DISTINCT one.id), count(DISTINCT two.id)) / count(*) AS amount,
            (array_agg(DISTINCT one.id || ' ' || one.external_id))[1:%(causes)s] AS records
        FROM sales one JOIN sales two ON two.company_id = one.company_id AND two.source_id > one.source_id
            AND two.currency = one.currency AND two.total = one.total
            AND two.slot BETWEEN one.slot - 1 AND one.slot + 1
            AND abs(extract(epoch FROM two.happened_at - one.happened_at)) <= %(apart)s
        GROUP BY one.company_id, one.source_id, two.source_id, one.day, one.currency
    ), days AS (
        SELECT matched.* FROM matched
        JOIN counted one ON one.source_id = first AND one.day = matched.day
        JOIN counted two ON two.source_id = second AND two.day = matched.day
        WHERE number >= %(least)s AND number >= %(share)s * least(one.sales, two.sales)
    )
    SELECT days.company_id, first, second, one.label, two.label, days.currency, min(day), sum(number)::int,
        sum(amount)::bigint, (array_agg(records[1] ORDER BY day))[1:%(causes)s]
    FROM days JOIN ledger_source one ON one.id = first JOIN ledger_source two ON two.id = second
    GROUP BY days.company_id, first, second, one.label, two.label, days.currency ORDER BY days.company_id, first, second
"""


def look(scope: Scope) -> Looked:
    """The companies that have sales from more than one place."""
    parameters = {
        "companies": list(scope.company_ids),
        "since": scope.at - LOOK_BACK,
        "apart": SECONDS_APART,
        "least": LEAST,
        "share": LEAST_SHARE,
        "most": MOST_READ,
        "causes": MOST_CAUSES,
    }
    return Looked([
        Seen(
            "sources_overlap",
            company_id,
            f"{first} {second} {currency}",
            {"count": number, "day": day.isoformat(), "first": one, "second": f"{two} (2)" if two == one else two},
            day=day,
            currency=currency,
            amount=amount,
            count=number,
            causes=tuple(Cause("record", *told.split(" ", 1)) for told in records),
        )
        for company_id, first, second, one, two, currency, day, number, amount, records in sql.rows_named(
            _OVERLAPS, parameters
        )
    ])  # fmt: skip


WATCHES: Final = (Watch("overlap", frozenset({"sources_overlap"}), look),)
