"""Query parameters that operations of this folder share, and reading days out of them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter

from commerce_sync.api.errors import invalid
from ledger.calendar import Calendar, DayRule, OutsideCalendar
from ledger.models import Company

LONGEST_PERIOD_DAYS: Final = 400
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def parameter(name: str, description: str, schema: Any = str, *, required: bool = False) -> OpenApiParameter:
    """A query parameter."""
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, required=required, description=description)


def page_parameters(default: int, largest: int) -> tuple[OpenApiParameter, OpenApiParameter]:
    """Those of a page inside an answer, with its own limits."""
    size = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return (
        parameter("page", "Page of records.", {"type": "integer", "minimum": 1, "default": 1}),
        parameter("pageSize", "Records a page.", size),
    )


def read_day(text: str, field: str, calendar: Calendar) -> date:
    """The business day that `text` names: a plain date is one, an instant lies in one (without a zone it is UTC).

    Raises `ApiError` 400 naming `field`.
    """
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            calendar.bounds(day)  # refuses years that no calendar reaches
            return day
        if "T" not in text:
            raise ValueError(text)
        moment = datetime.fromisoformat(text[:19] + text[19:].replace(" ", "+"))  # what a "+" in an address becomes
        return calendar.day_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError, OutsideCalendar):
        words = f"{field} must be a date such as 2026-03-02 or an instant such as 2026-03-02T00:00:00Z."
        raise invalid(words, (field, f"{text[:40]!r} is neither")) from None


def read_period(first: str, last: str, fields: tuple[str, str], calendar: Calendar) -> tuple[date, date]:
    """The business days from `first` through `last`, both whole; at most `LONGEST_PERIOD_DAYS`. Raises `ApiError`."""
    start, finish = read_day(first, fields[0], calendar), read_day(last, fields[1], calendar)
    if finish < start:
        raise invalid("The period ends before it starts.", (fields[1], f"before {fields[0]}"))
    days = (finish - start).days + 1
    if days > LONGEST_PERIOD_DAYS:
        words = f"The period has {days:,} days; ask for {LONGEST_PERIOD_DAYS} at most."
        raise invalid(words, (fields[1], "too far away"))
    return start, finish


def calendar_of(company: Company) -> Calendar:
    """The business days of `company` as its book has them; without a book, plain days in its time zone."""
    version = company.book_versions.order_by("-number").first()
    return version.book.calendar if version else Calendar((DayRule(date(2000, 1, 1), company.zone, 0),))
