"""Days on which a source should have had sales and had none, by its own rhythm."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final, LiteralString

from msgspec import Struct

from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.narrowing import ALL_TIME, narrowed
from health.watches.rhythm import WEEKS, Silence, silences
from ledger import sql
from ledger.book import decode_book
from ledger.calendar import Calendar

CODE: Final = "day_without_sales"
LOOK_BACK_DAYS: Final = 14  # a silence that began earlier has been told of
COUNTED: Final = 100  # sales of a day: whoever has more has them for certain

# A source that is switched off, lost or paused brings nothing for another reason, which is told of as that; and books
# kept by payout know no days. `through` is the last day that a sync has covered.
_SOURCES: Final[LiteralString] = """
    SELECT source.company_id, source.id, source.label, link.public_id::text, schedule.last_success_through,
        version.body,
        (SELECT min(finding.day) FROM health_finding finding WHERE finding.company_id = source.company_id
            AND finding.code = %s AND finding.resolved_at IS NULL)
    FROM ledger_source source
    JOIN connectors_connection link ON link.source_id = source.id AND link.status = 'Linked'
    JOIN commerce_sync_schedule schedule ON schedule.company_id = source.company_id
        AND schedule.last_success_through IS NOT NULL
    JOIN LATERAL (SELECT body FROM ledger_bookversion WHERE company_id = source.company_id
                  ORDER BY number DESC LIMIT 1) version ON true
    WHERE source.company_id = ANY(%s) ORDER BY source.id
"""
_SOLD: Final[LiteralString] = """
    SELECT sold.source_id, posting.day, count(*)::int
    FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS asked(company_id, first, last)
    JOIN ledger_posting posting ON posting.company_id = asked.company_id
        AND posting.day BETWEEN asked.first AND asked.last
    CROSS JOIN LATERAL (
        SELECT record.source_id FROM ledger_standing standing
        JOIN ledger_record record ON record.id = standing.record_id AND record.kind = 'order' AND NOT record.deleted
        WHERE standing.posting_id = posting.id AND standing.state = 1 LIMIT %s) sold
    GROUP BY sold.source_id, posting.day
"""
# Whatever keeps a sale from the books, it was made.
_THERE: Final[LiteralString] = """
    SELECT asked.source_id, asked.day FROM unnest(%s::bigint[], %s::date[], %s::timestamptz[], %s::timestamptz[])
        AS asked(source_id, day, first, last)
    WHERE EXISTS (SELECT FROM ledger_record record WHERE record.source_id = asked.source_id AND record.kind = 'order'
        AND NOT record.superseded AND NOT record.deleted AND record.received_at >= asked.first - interval '1 hour'
        AND record.happened_at >= asked.first AND record.happened_at < asked.last)
"""


class Watched(Struct):
    """A source, and the days of it that are looked at."""

    company_id: int
    source_id: int
    label: str
    connection: str
    calendar: Calendar
    first: date
    last: date
    sold: dict[date, int]


def look(scope: Scope) -> Looked:
    """At night all companies; else those of which a silence is known."""
    ids = narrowed(scope, {CODE})
    found = _sources(ids, scope.at) if ids else []
    if not found:
        return Looked((), dict.fromkeys(ids, ALL_TIME))
    _count(found)
    silent = [(source, each) for source in found for each in _silences(source)]
    if silent and _fill_in(silent):  # sales that are not in the books yet end a silence
        silent = [(source, each) for source in found for each in _silences(source)]
    seen = [_seen(source, silence) for source, silence in silent]
    return Looked(seen, dict.fromkeys(ids, ALL_TIME))


def _sources(company_ids: list[int], at: datetime) -> list[Watched]:
    found = []
    for company_id, source_id, label, link, through, body, known in sql.rows(_SOURCES, (CODE, company_ids)):
        book = decode_book(bytes(body))
        if book.mode == "per_payout":
            continue
        last = min(through, book.calendar.day_of(at) - timedelta(days=1))
        first = last - timedelta(days=LOOK_BACK_DAYS - 1)
        first = max(min(first, known or first), book.start_on or date.min)
        found.append(Watched(company_id, source_id, label, link, book.calendar, first, last, {}))
    return found


def _count(found: list[Watched]) -> None:
    spans: dict[int, tuple[date, date]] = {}
    for each in found:
        first, last = spans.get(each.company_id, (each.first, each.last))
        spans[each.company_id] = min(first, each.first), max(last, each.last)
    firsts = [first - timedelta(weeks=WEEKS) for first, _ in spans.values()]
    by_source = {each.source_id: each for each in found}
    for source_id, day, number in sql.rows(_SOLD, (list(spans), firsts, [last for _, last in spans.values()], COUNTED)):
        if source_id in by_source:
            by_source[source_id].sold[day] = number


def _silences(source: Watched) -> list[Silence]:
    return silences(source.sold, source.first, source.last, min(source.sold)) if source.sold else []


def _fill_in(silent: list[tuple[Watched, Silence]]) -> bool:
    """Count what is not in the books: problems, and what waits; whether there was any."""
    asked: list[tuple[int, date, Any, Any]] = []
    for source, silence in silent:
        for number in range((silence.last - silence.first).days + 1):
            day = silence.first + timedelta(days=number)
            if day not in source.sold:
                asked.append((source.source_id, day, *source.calendar.bounds(day)))
    by_source = {source.source_id: source for source, _ in silent}
    there = sql.rows(_THERE, tuple(list(column) for column in zip(*asked, strict=True)))
    for source_id, day in there:
        by_source[source_id].sold[day] = 1
    return bool(there)


def _seen(source: Watched, silence: Silence) -> Seen:
    usual = f"{silence.usual}" if silence.usual < COUNTED else f"{COUNTED} or more"
    days = silence.first.isoformat() if silence.days == 1 else f"{silence.first} to {silence.last}"
    facts = {"day": days, "weekday": f"{silence.first:%A}", "usual": usual, "source": source.label}
    return Seen(
        CODE, source.company_id, f"{source.source_id} {silence.first}", facts, day=silence.first, count=silence.days,
        causes=(Cause("connection", source.connection, source.label),),
    )  # fmt: skip


WATCHES: Final = (Watch("completeness", frozenset({CODE}), look),)
