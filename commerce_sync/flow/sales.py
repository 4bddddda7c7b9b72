"""The stage of sales: how they are put together, the accounts of everything that is sold, and their tax rates."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from commerce_sync.configuration.known import WITH_CUSTOMER
from commerce_sync.configuration.rules import rate_path
from commerce_sync.flow import keeping
from commerce_sync.flow.choosing import by_form_name, entries, label_of, picked
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.stage import Begun, Chosen, section_failures, told
from ledger.book import Book

_PATHS: Final = {
    "configuration.sales.salesCustomer.selectedCustomerId": keeping.CUSTOMER,
    "configuration.sales.invoiceStatus.selectedInvoiceStatus": "status",
    "configuration": "mode",
}


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def sales(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Show the stage, or complete it."""
    return told(request, merchant, "sales", _chosen, sales_page)


def _chosen(at: Begun, said: dict[str, str]) -> Chosen:
    found = picked(at.known, "sales", said)
    kept = keeping.kept(at.known, found.book, said)
    return Chosen(kept.book, at.known.plan, found.problems | kept.problems | _failures(kept.book, at))


def _failures(book: Book, at: Begun) -> dict[str, str]:
    found = [each for each in section_failures(book, at.in_force, "configuration") if _is_ours(each[0])]
    rates = {rate_path(rate, at.known): f"tax:{index}" for index, rate in enumerate(at.known.all_rates())}
    named = {(_PATHS | rates)[path]: sentence for path, sentence in found if path in _PATHS | rates}
    return named | by_form_name(at.known, "sales", found)


def _is_ours(path: str) -> bool:
    return path == "configuration" or path.startswith("configuration.sales.")


def sales_page(
    request: HttpRequest,
    merchant: Merchant,
    at: Begun,
    said: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> HttpResponse:
    """The stage as it stands, with what has broken since it was chosen, or as a form ``said`` it, with the ``problems``
    of that."""
    marked = problems if problems is not None or at.key not in at.draft.done else _failures(at.known.book, at)
    known, policy = at.known, at.known.book.policy
    rows = entries(known, "sales", at.texts, at.in_force.book, said, marked)
    mode = (said or {}).get("mode", known.book.mode)
    ticked = {split for split in keeping.SPLITS if f"split:{split}" in said} if said else set(policy.group_by)
    context = {
        **at.context,
        "entries": rows,
        "modes": [(key, *keeping.MODES[key]) for key in known.modes()],
        "mode": mode,
        "has_documents": mode in WITH_CUSTOMER,
        "rates": keeping.rate_entries(known, said, marked or {}),
        "rate_options": [(option.id, label_of(option)) for option in known.of_kind("tax_rate")],
        "has_postings": known.has_postings,
        "lines": [
            (key, name, (said or {}).get("lines", policy.sales_by) == key) for key, name in keeping.LINES.items()
        ],
        "splits": [(key, name, key in ticked) for key, name in keeping.SPLITS.items()],
        "status": (said or {}).get("status", "draft" if policy.draft_invoices else "submitted"),
        "wants_customer": keeping.wants_customer(known, mode),
        "customers": keeping.customers(known),
        "customer": (said or {}).get(keeping.CUSTOMER, known.book.customer),
        "problems": problems or {},
    }
    return shown(request, merchant, "flow/sales.html", context, status=400 if problems else 200)
