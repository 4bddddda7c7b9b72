"""From a partner's product into the merchant's pages, and the first of them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from commerce_sync.branding import brand_name
from commerce_sync.flow import attempts
from commerce_sync.flow.page import page, unreferred
from commerce_sync.flow.session import begin, current
from commerce_sync.setup_links import use_link
from connectors import registry
from connectors.models import Connection
from ledger.models import Company
from ledger.services import now

LONGEST_CODE: Final = 100
ACTOR: Final = "merchant"
STATES: Final = {
    Connection.Status.PENDING_AUTH: "Not connected yet",
    Connection.Status.LINKED: "Connected",
    Connection.Status.DEAUTHORIZED: "No longer connected: the access has ended",
    Connection.Status.UNLINKED: "Disconnected",
}


# No CSRF token: the code is the proof, works once, and this page posts itself for whoever opens it; a token would prove
# nothing more. Nor could it be checked: where no referrer is sent, browsers name the origin of a form "null".
@csrf_exempt
@page
@unreferred
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, company_id: UUID) -> HttpResponse:
    """The landing page: reading it uses nothing up, so that scanners and prefetching do no harm; its form does."""
    if request.method == "POST":
        return _opened(request, company_id)
    code = request.GET.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        return _again(request)
    return render(request, "flow/start.html", {"code": code})


def _opened(request: HttpRequest, company_id: UUID) -> HttpResponse:
    """The code is used: a session for its company, or the one page that says to start again."""
    at, address = now(), attempts.address_of(request)
    if not attempts.may_try(address, at):
        response = _again(request, 429)
        response["Retry-After"] = str(60 - at.second)
        return response
    # Browsers say it, and only our own page posts here.
    from_here = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    code = request.POST.get("code", "")
    used = use_link(company_id=company_id, code=code, actor=ACTOR) if from_here and len(code) <= LONGEST_CODE else None
    if used is None:
        attempts.failed(address, at)
        return _again(request)
    begin(request, used)
    return redirect("flow")


@page
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where the merchant's set-up stands."""
    session = current(request)
    company = Company.objects.select_related("partner").filter(pk=session.company_id).first() if session else None
    if session is None or company is None:
        return _again(request)
    wanted = (session.commerce_platform, session.accounting_platform)
    # Of several connections to one platform the latest is the one that the merchant means.
    rows = {row.platform: row for row in Connection.objects.filter(company=company, platform__in=wanted).order_by("id")}
    links = [_shown(rows[key]) for key in wanted if key in rows]
    return render(request, "flow/home.html", {"company": company, "brand": brand_name(company.partner), "links": links})


@page
@require_safe
def link(request: HttpRequest, company_id: UUID, connection_id: UUID | None = None) -> HttpResponse:
    """The address that the API gives of a company or a connection: the same page for every id, there or not."""
    return render(request, "flow/link.html")


def _shown(row: Connection) -> dict[str, object]:
    return {
        "id": row.public_id,
        "name": _platform_name(row.platform),
        "state": STATES[Connection.Status(row.status)],
        "connects": row.status != Connection.Status.LINKED,
    }


def _again(request: HttpRequest, status: int = 401) -> HttpResponse:
    """Late, used or unknown: one page, so that nobody learns which."""
    return render(request, "flow/again.html", status=status)


def _platform_name(key: str) -> str:
    platform = registry.named(key)
    return platform.name if platform else key
