"""What was sold on each day, and how much of it is in the books: for the chart of sales.

Sold is what customers owed, with taxes and tips, before refunds and fees. What is in documents is read from them, by
the day that they are for; what is in none yet from the records themselves, by the company's own business days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, Literal, LiteralString, NamedTuple

import msgspec
from msgspec import Struct

from ledger import sql
from ledger.calendar import Calendar

Part = Literal["posted", "waiting", "wrong"]
MOST_WAITING: Final = 10_000
"""So many of the sales that wait are looked at, the newest first: before a first sync it may be all its past."""

# A document counts as it stands: there, on its way, or refused (or taken away there by somebody).
_PART: Final[LiteralString] = """
    CASE WHEN item.state IN ('refused', 'removed') THEN 'wrong' WHEN document.pushed_at IS NOT NULL THEN 'posted'
        ELSE 'waiting' END
"""
_FROM: Final[LiteralString] = """
    FROM ledger_posting posting
    JOIN ledger_document document ON document.posting_id = posting.id
    LEFT JOIN connectors_pushitem item ON item.document_id = document.id
    WHERE posting.company_id = %s AND posting.day BETWEEN %s AND %s
        AND document.withdrawn_at IS NULL AND document.voided_at IS NULL
"""
# An invoice of sales is what was sold; a credit note of sales (an adjustment, a reversal) takes from it.
_INVOICED: Final[LiteralString] = (
    "SELECT posting.day, document.currency, "
    + _PART
    + """, sum(CASE document.kind WHEN 'invoice' THEN document.total ELSE -document.total END)::bigint"""
    + _FROM
    + """ AND (right(document.key, 13) = '/invoice/sale' OR right(document.key, 17) = '/credit_note/sale')
    GROUP BY 1, 2, 3"""
)
_JOURNALS: Final[LiteralString] = (
    "SELECT posting.day, document.currency, " + _PART + ", document.body" + _FROM + " AND document.kind = 'journal'"
)
# width_bucket finds the business day: the number of the last of the days' beginnings that is not after the sale. Of a
# sale that has changed, what is in the books by its former version is counted there already.
_OUTSIDE: Final[LiteralString] = """
    WITH wrong AS MATERIALIZED (
        SELECT DISTINCT problem.record_id FROM ledger_problem problem
        WHERE problem.company_id = %s AND problem.resolved_at IS NULL AND problem.record_id IS NOT NULL
            AND problem.code = ANY(%s)
    ), outside AS (
        (SELECT record_id FROM ledger_standing WHERE company_id = %s AND state = 0
            AND happened_at >= %s AND happened_at < %s ORDER BY happened_at DESC LIMIT %s)
        UNION (SELECT record_id FROM ledger_standing WHERE company_id = %s AND state = 5
            AND happened_at >= %s AND happened_at < %s ORDER BY happened_at DESC LIMIT %s)
        UNION SELECT wrong.record_id FROM wrong JOIN ledger_standing standing ON standing.record_id = wrong.record_id
            WHERE standing.state = 3 AND standing.happened_at >= %s AND standing.happened_at < %s
    )
    SELECT width_bucket(record.happened_at, %s::timestamptz[]), record.currency,
        wrong.record_id IS NOT NULL, sum(record.total - coalesce(former.total, 0))::bigint, count(*)
    FROM outside JOIN ledger_record record ON record.id = outside.record_id
    LEFT JOIN wrong ON wrong.record_id = record.id
    LEFT JOIN LATERAL (
        SELECT version.total FROM ledger_record version
        JOIN ledger_standing held ON held.record_id = version.id AND held.state = 1
        WHERE record.revision > 1 AND version.source_id = record.source_id AND version.kind = record.kind
            AND version.external_id = record.external_id AND version.superseded LIMIT 1
    ) former ON true
    WHERE record.kind = 'order' AND NOT record.deleted AND NOT record.superseded
    GROUP BY 1, 2, 3
"""


class Sold(NamedTuple):
    """One day (or the days from ``day`` through ``through``) in minor units: in the books, not yet, with a problem."""

    day: date
    through: date
    posted: int = 0
    waiting: int = 0
    wrong: int = 0

    @property
    def total(self) -> int:
        """All that was sold."""
        return self.posted + self.waiting + self.wrong


class Sales(NamedTuple):
    """Currency → its days, every one of them, oldest first. ``is_whole`` False: more sales wait than are counted."""

    currencies: dict[str, list[Sold]]
    is_whole: bool


class _Tax(Struct):
    amount: int


class _Line(Struct):
    amount: int
    role: str = ""
    about: str = "sale"
    taxes: tuple[_Tax, ...] = ()


class _Journal(Struct):
    lines: tuple[_Line, ...] = ()


# What pays for a sale, or is owed for it, is the other side of it.
_SETTLING: Final = frozenset({"tender", "bank", "reserve", "advance", "carried_balance"})
_SETTLING_ROLES: Final = frozenset(
    {
        "gift_card:redeemed",
        "gift_card:refunded",
        "store_credit",
        "deposit",
        "receivable",
        "payable",
        "open_check",
        "tax_withheld",
    }
)
_decode = msgspec.json.Decoder(_Journal).decode
_Found = dict[tuple[str, date], dict[str, int]]


def sold_in_journal(body: bytes) -> int:
    """What a stored journal says was sold, in minor units; reversals and adjustments have it the other way round."""
    return -sum(
        line.amount + sum(tax.amount for tax in line.taxes)
        for line in _decode(body).lines
        if line.about == "sale" and line.role not in _SETTLING_ROLES and line.role.partition(":")[0] not in _SETTLING
    )


def sales_of(company_id: int, calendar: Calendar, first: date, last: date, blocking: list[str]) -> Sales:
    """What was sold on each day from ``first`` through ``last``; ``blocking``: the codes that keep a sale out."""
    found: _Found = {}
    for day, currency, part, amount in _documented(company_id, first, last):
        entry = found.setdefault((currency, day), {})
        entry[part] = entry.get(part, 0) + amount
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    waiting = 0
    for number, currency, is_wrong, amount, count in _outside(company_id, calendar, days, blocking):
        entry = found.setdefault((currency, days[number - 1]), {})
        part = "wrong" if is_wrong else "waiting"
        entry[part] = entry.get(part, 0) + amount
        waiting += count
    currencies = sorted({currency for currency, _ in found})
    table = {currency: [Sold(day, day, **found.get((currency, day), {})) for day in days] for currency in currencies}
    return Sales(table, waiting < MOST_WAITING)


def in_weeks(days: list[Sold]) -> list[Sold]:
    """The same by blocks of seven days, the last of which ends with the last day."""
    start = len(days) % 7
    blocks = [days[:start]] if start else []
    blocks += [days[at : at + 7] for at in range(start, len(days), 7)]
    return [
        Sold(
            block[0].day,
            block[-1].through,
            sum(each.posted for each in block),
            sum(each.waiting for each in block),
            sum(each.wrong for each in block),
        )
        for block in blocks
    ]


def _documented(company_id: int, first: date, last: date) -> Iterator[tuple[date, str, str, int]]:
    parameters = (company_id, first, last)
    yield from sql.rows(_INVOICED, parameters)
    for day, currency, part, body in sql.stream(_JOURNALS, parameters):
        yield day, currency, part, sold_in_journal(bytes(body))


def _outside(
    company_id: int, calendar: Calendar, days: list[date], blocking: list[str]
) -> list[tuple[int, str, bool, int, int]]:
    starts = [calendar.bounds(day)[0] for day in days]
    span = (starts[0], calendar.bounds(days[-1])[1])
    listed = (company_id, *span, MOST_WAITING)
    return sql.rows(_OUTSIDE, (company_id, blocking, *listed, *listed, *span, starts))
