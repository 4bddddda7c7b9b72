"""Looking at a merchant's pages without being the merchant: somebody of the console, for a quarter of an hour, and
nothing is changed.

What a form sends is refused before any of our code has seen it, and pages are made in a transaction that PostgreSQL
itself holds read-only, in which nobody outside is called either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import InternalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from psycopg.errors import ReadOnlySqlTransaction

from commerce_sync.flow.session import FlowSession, begin_looking, end_looking, left_for, looked_at_by
from connectors.http import OpenTransaction
from connectors.models import Connection
from ledger.admin_base import partner_scope
from ledger.models import Company
from ledger.services import audit, now

RIGHT: Final = "commerce_sync.add_setuplink"
_SAFE: Final = ("GET", "HEAD")


def look(request: HttpRequest, *, company: Company, actor: str, why: str, back: str) -> None:
    """Let the person of ``request`` look at the pages of ``company``, who is named in the trail with the reason;
    ``back`` is where this person comes from."""
    wanted = {kind: _platform(company, kind) for kind in Connection.Kind.values}
    at = now()
    session = FlowSession(
        company_id=company.pk,
        commerce_platform=wanted["commerce"],
        accounting_platform=wanted["accounting"],
        redirect_url="",
        started_at=at,
        seen_at=at,
        viewer=actor,
        viewer_id=request.user.pk or 0,
        back=back,
    )
    audit(code="view.began", actor=actor, company=company, detail={"why": why, "until": session.ends_at.isoformat()})
    begin_looking(request, session, company.partner_id)


def _platform(company: Company, kind: str) -> str:
    """The platform that the merchant's pages would be about: the linked one, else the latest."""
    rows = company.connections.filter(kind=kind).order_by("id").values_list("status", "platform")
    ranked = sorted(rows, key=lambda row: row[0] == Connection.Status.LINKED)
    return ranked[-1][1] if ranked else ""


def may_look(request: HttpRequest, session: FlowSession, company: Company) -> bool:
    """Whether the person who looks is still who began to, and may still."""
    user = request.user
    return user.pk == session.viewer_id and user.has_perm(RIGHT) and partner_scope(user) in (None, company.partner_id)


def is_looking(request: HttpRequest) -> bool:
    """Whether this browser is one of somebody who looks."""
    return looked_at_by(request) is not None


def only_looked_at(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """What ``view`` answers to somebody who looks: refused where it would send, write, or ask somebody outside."""
    if request.method not in _SAFE:
        return refused(request)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            response = view()
            transaction.set_rollback(True)
    except OpenTransaction:
        return refused(request)
    except InternalError as error:
        if not isinstance(error.__cause__, ReadOnlySqlTransaction):
            raise
        return refused(request)
    leads_out = not response.headers.get("Location", "/").startswith("/")
    return refused(request) if leads_out else response


def refused(request: HttpRequest) -> HttpResponse:
    """Nothing was done."""
    words = {
        "title": "You are only looking",
        "sentence": "Nothing was changed. What this would do, the merchant does on these pages, or you at the console.",
        "todo": "Go back to the overview, or end this look with the button above.",
        "look": None,
    }
    return render(request, "flow/wrong.html", words, status=403)


def looked_long_enough(request: HttpRequest) -> HttpResponse:
    """The look has ended."""
    return render(request, "console/looked.html", {"back": left_for(request)}, status=401)


def stop_looking(request: HttpRequest) -> FlowSession | None:
    """The look of this browser ends, and the trail says so; None: there is none."""
    found = end_looking(request)
    if found is not None:
        company = Company.objects.select_related("partner").filter(pk=found.company_id).first()
        audit(code="view.ended", actor=found.viewer, company=company)
    return found
