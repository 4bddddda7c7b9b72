"""What a change does beside what it is: from when on it holds, and what it leaves as it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from commerce_sync.configuration.known import Known
from commerce_sync.flow.keeping import MODES
from ledger.book import Book

FARTHEST: Final = timedelta(days=3 * 366)  # so far back may days be corrected


def notes(
    before: Book,
    after: Book,
    locked: date | None,
    *,
    has_suspended: bool,
    has_postings: bool,
    last_done: date | None = None,
) -> list[str]:
    """What the merchant should know before saving. ``last_done`` is the last day that is in the books whole."""
    found = []
    if before.mode != after.mode:
        found += _of_form(str(MODES[after.mode][0]), last_done if has_postings else None)
    if has_postings and before.start_on != after.start_on and after.start_on is not None:
        day = date_format(after.start_on, "DATE_FORMAT")
        if before.start_on is not None and after.start_on < before.start_on:
            words = _("Sales from %(day)s on that are not in your books yet come in with the next sync.")
        else:
            words = _("What is in your books of the days before %(day)s stays there. New sales of those days stay out.")
        found.append(words % {"day": day})
    if before.days != after.days:
        facts = {"zone": after.days[-1].zone, "day": date_format(after.days[-1].from_day, "DATE_FORMAT")}
        found.append(_("From %(day)s on your days end by the clock of %(zone)s. Days before that keep theirs.") % facts)
    if has_suspended and before.accounts != after.accounts:
        found.append(
            _("Days with something in the suspense account are worked out anew with the next sync, in any case.")
        )
    if locked is not None and before != after:
        words = _("Your books are closed through %(day)s. Corrections of closed days are entered on the first open day.")  # fmt: skip # noqa: E501
        found.append(words % {"day": date_format(locked, "DATE_FORMAT")})
    return found


def _of_form(mode: str, last_done: date | None) -> list[str]:
    if last_done is None:
        return [_("From the next sync on your sales come as: %(mode)s.") % {"mode": mode}]
    day = date_format(last_done + timedelta(days=1), "DATE_FORMAT")
    return [
        _("From %(day)s on your sales come as: %(mode)s.") % {"day": day, "mode": mode},
        _("Days that are in your books keep their form. To give one the new form, take it back and bring it in again."),
        _("If it is to begin later, save it on that day: your change is kept here until then."),
    ]


def first_shown(known: Known, last: date) -> date:
    """The first of last month, or the first day that is kept."""
    first = (last.replace(day=1) - timedelta(days=1)).replace(day=1)
    start_on = known.book.start_on
    return min(max(first, start_on), last) if start_on else first


def restate_from(said: Mapping[str, str], book: Book, last: date) -> tuple[date | None, str]:
    """The day that a form wants corrected from on, or what is wrong with it. ``last`` is the last that is over."""
    text = said.get("restate_from", "").strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, _("“%(said)s” is no date. Write it as 2026-03-01.") % {"said": text[:40]}
    if day > last:
        return None, _("Choose a day that is over: the last one is %(last)s.") % {
            "last": date_format(last, "DATE_FORMAT")
        }
    first = max(filter(None, (book.start_on, last - FARTHEST)))
    if day < first:
        return None, _("Choose a day from %(first)s on.") % {"first": date_format(first, "DATE_FORMAT")}
    return day, ""
