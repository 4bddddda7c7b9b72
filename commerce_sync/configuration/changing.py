"""Changes of a book that hold from a day on: its clock, and its tax codes. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import structs

from ledger.book import TaxCode
from ledger.calendar import DayRule

_ONE_DAY: Final = timedelta(days=1)


def moved(days: tuple[DayRule, ...], zone: str, today: date, *, has_postings: bool) -> tuple[DayRule, ...]:
    """``days`` on the clock of ``zone``: from tomorrow on once anything is in the books, else from the beginning."""
    last = days[-1]
    if last.zone == zone:
        return days
    if not has_postings:
        return (DayRule(days[0].from_day, zone, last.cutoff_hour),)
    tomorrow = today + _ONE_DAY
    kept = tuple(rule for rule in days if rule.from_day < tomorrow)
    return (*kept, DayRule(tomorrow, zone, last.cutoff_hour)) if kept else (DayRule(tomorrow, zone, last.cutoff_hour),)


def with_tax_code(
    codes: tuple[TaxCode, ...], tax: str, code: str, today: date, from_day: date | None = None
) -> tuple[TaxCode, ...]:
    """``codes`` with ``code`` for ``tax``: in the place of the one that is in force ``today``, or from ``from_day`` on.

    "" leaves none. What begins later than that stays.
    """
    at = today if from_day is None else from_day
    in_force = [each for each in codes if each.tax == tax and each.from_day <= at]
    if not code:
        return tuple(each for each in codes if each not in in_force)
    if not in_force:
        return (*codes, TaxCode(tax, code))
    latest = max(in_force, key=lambda each: each.from_day)
    if from_day is not None and latest.from_day != from_day:
        return (*codes, TaxCode(tax, code, from_day)) if latest.code != code else codes
    return tuple(structs.replace(each, code=code) if each is latest else each for each in codes)
