"""The stage of the schedule: from which day on sales are kept, and when syncs run by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from msgspec import structs

from commerce_sync.configuration.changing import moved
from commerce_sync.configuration.known import Known, Plan
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.stage import Begun, Chosen, told
from commerce_sync.schedule import Frequency
from connectors.options import locked_through
from ledger.book import Book
from ledger.calendar import OutsideCalendar, UnknownZone
from ledger.zones import zone_names, zone_of

FREQUENCIES: Final[dict[Frequency, tuple[Any, Any]]] = {
    "daily": (
        gettext_lazy("Every day"),
        gettext_lazy("After the end of the day, for the whole day. Most choose this."),
    ),
    "hourly": (gettext_lazy("Every hour"), gettext_lazy("The day so far is brought up to date each hour.")),
    "event": (gettext_lazy("With every sale"), gettext_lazy("Soon after something happens in your sales system.")),
    "monthly": (gettext_lazy("Once a month"), gettext_lazy("All days since the last time, on one day of the month.")),
}
LATEST: Final = timedelta(days=366)  # so far ahead may the first day be
_ONE_DAY: Final = timedelta(days=1)


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Show the stage, or complete it."""
    locked = _locked(merchant)
    return told(request, merchant, "schedule", lambda at, said: chosen(at.known, said, locked), schedule_page)


def chosen(known: Known, said: Mapping[str, str], locked: date | None) -> Chosen:
    """The book and the plan that a form asks for; ``locked`` is the last day that is closed in the books. Pure."""
    problems: dict[str, str] = {}
    plan = _plan(known.plan, said, problems)
    book = known.book
    if "zone" not in problems:
        book = structs.replace(book, days=moved(book.days, plan.zone, known.today, has_postings=known.has_postings))
    start_on = _start(known, book, said.get("start_on", "").strip(), locked, problems)
    if start_on is not None:
        book = structs.replace(book, start_on=start_on)
    return Chosen(book, plan, problems)


def suggested_start(known: Known, locked: date | None) -> date:
    """The first of the month, or the day after what is closed."""
    first = known.today.replace(day=1)
    return max(first, locked + _ONE_DAY) if locked else first


def _plan(plan: Plan, said: Mapping[str, str], problems: dict[str, str]) -> Plan:
    frequency = said.get("frequency", plan.frequency)
    if frequency not in FREQUENCIES:
        problems["frequency"] = _("Choose one of the list.")
        frequency = plan.frequency
    hour = _whole(said.get("hour", str(plan.hour)), 0, 23)
    if hour is None:
        problems["hour"] = _("Choose an hour of the day.")
    day = _whole(said.get("day_of_month", str(plan.day_of_month)), 1, 28)
    if day is None:
        problems["day_of_month"] = _("Choose a day from 1 to 28: every month has these.")
    zone = said.get("zone", plan.zone).strip()
    try:
        zone_of(zone)
    except UnknownZone:
        problems["zone"] = _("There is no time zone “%(said)s”. Choose one of the list, such as Europe/Paris.") % {
            "said": zone[:60]
        }
        zone = plan.zone
    return Plan(frequency, plan.hour if hour is None else hour, zone, plan.day_of_month if day is None else day)


def _start(known: Known, book: Book, text: str, locked: date | None, problems: dict[str, str]) -> date | None:
    if not text:
        problems["start_on"] = _("Choose the first day that is to be kept.")
        return None
    try:
        day = date.fromisoformat(text)
        book.calendar.bounds(day)
    except (ValueError, OutsideCalendar, OverflowError):
        problems["start_on"] = _("“%(said)s” is no date. Write it as 2026-03-01.") % {"said": text[:40]}
        return None
    if day == known.book.start_on:
        return day
    if locked and day <= locked:
        words = _("Your books are closed through %(locked)s. Choose a later day, or open the period there first.")
        problems["start_on"] = words % {"locked": date_format(locked)}
    elif day > known.today + LATEST:
        problems["start_on"] = _("Choose a day within the next year.")
    return day


def _whole(text: str, least: int, most: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        return None
    return int(text) if least <= int(text) <= most else None


def _locked(merchant: Merchant) -> date | None:
    return locked_through(merchant.books) if merchant.books is not None else None


def schedule_page(
    request: HttpRequest,
    merchant: Merchant,
    at: Begun,
    said: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> HttpResponse:
    """The stage as it stands, or as a form ``said`` it, with the ``problems`` of that."""
    known, locked = at.known, _locked(merchant)
    start_on = known.book.start_on or suggested_start(known, locked)
    values = {
        "start_on": start_on.isoformat(),
        "frequency": known.plan.frequency,
        "hour": str(known.plan.hour),
        "day_of_month": str(known.plan.day_of_month),
        "zone": known.plan.zone,
        **(said or {}),
    }
    context = {
        **at.context,
        "said": values,
        "frequencies": [(key, *words) for key, words in FREQUENCIES.items()],
        "hours": [(str(hour), time_format(time(hour))) for hour in range(24)],
        "days": [str(day) for day in range(1, 29)],
        "zones": sorted(name for name in zone_names() if "/" in name and not name.startswith("Etc/")),
        "locked": locked,
        "problems": problems or {},
    }
    return shown(request, merchant, "flow/schedule.html", context, status=400 if problems else 200)
