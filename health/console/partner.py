"""The page of a partner: what it is, and its API keys: made, rotated and revoked, each for a reason. A key's secret is
in the one answer that makes it, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from commerce_sync.api_keys import KeyEnded, NameTaken, NewKey, add_key, revoke_key, succeed_key, works
from commerce_sync.models import ApiKey
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from health.console.sessions import is_confirmed
from ledger.models import Partner
from ledger.services import audit, now

MOST_KEYS: Final = 100
LONGEST_NAME: Final = 100
OVERLAPS: Final = {"0": "at once", "1": "a day", "7": "a week", "30": "30 days"}  # days that a former key works on
_LISTS: Final = (
    ("Companies", "admin:ledger_company_changelist", "partner", "ledger.view_company"),
    ("Syncs", "admin:commerce_sync_sync_changelist", "partner", "commerce_sync.view_sync"),
)


@require_safe
@console_page("ledger.view_partner")
def partner_page(console: Console, partner_id: int) -> HttpResponse:
    """What a partner has here."""
    return _page(console, _partner(console, partner_id))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.ADD_KEYS)
def make_key(console: Console, partner_id: int) -> HttpResponse:
    """A further key, valid at once. Whoever comes here after saying the password goes on to the form."""
    partner = _partner(console, partner_id)
    if console.request.method != "POST":
        return redirect("admin:console-partner", partner.pk)
    name = " ".join(console.request.POST.get("name", "").replace("\0", " ").split())[:LONGEST_NAME]
    if not name:
        return _page(console, partner, problem="Say what the key is for.", status=400)

    def act(why: str) -> NewKey:
        return _noted(
            "console.key_made", console, why, lambda: add_key(partner=partner, name=name, actor=console.actor)
        )

    return _made(console, partner, act)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.KEYS)
def rotate(console: Console, partner_id: int, key_id: int) -> HttpResponse:
    """A successor of a key, which goes on for a while beside it."""
    partner, key = _key(console, partner_id, key_id)
    if console.request.method != "POST":
        return redirect("admin:console-partner", partner.pk)
    days = console.request.POST.get("overlap", "")
    overlap = timedelta(days=int(days)) if days in OVERLAPS else timedelta(days=7)

    def act(why: str) -> NewKey:
        return _noted(
            "console.key_rotated", console, why, lambda: succeed_key(key=key, overlap=overlap, actor=console.actor)
        )

    return _made(console, partner, act)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.KEYS)
def revoke(console: Console, partner_id: int, key_id: int) -> HttpResponse:
    """The key works no longer."""
    partner, key = _key(console, partner_id, key_id)
    if console.request.method != "POST":
        return redirect("admin:console-partner", partner.pk)
    try:
        why = console.why()
    except NoReason as error:
        return _page(console, partner, problem=str(error), status=400)
    with transaction.atomic():
        revoke_key(key=key, actor=console.actor)
        audit(code="console.key_revoked", actor=console.actor, partner=partner, subject=str(key), detail={"why": why})
    messages.success(console.request, f"{key} works no longer.")
    return redirect("admin:console-partner", partner.pk)


def _made(console: Console, partner: Partner, act: Callable[[str], NewKey]) -> HttpResponse:
    try:
        new = act(console.why())
    except NoReason as error:
        return _page(console, partner, problem=str(error), status=400)
    except NameTaken as error:
        words = f"A working key is called so already ({error.key}). Choose another name."
        return _page(console, partner, problem=words, status=409)
    except KeyEnded:
        return _page(console, partner, problem="The key works no longer, so it has no successor.", status=409)
    response = _page(console, partner, new=new)
    response["Cache-Control"] = "no-store"
    return response


@transaction.atomic
def _noted(code: str, console: Console, why: str, make: Callable[[], NewKey]) -> NewKey:
    new = make()
    audit(code=code, actor=console.actor, partner=new.row.partner, subject=str(new.row), detail={"why": why})
    return new


def _partner(console: Console, partner_id: int) -> Partner:
    found = Partner.objects.filter(pk=partner_id).first() if console.partner_id in (None, partner_id) else None
    if found is None:
        raise Http404("There is no such partner.")
    return found


def _key(console: Console, partner_id: int, key_id: int) -> tuple[Partner, ApiKey]:
    partner = _partner(console, partner_id)
    key = ApiKey.objects.filter(pk=key_id, partner=partner).first()
    if key is None:
        raise Http404("There is no such key.")
    key.partner = partner
    return partner, key


def _page(
    console: Console, partner: Partner, *, new: NewKey | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": partner.name,
        "partner": partner,
        "new": new,
        "problem": problem,
        "links": [
            (words, f"{reverse(name)}?{field}={partner.pk}")
            for words, name, field, right in _LISTS
            if console.may(right)
        ],
        "may_see_changes": console.may("ledger.view_auditentry"),
        "may_brand": console.may("commerce_sync.view_branding"),
        "may_see_keys": console.may("commerce_sync.view_apikey"),
        "may_add": console.may(Right.ADD_KEYS),
        "may_change": console.may(Right.KEYS),
        "is_confirmed": is_confirmed(console.request),
        "overlaps": OVERLAPS,
    }
    if context["may_see_keys"]:
        at = now()
        rows = ApiKey.objects.filter(partner=partner).order_by("-pk")[:MOST_KEYS]
        context["keys"] = sorted(((key, works(key, at)) for key in rows), key=lambda each: not each[1])
    return console.shown("console/partner.html", context, status)
