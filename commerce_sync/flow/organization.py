"""Which of several organizations of the accounting software: asked where one log-in reaches more than one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from commerce_sync.fetch_requests import request_fetch
from commerce_sync.flow.draft import standing_of
from commerce_sync.flow.linking import shown_link
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.stage import done_of
from commerce_sync.flow.stages import steps
from connectors import organizations
from connectors.errors import Failure
from connectors.models import Connection
from connectors.session import Option


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def organization(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Show the organizations that the access reaches; keep the one that is chosen."""
    books = merchant.books
    if books is None or books.status != Connection.Status.LINKED:
        return redirect("flow-accounting")
    if request.method != "POST":
        return _page(request, merchant, books)
    try:
        organizations.choose(connection=books, organization_id=request.POST.get("organization", ""), actor="merchant")
    except organizations.NotReached:
        return _page(request, merchant, books, _("Choose one of the list."), 400)
    except organizations.AlreadyWritten:
        words = _("Documents are in another organization already. Ask for a new set-up to keep your sales elsewhere.")
        return _page(request, merchant, books, words, 409)
    except Failure:
        return _page(request, merchant, books)
    request_fetch(company=merchant.company)
    return redirect("flow-accounting")


def _page(
    request: HttpRequest, merchant: Merchant, books: Connection, problem: str = "", status: int = 200
) -> HttpResponse:
    found: list[Option] = []
    try:
        found = organizations.reached(books)
    except Failure:
        problem = problem or _("Your accounting software cannot be reached now. Try again in a few minutes.")
        status = max(status, 409)
    standing = standing_of(merchant.company)
    context = {
        "steps": steps(done_of(merchant, standing.done), "accounting"),
        "is_set_up": not standing.is_setup,
        "link": shown_link(books),
        "organizations": found,
        "chosen": organizations.chosen(books),
        "problem": problem,
    }
    return shown(request, merchant, "flow/organization.html", context, status=status)
