"""From a partner's product into the merchant's pages, and the first of them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commerce_sync.flow import attempts
from commerce_sync.flow.draft import standing_of
from commerce_sync.flow.linking import shown_link
from commerce_sync.flow.locales import COOKIE, KEPT_SECONDS, LANGUAGES
from commerce_sync.flow.merchant import Merchant, again, merchant_page, shown
from commerce_sync.flow.overview import overview
from commerce_sync.flow.page import page, unreferred
from commerce_sync.flow.progress import fetch_context
from commerce_sync.flow.session import begin
from commerce_sync.flow.stage import done_of
from commerce_sync.flow.stages import next_stage, steps
from commerce_sync.flow.viewing import is_looking, refused, stop_looking
from commerce_sync.onward import path_or
from commerce_sync.setup_links import use_link
from ledger.models import Company
from ledger.services import now

LONGEST_CODE: Final = 100
ACTOR: Final = "merchant"


# No CSRF token: the code is the proof, works once, and this page posts itself for whoever opens it; a token would prove
# nothing more. Nor could it be checked: where no referrer is sent, browsers name the origin of a form "null".
@csrf_exempt
@page
@unreferred
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, company_id: UUID) -> HttpResponse:
    """The landing page: reading it uses nothing up, so that scanners and prefetching do no harm; its form does."""
    if request.method == "POST":
        return refused(request) if is_looking(request) else _opened(request, company_id)
    code = request.GET.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        return again(request)
    return render(request, "flow/start.html", {"code": code})


def _opened(request: HttpRequest, company_id: UUID) -> HttpResponse:
    """The code is used: a session for its company, or the one page that says to start again."""
    at, address = now(), attempts.address_of(request)
    if not attempts.may_try(address, at):
        response = again(request, 429)
        response["Retry-After"] = str(60 - at.second)
        return response
    # Browsers say it, and only our own page posts here.
    from_here = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    code = request.POST.get("code", "")
    used = use_link(company_id=company_id, code=code, actor=ACTOR) if from_here and len(code) <= LONGEST_CODE else None
    if used is None:
        attempts.failed(address, at)
        return again(request)
    begin(request, used, Company.objects.values_list("partner_id", flat=True).get(pk=used.company_id))
    return redirect("flow")


@merchant_page
@require_safe
def home(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Where the merchant's set-up stands, and the way on."""
    standing = standing_of(merchant.company)
    version = merchant.company.book_versions.order_by("-number").first()
    if version is not None and not standing.is_setup:
        return shown(request, merchant, "flow/settings.html", overview(merchant, version.book))
    done = done_of(merchant, standing.done)
    links = [shown_link(row) for row in (merchant.sales, merchant.books) if row is not None]
    context = {
        **fetch_context(merchant),
        "steps": steps(done),
        "next": next_stage(done),
        "links": links,
    }
    return shown(request, merchant, "flow/home.html", context)


@merchant_page
@require_POST
def language(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """The merchant's own choice of language, kept in this browser."""
    response = redirect(path_or(request.POST.get("back", ""), "/flow/"))
    chosen = request.POST.get("language", "")
    if chosen in LANGUAGES:
        response.set_cookie(
            COOKIE, chosen, max_age=KEPT_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure()
        )
    return response


@page
@require_safe
def link(request: HttpRequest, company_id: UUID, connection_id: UUID | None = None) -> HttpResponse:
    """The address that the API gives of a company or a connection: the same page for every id, there or not."""
    return render(request, "flow/link.html")


@page
def end_look(request: HttpRequest) -> HttpResponse:
    """Somebody of the console no longer looks, and goes back to where they came from."""
    if not is_looking(request):
        return again(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found = stop_looking(request)
    return redirect(found.back if found is not None else "landing")
