"""The mapping of a company at the console: looked at by everybody, changed by who may, under the rules that hold
everywhere. What a change would do is shown first; what somebody else saved meanwhile is never lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from msgspec import Struct, structs

from commerce_sync.change_effect import effect_of_change
from commerce_sync.configuration.known import Known
from commerce_sync.configuration.merging import rebased
from commerce_sync.configuration.rules import failures
from commerce_sync.configuration.saving import Overtaken, save_configuration
from commerce_sync.configuration.state import known_of, links_of
from commerce_sync.configuration.wanted import Wanted
from commerce_sync.flow.change_saving import last_day
from commerce_sync.flow.change_words import restate_from
from commerce_sync.flow.differences import Names, differences, grouped, names_of
from commerce_sync.flow.stage import said_of
from commerce_sync.restating import restate
from commerce_sync.services import AlreadyRunning
from health.console.company import frame_of
from health.console.mapping_form import by_field, chosen, form_of
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from ledger.book import Book
from ledger.models import BookVersion, Company

EFFECT_DAYS: Final = timedelta(days=29)  # from the first day to the last
MOST_RECORDS: Final = 2_000  # of these days that are posted again in memory while somebody waits


class Asked(Struct):
    """What a form asks for, on top of what is in force: the book, what cannot be taken, and what somebody else has
    saved since the form was made (None: nothing)."""

    known: Known
    book: Book
    problems: dict[str, str]
    others: BookVersion | None = None
    base: BookVersion | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("ledger.view_bookversion")
def mapping_page(console: Console, company_id: UUID) -> HttpResponse:
    """The mapping in force; what a change of it would do; saving the change."""
    company = console.company(company_id)
    known = _known(company)
    if console.request.method != "POST":
        return _page(console, company, known, None, {})
    console.require(Right.MAP)
    said = said_of(console.request)
    asked = _asked(company, known, said)
    if asked.others is not None:
        return _overtaken(console, company, asked)
    failing, wrong = by_field(known, failures(asked.book, known))
    problems = {**failing, **asked.problems}
    told: dict[str, Any] = {"wrong": wrong, **_changes(company, asked)}
    if said.get("act") != "save" or problems or wrong:
        is_refused = bool(problems or wrong)
        return _page(console, company, known, said, problems, told, 400 if is_refused else 200)
    return _saved(console, company, asked, said, told)


def _saved(
    console: Console, company: Company, asked: Asked, said: dict[str, str], told: dict[str, Any]
) -> HttpResponse:
    day, problem = None, ""
    if said.get("restate_from", "").strip():
        day, problem = restate_from(said, asked.book, last_day(asked.known))
    try:
        why = console.why()
        if not problem:
            _save(company, asked, console.actor, why, day)
    except NoReason as error:
        problem = str(error)
    except AlreadyRunning:
        problem = "A sync is under way. Save again when it has ended, or leave past days as they are."
    except Overtaken:
        again = _asked(company, _known(company), said)
        return _overtaken(console, company, again)
    if problem:
        return _page(console, company, asked.known, said, {}, {**told, "refusal": problem}, 400)
    messages.success(console.request, "The mapping is in force from the next posting on.")
    return redirect("admin:console-mapping", company.public_id)


@transaction.atomic
def _save(company: Company, asked: Asked, actor: str, why: str, day: date | None) -> None:
    wanted = Wanted(asked.book, asked.known.plan)
    save_configuration(company=company, known=asked.known, wanted=wanted, actor=actor, reason=why)
    if day is not None:
        last = last_day(asked.known)
        restate(company=company, calendar=asked.book.calendar, from_day=day, through=last, actor=actor)


def _known(company: Company) -> Known:
    """What there is to choose from: all of it, whatever the partner shows to merchants."""
    return structs.replace(known_of(company, links_of(company)), visible=None)


def _asked(company: Company, known: Known, said: dict[str, str]) -> Asked:
    """The form holds for the version that it was made from; over another one only what it changes does."""
    text = said.get("version", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else known.version
    base = company.book_versions.filter(number=seen).first() if seen != known.version else None
    if base is None:
        found = chosen(known, said)
        return Asked(known, found.book, found.problems)
    found = chosen(structs.replace(known, book=base.book), said)
    others = company.book_versions.filter(number=known.version).first()
    return Asked(known, rebased(base.book, found.book, known.book), found.problems, others, base)


def _overtaken(console: Console, company: Company, asked: Asked) -> HttpResponse:
    """Somebody else was faster: what they changed, and the form with this person's choices on top of it."""
    names = _names(asked.known)
    theirs = differences(asked.base.book, asked.known.book, names) if asked.base is not None else []
    told = {"others": asked.others, "theirs": grouped(theirs), **_changes(company, asked)}
    known = structs.replace(asked.known, book=asked.book)
    return _page(console, company, known, None, asked.problems, told, 409)


def _changes(company: Company, asked: Asked) -> dict[str, Any]:
    """What differs from what is in force, and what that would do to the last days."""
    known = asked.known
    if asked.book == known.book:
        return {"is_checked": True, "groups": []}
    names = _names(known)
    context: dict[str, Any] = {"is_checked": True, "groups": grouped(differences(known.book, asked.book, names))}
    if not known.has_postings:
        return context
    last = last_day(known)
    found = effect_of_change(company, known.book, asked.book, last - EFFECT_DAYS, last, most=MOST_RECORDS)
    if found is None:
        return {**context, "is_too_large": True}
    return {**context, "effect": found, "moved": [(names.option("account", row.account), row) for row in found.moved]}


def _names(known: Known) -> Names:
    return names_of(known.options, known.all_rates(), {})


def _page(
    console: Console,
    company: Company,
    known: Known,
    said: dict[str, str] | None,
    problems: dict[str, str],
    told: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **frame_of(console, company, "mapping"),
        "may_map": console.may(Right.MAP) and known.configured,
        "known": known,
        "said": said or {},
        **form_of(known, said, problems),
        **(told or {}),
    }
    return console.shown("console/company/mapping.html", context, status)
