"""The stage of payments: where the money of each way to pay waits, and where payouts arrive."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from commerce_sync.flow.choosing import by_form_name, entries, picked
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.stage import Begun, Chosen, section_failures, told
from ledger.book import Book


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def payments(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Show the stage, or complete it."""
    return told(request, merchant, "payments", _chosen, payments_page)


def _chosen(at: Begun, said: dict[str, str]) -> Chosen:
    found = picked(at.known, "payments", said)
    return Chosen(found.book, at.known.plan, found.problems | _failures(found.book, at))


def _failures(book: Book, at: Begun) -> dict[str, str]:
    return by_form_name(at.known, "payments", section_failures(book, at.in_force, "configuration.payments."))


def payments_page(
    request: HttpRequest,
    merchant: Merchant,
    at: Begun,
    said: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> HttpResponse:
    """The stage as it stands, with what has broken since it was chosen, or as a form ``said`` it, with the ``problems``
    of that."""
    marked = problems if problems is not None or at.key not in at.draft.done else _failures(at.known.book, at)
    rows = entries(at.known, "payments", at.texts, at.in_force.book, said, marked)
    context = {**at.context, "entries": rows, "problems": problems or {}}
    return shown(request, merchant, "flow/payments.html", context, status=400 if problems else 200)
