"""Reconciled days: which are to be looked at, and the rows in which their totals are kept for pages and lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, LiteralString, NamedTuple

import msgspec

from commerce_sync.reconcile_days import RATE, DaySums, Four, sum_days
from commerce_sync.reconcile_parts import TAX
from health.findings.seen import Scope
from health.models import ReconciledDay
from ledger import sql

NIGHT_DAYS: Final = 35
"""Each night a month and its last week are looked at: as long as payouts, disputes and corrections usually take."""
AT_ONCE: Final = 400  # days of companies that are summed together: bounds what is held in memory
_OVERLAP: Final = timedelta(hours=1)  # a posting may commit that long after its own time
_BINDINGS_DAYS: Final = 60  # documents that old are looked at again when they are delivered or read back
CODES: Final = ("stated_differs", "documents_differ", "books_differ", "tax_differs")

# Of a company that has not been looked at yet: all of its days.
_TOUCHED: Final[LiteralString] = """
    WITH asked AS MATERIALIZED (
        SELECT company.id, coalesce(watched.looked_at - %(overlap)s, '-infinity') AS since,
            EXISTS (SELECT FROM ledger_bookversion version WHERE version.company_id = company.id
                AND convert_from(version.body, 'UTF8')::jsonb ->> 'mode' = 'per_payout') AS is_dayless
        FROM unnest(%(companies)s::bigint[]) AS company(id) LEFT JOIN health_watched watched
            ON watched.company_id = company.id
    )
    SELECT posting.company_id, posting.day FROM asked JOIN ledger_posting posting ON posting.company_id = asked.id
    WHERE CASE WHEN asked.is_dayless THEN %(night)s
        ELSE posting.created_at > asked.since OR %(night)s AND posting.day >= %(first)s END
    UNION SELECT posting.company_id, posting.day
    FROM asked JOIN ledger_document document ON document.company_id = asked.id AND document.date >= %(bound)s
    JOIN connectors_binding binding ON binding.document_id = document.id
    JOIN ledger_posting posting ON posting.id = document.posting_id
    WHERE NOT asked.is_dayless AND (binding.bound_at > asked.since OR binding.verified_at > asked.since
        OR binding.voided_at > asked.since)
    UNION SELECT finding.company_id, finding.day FROM asked JOIN health_finding finding ON finding.company_id = asked.id
    WHERE NOT asked.is_dayless AND finding.resolved_at IS NULL AND finding.code = ANY(%(codes)s)
        AND finding.day IS NOT NULL
"""
_FORGET: Final[LiteralString] = """
    DELETE FROM health_reconciledday kept USING unnest(%s::bigint[], %s::date[]) AS asked(company_id, day)
    WHERE kept.company_id = asked.company_id AND kept.day IS NOT DISTINCT FROM asked.day
"""
_KEEP: Final[LiteralString] = """
    INSERT INTO health_reconciledday (company_id, day, currency, totals, incomparable, records, documents, undelivered,
        unread, disagreeing, difference, looked_at)
    SELECT fresh.*, %s FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::jsonb[], %s::jsonb[], %s::int[], %s::int[],
        %s::int[], %s::int[], %s::int[], %s::bigint[]) AS fresh
"""


def look_at_days(scope: Scope) -> Iterator[DaySums]:
    """Sum the days that are to be looked at, keep their totals, and give them. Soon after something happened these are
    the days that were posted, delivered or read back since the last look; at night also those of the last weeks, and
    all of books that post per payout."""
    found = sql.rows_named(
        _TOUCHED,
        {
            "companies": list(scope.company_ids),
            "overlap": _OVERLAP,
            "night": scope.depth == "night",
            "first": scope.at.date() - timedelta(days=NIGHT_DAYS),
            "bound": scope.at.date() - timedelta(days=_BINDINGS_DAYS),
            "codes": list(CODES),
        },
    )
    for asked in _portions(sorted((company, day) for company, day in found)):
        sums = sum_days(asked)
        keep(sums, asked, scope.at)
        yield from sums


def _portions(asked: Sequence[tuple[int, date]]) -> Iterator[list[tuple[int, date]]]:
    """Companies together until their days are many; the days of one company are never parted."""
    portion: list[tuple[int, date]] = []
    for _, days in groupby(asked, key=lambda each: each[0]):
        own = list(days)
        if portion and len(portion) + len(own) > AT_ONCE:
            yield portion
            portion = []
        portion += own
    if portion:
        yield portion


def keep(sums: Sequence[DaySums], asked: Iterable[tuple[int, date]], at: datetime) -> None:
    """Replace the rows of the days that were asked for."""
    gone = {*asked, *((each.company_id, each.day) for each in sums)}
    sql.execute(_FORGET, ([company for company, _ in gone], [day for _, day in gone]))
    columns = (
        [each.company_id for each in sums],
        [each.day for each in sums],
        [each.currency for each in sums],
        [msgspec.json.encode(each.roles).decode() for each in sums],
        [msgspec.json.encode(each.incomparable).decode() for each in sums],
        [each.records for each in sums],
        [each.documents for each in sums],
        [each.undelivered for each in sums],
        [each.unread for each in sums],
        [each.disagreeing for each in sums],
        [difference(each) for each in sums],
    )
    sql.execute(_KEEP, (at, *columns))


def differing(sums: DaySums) -> dict[str, Four]:
    """The roles whose records and documents differ; of a tax account with several rates the rates that do."""
    found = {
        role: four
        for role, four in sums.roles.items()
        if four.records is not None and four.records != four.documents and role not in sums.incomparable
    }
    for account, keys in sums.taxes.items():
        if any(f"{RATE} {key}" in found for key in keys):
            found.pop(f"{TAX} {account}", None)
    return found


def difference(sums: DaySums) -> int:
    """By how much a day is off in all, in minor units: a penny that is lost on the way counts once at each place where
    two totals meet."""
    lost = sum(abs(each.stated - each.held) for records in sums.lost.values() for each in records)
    held = sum(abs((four.records or 0) - (four.documents or 0)) for four in differing(sums).values())
    return lost + held + sum(map(abs, sums.off.values())) // 2


MOST_OFF: Final = 100


class OffDay(NamedTuple):
    """A kept day that is off. ``roles`` as in `DaySums`."""

    company_id: int
    day: date | None
    currency: str
    roles: dict[str, Four]


def kept_off() -> list[OffDay]:
    """The days of all companies that are off, by company and day; a hundred at most."""
    found = ReconciledDay.objects.filter(difference__gt=0).order_by("company_id", "-day")[:MOST_OFF]
    return [OffDay(each.company_id, each.day, each.currency, roles_of(each)) for each in found]


def roles_of(kept: ReconciledDay) -> dict[str, Four]:
    """The four totals of a kept day, role by role."""
    return {role: Four(*totals) for role, totals in kept.totals.items()}
