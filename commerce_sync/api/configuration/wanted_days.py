"""The first day that is kept, and the clock by which days are cut, as a configuration asks for them. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec import structs

from commerce_sync.api.configuration import shapes
from commerce_sync.configuration.changing import moved
from commerce_sync.configuration.known import Known
from ledger.book import Book
from ledger.calendar import OutsideCalendar, UnknownZone, localize
from ledger.zones import zone_of


def with_days(
    schedule: shapes.SyncSchedule, book: Book, known: Known, zone: str, problems: list[tuple[str, str]]
) -> Book:
    """``book`` with the start date of ``schedule`` and its days cut by the clock of ``zone``."""
    if zone != known.plan.zone:
        try:
            zone_of(zone)
        except UnknownZone:
            problems.append(("schedule.timeZone", "This is no IANA time zone, such as Europe/London."))
        else:
            book = structs.replace(book, days=moved(book.days, zone, known.today, has_postings=known.has_postings))
    text = schedule.start_date
    if isinstance(text, str):
        try:
            # Said as it was shown, it stays the day that it was, also when the clock has changed.
            is_as_shown = known.book.start_on is not None and _day(text, known.book) == known.book.start_on
            start_on = known.book.start_on if is_as_shown else _day(text, book)
        except (ValueError, OverflowError, OutsideCalendar):
            words = "The start date is an instant such as 2026-03-01T00:00:00Z, between 1900 and 2199."
            problems.append(("schedule.startDate", words))
        else:
            book = structs.replace(book, start_on=start_on)
    return book


def _day(text: str, book: Book) -> date:
    """The business day that begins at, or contains, the instant; a text without offset is on the book's own clock.

    A bare date is that business day. Raises ValueError.
    """
    if len(text) == 10:
        day = date.fromisoformat(text)
        book.calendar.bounds(day)
        return day
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = localize(instant, book.days[-1].zone)
    return book.calendar.day_of(instant.astimezone(UTC))
