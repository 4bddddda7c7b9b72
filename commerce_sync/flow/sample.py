"""The pages with a company that does not exist, for those who look after a partner's brand: no merchant's session, and
nothing of any merchant's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from commerce_sync.configuration.known import Known, Plan, Rate, Reason
from commerce_sync.flow.draft import Draft
from commerce_sync.flow.fees import fees_page
from commerce_sync.flow.keeping import MODES
from commerce_sync.flow.linking import Shown
from commerce_sync.flow.locales import LANGUAGES
from commerce_sync.flow.look import Look
from commerce_sync.flow.merchant import Merchant, Tried, shown
from commerce_sync.flow.payments import payments_page
from commerce_sync.flow.sales import sales_page
from commerce_sync.flow.schedule import FREQUENCIES, schedule_page
from commerce_sync.flow.session import FlowSession
from commerce_sync.flow.stage import Begun
from commerce_sync.flow.stages import Key, after, before, next_stage, steps
from commerce_sync.flow_settings import texts_of, visible_keys
from commerce_sync.models import Schedule
from connectors.general_ledger.chart import DEFAULT_CHART, default_book
from connectors.session import Option
from ledger.calendar import DayRule
from ledger.models import Company, Partner

NAME: Final = "Rose & Crown"
TODAY: Final = date(2026, 3, 5)
ZONE: Final = "Europe/London"
_AT: Final = datetime(2026, 3, 5, 9, tzinfo=ZoneInfo(ZONE))
_LINKED: Final[set[Key]] = {"commerce", "accounting"}
_RATES: Final = (Rate("vat20", ("vat20",), "VAT", 200_000), Rate("vat0", ("vat0",), "Zero rated", 0))


def sample_page(
    request: HttpRequest, partner: Partner, page: str, *, locale: str, look: Look, design: str
) -> HttpResponse:
    """One of `PAGES`, as ``look`` has it, in a locale."""
    company = Company(partner=partner, name=NAME, currency="GBP", zone=ZONE)
    session = FlowSession(0, "", "", "", _AT, _AT)
    merchant = Merchant(session, company, look, locale, None, None, Tried(design))
    with translation.override(LANGUAGES[locale]):
        return PAGES[page](request, merchant)


def _begun(merchant: Merchant, key: Key) -> Begun:
    options = (
        *(Option("account", row.code, row.name, row.code, _type(row.type, row.subtype)) for row in DEFAULT_CHART),
        Option("customer", "Daily sales", "Daily sales"),
        Option("supplier", "Payment processors", "Payment processors"),
        *(Option("tax_rate", f"{rate}", f"{rate}% VAT") for rate in (20, 0)),
    )
    book = default_book("GBP", (DayRule(date(2026, 1, 1), ZONE, 0),), "invoice")
    known = Known(
        company_id=UUID(int=0), company_name=NAME, book=book, version=0, plan=Plan(zone=ZONE), today=TODAY,
        options=options, rates=_RATES, visible=visible_keys(merchant.company.partner, "books"), base_currency="GBP",
        document_kinds=frozenset({"Journal", "Invoice", "CreditNote"}),
        reasons={"sales": Reason("name", "Sales", "income"), "tender:card": Reason("chart")},
    )  # fmt: skip
    draft = Draft(book, known.plan, frozenset(), 0, 0, is_setup=True)
    texts = texts_of(merchant.company.partner, merchant.locale)
    return Begun(key, known, known, draft, steps(_LINKED, key), texts)


def _type(kind: str, subtype: str) -> str:
    return "bank" if subtype == "bank" else kind


def _first(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    context = {"steps": steps(_LINKED), "next": next_stage(_LINKED), "links": _links()}
    return shown(request, merchant, "flow/home.html", context)


def _linking(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    context = {
        "stage": "commerce",
        "steps": steps(set(), "commerce"),
        "before": before("commerce"),
        "after": after("commerce"),
        "link": Shown("Square", "square", _("Connected"), is_linked=True),
    }
    return shown(request, merchant, "flow/linking.html", context)


def _settings(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    context: dict[str, Any] = {
        "schedule": Schedule(company=merchant.company, zone=ZONE, enabled=True),
        "next_at": datetime(2026, 3, 6, 4, tzinfo=ZoneInfo(ZONE)),
        "frequency": FREQUENCIES["daily"][0],
        "mode": MODES["journal"][0],
        "zone": ZONE,
        "links": [(None, link) for link in _links()],
    }
    return shown(request, merchant, "flow/settings.html", context)


def _links() -> list[Shown]:
    return [Shown(name, "", _("Connected"), is_linked=True) for name in ("Square", "Xero")]


def _again(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    context = {"look": merchant.look, "tried": merchant.tried}
    return render(request, "flow/again.html", context)


PAGES: Final[dict[str, Callable[[HttpRequest, Merchant], HttpResponse]]] = {
    "start": _first,
    "connect": _linking,
    "sales": lambda request, merchant: sales_page(request, merchant, _begun(merchant, "sales")),
    "fees": lambda request, merchant: fees_page(request, merchant, _begun(merchant, "fees")),
    "payments": lambda request, merchant: payments_page(request, merchant, _begun(merchant, "payments")),
    "schedule": lambda request, merchant: schedule_page(request, merchant, _begun(merchant, "schedule")),
    "settings": _settings,
    "again": _again,
}
