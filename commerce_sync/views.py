"""Plain pages: where to go, and for staff what the books of each company say and where every amount comes from.

Everything is read-only. All but the first page are for staff, who see the companies of all partners.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from commerce_sync.demo_report import problems_in_words
from commerce_sync.explain import find
from commerce_sync.explain_chain import record_chain
from commerce_sync.explain_documents import account_names, document_chain, sources_of
from commerce_sync.explain_text import document_text, record_text
from commerce_sync.models import Sync
from commerce_sync.reconcile import reconcile
from commerce_sync.reconcile_text import describe_differences, render_days
from commerce_sync.selectors import present_code
from connectors.general_ledger import reports, statements
from connectors.models import Connection
from ledger.models import Company, Document
from ledger.money import format_minor
from ledger.services import now

DOCUMENTS_A_PAGE: Final = 100
COMPANIES_A_PAGE: Final = 100
RECORDS_SHOWN: Final = 200


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, and where to go."""
    return render(request, "landing.html")


@require_safe
@staff_member_required
def companies(request: HttpRequest) -> HttpResponse:
    """Every company."""
    page = Paginator(Company.objects.select_related("partner"), COMPANIES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "books/companies.html", {"page": page})


@require_safe
@staff_member_required
def company_books(request: HttpRequest, company_id: UUID) -> HttpResponse:
    """Trial balance, reconciliation per day, problems and documents of one company."""
    company = get_object_or_404(Company.objects.select_related("partner"), public_id=company_id)
    links = Connection.objects.filter(company=company, platform="books").order_by("id")
    days = reconcile(company.pk)
    standing = Document.objects.filter(company=company, withdrawn_at=None, voided_at=None)
    rows = standing.defer("body").order_by("-date", "id")
    page = Paginator(rows, DOCUMENTS_A_PAGE).get_page(request.GET.get("page"))
    for document in page:
        document.shown = format_minor(document.total, document.currency)  # type: ignore[attr-defined]
    sync = Sync.objects.filter(company=company).order_by("-id").first()
    context = {
        "company": company,
        "sync": sync,
        "sync_code": present_code(sync, now()) if sync else None,
        "balances": [statements.render_trial_balance(reports.trial_balance(link.pk), link.name) for link in links],
        "days": render_days(days),
        "differences": describe_differences(days),
        "day_count": len(days),
        "problems": problems_in_words(company.pk),
        "page": page,
    }
    return render(request, "books/company.html", context)


@require_safe
@staff_member_required
def explained(request: HttpRequest, company_id: UUID) -> HttpResponse:
    """A document or record of a company explained: ``?of=`` as for `manage.py explain`, ``&account=`` narrows it."""
    company = get_object_or_404(Company, public_id=company_id)
    found = find(request.GET.get("of", ""), company.pk)
    if not found:
        raise Http404
    context = {"company": company, "candidates": found, "text": "", "said": request.GET.get("of", "")}
    if len(found) == 1:
        names = account_names(company.pk)
        if found[0].kind == "record":
            context["text"] = record_text(record_chain(found[0].id), names)
        else:
            chain = document_chain(found[0].id)
            sources = sources_of(chain.posting_id)
            account = request.GET.get("account", "")
            context["text"] = document_text(chain, sources, names, account=account, limit=RECORDS_SHOWN)
            context["records"] = [line for line in sources.lines if not account or account in line.accounts][
                :RECORDS_SHOWN
            ]
            context["accounts"] = sorted((account, names.get(account, account)) for account in chain.accounts)
    return render(request, "books/explained.html", context)
