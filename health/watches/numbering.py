"""Numbers that are missing at a source that leaves none out: sales that never came to us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, LiteralString

from msgspec import Struct

from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.narrowing import narrowed
from health.watches.numbers import Gap, Sale, between, gaps
from health.watches.wording import short
from ledger import sql

CODE: Final = "number_gap"
LOOK_BACK: Final = timedelta(days=35)  # enough numbers of a small shop to see that it leaves none out
SETTLED_AFTER: Final = timedelta(days=1)  # an open check of last night comes with its closing
AROUND: Final = timedelta(days=1)
EARLIER: Final = timedelta(days=60)  # a sale with an older number may have come long before its neighbors
MOST_READ: Final = 20_000  # sales of a source, the newest first

# The number stands near the beginning of a record's bytes (ledger/commerce.py), where it is cut out of them undecoded:
# a fifth of the cost. One with quotes in it would be cut short, and is no number to count by.
_NUMBER: Final[LiteralString] = """
    split_part(split_part(encode(substring({0}.body FROM 1 FOR 900), 'escape'), '"number":"', 2), '"', 1)"""
_SALES: Final[LiteralString] = (
    """
    SELECT source.company_id, source.id, source.label, sale.id, sale.number, sale.happened_at, sale.received_at
    FROM ledger_source source CROSS JOIN LATERAL (
        SELECT record.id, record.happened_at, record.received_at, """  # noqa: S608
    + _NUMBER.replace("{0}", "record")
    + """ AS number FROM ledger_record record
        WHERE record.source_id = source.id AND record.kind = 'order' AND NOT record.superseded AND NOT record.deleted
            AND record.received_at >= %s
        ORDER BY record.received_at DESC, record.id DESC LIMIT %s) sale
    WHERE source.company_id = ANY(%s) AND sale.number <> ''
    ORDER BY source.id, sale.id"""
)
# Numbers that are used and not among the sales of these days: canceled, refunds that are counted along, earlier ones.
_OTHERS: Final[LiteralString] = (
    "SELECT record.source_id, "  # noqa: S608
    + _NUMBER.replace("{0}", "record")
    + """ FROM ledger_record record
    WHERE record.source_id = ANY(%s) AND record.kind = 'order' AND record.superseded
    UNION SELECT record.source_id, """
    + _NUMBER.replace("900", "8000").replace("{0}", "record")
    + """ FROM ledger_record record
    WHERE record.source_id = ANY(%s) AND record.kind = 'refund' AND NOT record.superseded AND NOT record.deleted
        AND record.received_at >= %s
    UNION SELECT record.source_id, """
    + _NUMBER.replace("{0}", "record")
    + """ FROM ledger_record record
    WHERE record.source_id = ANY(%s) AND record.kind = 'order' AND NOT record.superseded AND NOT record.deleted
        AND record.received_at >= %s AND record.received_at < %s"""
)
# What came and has no number that we know: taken back before it was ever told of, or refused by us.
_NUMBERLESS: Final[LiteralString] = """
    SELECT record.source_id, record.received_at FROM ledger_record record
    WHERE record.source_id = ANY(%s) AND record.deleted AND NOT record.superseded AND record.kind = 'order'
        AND record.revision = 1 AND record.received_at >= %s
    UNION ALL SELECT problem.source_id, problem.opened_at FROM ledger_problem problem
    WHERE problem.company_id = ANY(%s) AND problem.source_id = ANY(%s) AND problem.record_id IS NULL
        AND problem.opened_at >= %s
"""


class Series(Struct):
    """What a source sold lately."""

    company_id: int
    label: str
    sales: list[Sale]
    times: dict[int, tuple[datetime, datetime]]  # record → happened, received


def look(scope: Scope) -> Looked:
    """At night all companies; else those of which a gap is known. Gaps of earlier days stay until somebody acts."""
    ids = narrowed(scope, {CODE})
    since = scope.at - LOOK_BACK
    days = dict.fromkeys(ids, ((since + timedelta(days=2)).date(), date.max))
    found = _series(ids, since) if ids else {}
    open_gaps = {
        source_id: [
            gap for gap in gaps(series.sales) if series.times[gap.after.record_id][0] <= scope.at - SETTLED_AFTER
        ]
        for source_id, series in found.items()
    }
    ill = [source_id for source_id, each in open_gaps.items() if each]
    if not ill:
        return Looked((), days)
    others, numberless = _others(ill, since), _numberless(ill, ids, since - AROUND)
    return Looked(
        [
            _seen(source_id, found[source_id], gap)
            for source_id in ill
            for gap in open_gaps[source_id]
            if not _is_explained(gap, found[source_id], others.get(source_id, []), numberless.get(source_id, []))
        ],
        days,
    )


def _series(company_ids: Sequence[int], since: datetime) -> dict[int, Series]:
    found: dict[int, Series] = {}
    rows = sql.rows(_SALES, (since, MOST_READ, list(company_ids)))
    for company_id, source_id, label, record_id, number, happened_at, received_at in rows:
        series = found.setdefault(source_id, Series(company_id, label, [], {}))
        series.sales.append(Sale(record_id, number))
        series.times[record_id] = happened_at, received_at
    return found


def _others(source_ids: list[int], since: datetime) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    parameters = (source_ids, source_ids, since - EARLIER, source_ids, since - EARLIER, since)
    for source_id, number in sql.rows(_OTHERS, parameters):
        if number:
            found.setdefault(source_id, []).append(number)
    return found


def _numberless(source_ids: list[int], company_ids: list[int], since: datetime) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    for source_id, at in sql.rows(_NUMBERLESS, (source_ids, since, company_ids, source_ids, since)):
        found.setdefault(source_id, []).append(at)
    return found


def _is_explained(gap: Gap, series: Series, others: list[str], numberless: list[datetime]) -> bool:
    known = {number for number in others if between(gap, number)}
    came = sorted((series.times[gap.before.record_id][1], series.times[gap.after.record_id][1]))
    unknown = sum(came[0] - AROUND <= at <= came[1] + AROUND for at in numberless)
    return len(known) + unknown >= gap.missing


def _seen(source_id: int, series: Series, gap: Gap) -> Seen:
    return Seen(
        CODE,
        series.company_id,
        short(f"{source_id} {gap.before.number} {gap.after.number}"),
        {"first": gap.before.number, "last": gap.after.number, "count": gap.missing, "source": series.label},
        day=series.times[gap.after.record_id][0].date(),
        count=gap.missing,
        causes=(
            Cause("record", str(gap.before.record_id), gap.before.number, "before"),
            Cause("record", str(gap.after.record_id), gap.after.number, "after"),
        ),
    )


WATCHES: Final = (Watch("numbering", frozenset({CODE}), look),)
