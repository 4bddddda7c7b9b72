"""The reconciliation as text for a terminal: a compact table per currency, a row per day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from commerce_sync.reconcile import TOPICS, DayTotals
from ledger.money import format_minor

_DELIVERY: Final = ("Documents", "In books", "Difference")
_MAIN: Final = ("sales", "refunds", "fees", "payouts")


def render_days(days: Iterable[DayTotals]) -> str:
    """A block per currency. Stated amounts by topic, then what the documents hold and the books read back as the sums
    of their debits, then by how much anything differs."""
    blocks = []
    for currency, found in groupby(sorted(days, key=attrgetter("currency")), key=attrgetter("currency")):
        blocks.append(_block(currency, list(found)))
    return "\n\n".join(blocks or ["Nothing is in the books yet."]) + "\n"


def describe_differences(days: Iterable[DayTotals]) -> list[str]:
    """Each difference in a sentence."""
    found = []
    for each in days:
        when = each.day.isoformat() if each.day else "in all"
        for topic, amounts in each.differences.items():
            stated, held = _money(amounts.stated, each.currency), _money(amounts.documents, each.currency)
            found.append(f"{when}: {topic} are stated as {stated}, the documents hold {held}")
        if each.read_back is not None and each.read_back != each.debits:
            held, back = _money(each.debits, each.currency), _money(each.read_back, each.currency)
            found.append(f"{when}: the documents' debits are {held}, the books read back {back}")
        elif each.disagreeing:
            found.append(f"{when}: {each.disagreeing} documents read back with other accounts")
    return found


def _block(currency: str, days: Sequence[DayTotals]) -> str:
    topics = [topic for topic in TOPICS if topic in _MAIN or any(_stated(each, topic) for each in days)]
    heads = [f"{currency}  Day", "Records", *(topic.capitalize() for topic in topics), *_DELIVERY]
    ordered = sorted(days, key=lambda each: each.day.isoformat() if each.day else "")
    rows = [_cells(each, topics) for each in ordered]
    widths = [max(len(row[column]) for row in (heads, *rows, _total(ordered, topics))) for column in range(len(heads))]
    lines = [_row(row, widths) for row in (heads, *rows, _total(ordered, topics))]
    ruler = "-" * len(lines[0])
    return "\n".join([lines[0], ruler, *lines[1:-1], ruler, lines[-1]])


def _cells(each: DayTotals, topics: Sequence[str]) -> list[str]:
    day = each.day.isoformat() if each.day else "all days"
    stated = [_money(_stated(each, topic), each.currency) for topic in topics]
    back = "not read" if each.read_back is None else _money(each.read_back, each.currency)
    return [
        day,
        f"{each.records:,}",
        *stated,
        _money(each.debits, each.currency),
        back,
        _money(each.off, each.currency),
    ]


def _total(days: Sequence[DayTotals], topics: Sequence[str]) -> list[str]:
    currency = days[0].currency
    known = [each.read_back for each in days if each.read_back is not None]
    return [
        "Total",
        f"{sum(each.records for each in days):,}",
        *(_money(sum(_stated(each, topic) for each in days), currency) for topic in topics),
        _money(sum(each.debits for each in days), currency),
        _money(sum(known), currency) if len(known) == len(days) else "not read",
        _money(sum(each.off for each in days), currency),
    ]


def _stated(each: DayTotals, topic: str) -> int:
    return each.topics[topic].stated if topic in each.topics else 0


def _money(amount: int, currency: str) -> str:
    return format_minor(amount, currency)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return f"{first[0]:{first[1]}}" + "".join(f"  {cell:>{width}}" for cell, width in others)
