"""A change of what is in force: what it is, what it would do to past days, and putting it in force or not."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from itertools import groupby
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commerce_sync.change_effect import effect_of_change
from commerce_sync.configuration.rules import failures
from commerce_sync.configuration.saving import Overtaken
from commerce_sync.flow import ledger_view
from commerce_sync.flow.change_saving import last_day, rebase, save_change
from commerce_sync.flow.change_words import first_shown, notes, restate_from
from commerce_sync.flow.differences import Names, differences, grouped, names_of, plan_differences
from commerce_sync.flow.draft import DraftMoved, NotComplete, drop
from commerce_sync.flow.history import zone_of_company
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.stage import Begun, begun, said_of, seen_of
from commerce_sync.flow.version_words import CHANGED, who, why
from commerce_sync.services import AlreadyRunning, CannotResume
from connectors.options import locked_through
from ledger import sql

LONGEST_REASON: Final = 200


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Show what the draft would change and do, or put it in force."""
    at = _begun(merchant)
    if isinstance(at, HttpResponse):
        return at
    if request.method != "POST":
        return _page(request, merchant, at)
    said = said_of(request)
    if not at.draft.revision:  # it was saved or thrown away already
        return redirect("flow")
    day, problem = None, ""
    if said.get("when") == "restate":
        day, problem = restate_from(said, at.draft.book, last_day(at.in_force))
        if problem:
            return _page(request, merchant, at, said, {"restate_from": problem})
    return _saved(request, merchant, at, said, day)


def _saved(request: HttpRequest, merchant: Merchant, at: Begun, said: dict[str, str], day: date | None) -> HttpResponse:
    reason = said.get("why", "").strip()[:LONGEST_REASON] or CHANGED
    try:
        sync = save_change(
            company=merchant.company, known=at.in_force, seen=seen_of(request), reason=reason, restate_from=day
        )
    except DraftMoved:
        return shown(request, merchant, "flow/moved.html", at.context, status=409)
    except (NotComplete, Overtaken):
        return _page(request, merchant, at, said, status=409)
    except AlreadyRunning:
        words = _("A sync is under way already. Wait until it has ended, then save again.")
        return _page(request, merchant, at, said, {"when": words}, status=409)
    except CannotResume:
        words = _("Some days would be met twice or never. Choose another first day.")
        return _page(request, merchant, at, said, {"when": words}, status=409)
    return redirect("flow-sync", sync.public_id) if sync else redirect("flow-change-saved")


@merchant_page
@require_safe
def effect(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """What the change would do to the days asked for: a part of the page that comes after it."""
    at = _begun(merchant)
    if isinstance(at, HttpResponse):
        return at
    if at.draft.book == at.in_force.book:
        return redirect("flow-change")
    return shown(request, merchant, "flow/_effect.html", _effect(request, merchant, at))


@merchant_page
@require_POST
def rebase_change(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Keep the merchant's own choices, on top of what somebody else has put in force."""
    at = _begun(merchant)
    if isinstance(at, HttpResponse):
        return at
    if at.draft.revision:
        with suppress(DraftMoved):  # the page shows it as it is now
            rebase(company=merchant.company, known=at.in_force, seen=seen_of(request))
    return redirect("flow-change")


@merchant_page
@require_POST
def drop_change(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Throw the draft away that the page showed; what is in force stays."""
    at = _begun(merchant)
    if isinstance(at, HttpResponse):
        return at
    if at.draft.revision and at.draft.revision != seen_of(request):
        return redirect("flow-change")
    drop(company=merchant.company)
    return redirect("flow")


@merchant_page
@require_safe
def saved(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """It is in force."""
    return shown(request, merchant, "flow/change_saved.html")


def _begun(merchant: Merchant) -> Begun | HttpResponse:
    """The draft of a change; the way to the overview while the first set-up goes on undisturbed."""
    at = begun(merchant, "sales")
    if isinstance(at, Begun) and at.draft.is_setup and not at.draft.is_overtaken(at.in_force):
        return redirect("flow")
    return at


def _names(at: Begun) -> Names:
    return names_of(at.in_force.options, at.known.all_rates(), at.texts)


def _page(
    request: HttpRequest,
    merchant: Merchant,
    at: Begun,
    said: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status: int = 400,
) -> HttpResponse:
    context: dict[str, Any] = {**at.context, "has_draft": at.draft.revision > 0, "said": said or {}}
    if at.draft.is_overtaken(at.in_force):
        context |= _both(merchant, at)
        return shown(request, merchant, "flow/change_overtaken.html", context, status=409 if said else 200)
    before, after = at.in_force.book, at.draft.book
    last = last_day(at.in_force)
    locked = locked_through(merchant.books) if merchant.books is not None else None
    wrong = [(sentence, _stage_of(path)) for path, sentence in failures(after, at.in_force)]
    has_effect = before != after and at.in_force.has_postings
    asked = "from" in request.GET
    context |= {
        "groups": grouped(
            [*differences(before, after, _names(at)), *plan_differences(at.in_force.plan, at.draft.plan)]
        ),
        "wrong": wrong,
        "notes": notes(
            before,
            after,
            locked,
            has_suspended=has_effect and _has_suspended(merchant),
            has_postings=has_effect,
            last_done=at.in_force.last_success_on,
        ),
        "has_effect": has_effect,
        "last": last,
        "restate_from": (said or {}).get("restate_from", first_shown(at.in_force, last).isoformat()),
        "problems": problems or {},
        **_range(request, at),
    }
    if asked and has_effect:
        context |= {"asked": True, **_effect(request, merchant, at)}
    return shown(request, merchant, "flow/change.html", context, status=status if problems or (said and wrong) else 200)


def _stage_of(path: str) -> str:
    section = path.removeprefix("configuration.").partition(".")[0]
    return f"flow-{section}" if section in ("fees", "payments") else "flow-sales"


def _both(merchant: Merchant, at: Begun) -> dict[str, Any]:
    """What the other one has changed since, and what the draft changes: of the book that both began from."""
    numbers = (at.draft.base_version, at.in_force.version)
    found = {row.number: row for row in merchant.company.book_versions.filter(number__in=numbers)}
    names, base, latest = _names(at), found.get(numbers[0]), found[numbers[1]]
    begun_from = base.book if base else None
    return {
        "who": who(latest.author, merchant.brand_name),
        "at": latest.created_at.astimezone(zone_of_company(merchant.company)),
        "reason": why(latest.reason),
        "theirs": grouped(differences(begun_from, at.in_force.book, names)) if begun_from else [],
        "mine": grouped(differences(begun_from or at.in_force.book, at.draft.book, names)),
    }


def _range(request: HttpRequest, at: Begun) -> dict[str, date]:
    """The days whose effect is asked for, both within what there can be."""
    latest = at.in_force.today
    last = min(_day(request.GET.get("to", "")) or last_day(at.in_force), latest)
    first = _day(request.GET.get("from", "")) or first_shown(at.in_force, last)
    return {"first_day": min(first, last), "last_day": last}


def _effect(request: HttpRequest, merchant: Merchant, at: Begun) -> dict[str, Any]:
    days = _range(request, at)
    first, last = days["first_day"], days["last_day"]
    found = effect_of_change(merchant.company, at.in_force.book, at.draft.book, first, last)
    if found is None:
        return {**days, "is_too_large": True}
    names = _names(at)
    tables = [
        {
            "currency": currency,
            "rows": [(names.option("account", row.account), row) for row in rows],
            "total": sum(row.debit for row in rows),
        }
        for currency, moved in groupby(found.moved, lambda row: row.currency)
        if (rows := list(moved))
    ]
    return {
        **days,
        "effect": found,
        "tables": tables,
        "rated": [(names.option("tax_rate", each.tax_code), each) for each in found.rated],
        "documents": [(ledger_view.KINDS.get(each.kind, each.kind), each) for each in found.documents],
        "has_former": _has_former(merchant, at.in_force.version, found.first, found.last),
    }


def _has_suspended(merchant: Merchant) -> bool:
    """Whether something waits for an account of its own."""
    found = sql.rows(
        """SELECT EXISTS (SELECT FROM ledger_problem
                          WHERE company_id = %s AND resolved_at IS NULL AND code = 'posted_to_suspense')""",
        (merchant.company.pk,),
    )
    return bool(found[0][0])


def _has_former(merchant: Merchant, version: int, first: date, last: date) -> bool:
    """Whether days of the range came into the books under another version than the one in force."""
    postings = merchant.company.postings.filter(day__range=(first, last), withdrawn_at=None)
    return postings.exclude(book_version__number=version).exists()


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1900, 1, 2) <= day <= date(2199, 12, 30) else None
