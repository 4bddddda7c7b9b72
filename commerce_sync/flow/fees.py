"""The stage of fees: what processors and platforms charge, and who bills it."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from msgspec import structs

from commerce_sync.configuration.known import Known
from commerce_sync.flow.choosing import by_form_name, entries, label_of, picked, resolve
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.stage import Begun, Chosen, section_failures, told
from ledger.book import Book

SUPPLIER: Final = "supplier"
KEEPS: Final = "keeps_fees"
_PATHS: Final = {
    "configuration.fees.feesSupplier.selectedSupplierId": SUPPLIER,
    "configuration.fees.syncFees": KEEPS,
}


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def fees(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Show the stage, or complete it."""
    return told(request, merchant, "fees", _chosen, fees_page)


def _chosen(at: Begun, said: dict[str, str]) -> Chosen:
    found = picked(at.known, "fees", said)
    book, problems = found.book, dict(found.problems)
    keeps = KEEPS in said
    if keeps != (book.policy.fees_from != "none"):
        policy = structs.replace(book.policy, fees_from="records" if keeps else "none")
        book = structs.replace(book, policy=policy)
    if SUPPLIER in said:  # it is not asked for where the software lists none: then it stays as it is
        supplier = resolve(said[SUPPLIER], at.known.of_kind("supplier"))
        if supplier is None:
            problems[SUPPLIER] = _("Choose one of the list.")
        else:
            book = structs.replace(book, supplier=supplier)
    return Chosen(book, at.known.plan, problems | _failures(book, at))


def _failures(book: Book, at: Begun) -> dict[str, str]:
    found = section_failures(book, at.in_force, "configuration.fees.")
    named = {_PATHS[path]: sentence for path, sentence in found if path in _PATHS}
    return named | by_form_name(at.known, "fees", found)


def fees_page(
    request: HttpRequest,
    merchant: Merchant,
    at: Begun,
    said: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> HttpResponse:
    """The stage as it stands, with what has broken since it was chosen, or as a form ``said`` it, with the ``problems``
    of that."""
    marked = problems if problems is not None or at.key not in at.draft.done else _failures(at.known.book, at)
    known: Known = at.known
    rows = entries(known, "fees", at.texts, at.in_force.book, said, marked)
    context = {
        **at.context,
        "entries": rows,
        "keeps_fees": KEEPS in said if said is not None else known.book.policy.fees_from != "none",
        "supplier": (said or {}).get(SUPPLIER, known.book.supplier),
        "suppliers": [(option.id, label_of(option)) for option in known.of_kind("supplier")],
        "problems": problems or {},
    }
    return shown(request, merchant, "flow/fees.html", context, status=400 if problems else 200)
