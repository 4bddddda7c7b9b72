"""Who looks at the merchant's pages: every view behind the link begins here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from msgspec import Struct

from commerce_sync.flow.locales import NAMES, locale_of
from commerce_sync.flow.look import Look, look_of
from commerce_sync.flow.page import page
from commerce_sync.flow.session import FlowSession, current, end_looking, last_partner, left_for
from commerce_sync.flow.viewing import looked_long_enough, may_look, only_looked_at
from commerce_sync.flow_settings import texts_of
from connectors.models import Connection
from ledger.models import Company, Partner

P = ParamSpec("P")


class Tried(NamedTuple):
    """The pages are only looked at, in a brand that is tried: nothing can be clicked. ``design`` is the address of
    their style sheet, which holds to the light or to the dark."""

    design: str


class Merchant(Struct, dict=True):
    """One company's merchant in one browser. Nothing of another company can be reached from here.

    ``sales`` and ``books`` are the connections that the set-up is about, as they stand; None: there is none.
    """

    session: FlowSession
    company: Company
    look: Look
    locale: str
    sales: Connection | None
    books: Connection | None
    tried: Tried | None = None

    @property
    def brand_name(self) -> str:
        """What the merchant knows the partner as."""
        return self.look.name

    @property
    def are_linked(self) -> bool:
        """Whether sales can get from one side to the other."""
        return all(link is not None and link.status == Connection.Status.LINKED for link in (self.sales, self.books))


def merchant_page(
    view: Callable[Concatenate[HttpRequest, Merchant, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page of one company's: without a session the one that says to start again, and nothing else happens."""

    @page
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        merchant = _merchant(request)
        if merchant is None:
            return again(request)
        if merchant.session.viewer:
            return only_looked_at(request, lambda: view(request, merchant, *args, **kwargs))
        return view(request, merchant, *args, **kwargs)

    return guarded


def again(request: HttpRequest, status: int = 401) -> HttpResponse:
    """Late, used or unknown: one page, so that nobody learns which. In the brand of the pages that this browser had
    open before; no id in an address tells whose it would be."""
    if left_for(request):
        return looked_long_enough(request)
    return render(request, "flow/again.html", {"look": look_before(request)}, status=status)


def look_before(request: HttpRequest) -> Look | None:
    """The look of the pages that this browser was let into last, open still or ended; None: it was never let in."""
    known = last_partner(request)
    partner = Partner.objects.filter(pk=known).first() if known is not None else None
    return look_of(partner) if partner is not None else None


def missing(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """There is no such thing, or it is another company's: nobody learns which."""
    return shown(request, merchant, "flow/missing.html", status=404)


def shown(
    request: HttpRequest, merchant: Merchant, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page in the partner's brand and words."""
    texts = texts_of(merchant.company.partner, merchant.locale)
    # The address of a page that somebody came back to from a platform has secrets in it, and works once.
    here = request.get_full_path() if request.path.startswith("/flow/") else "/flow/"
    everywhere = {
        "merchant": merchant,
        "tried": merchant.tried,
        "look": merchant.look,
        "company": merchant.company,
        "texts": texts,
        "languages": NAMES,
        "here": here,
    }
    return render(request, template, {**everywhere, **(context or {})}, status=status)


def _merchant(request: HttpRequest) -> Merchant | None:
    session = current(request)
    if session is None:
        return None
    company = Company.objects.select_related("partner").filter(pk=session.company_id).first()
    if company is None:
        return None
    if session.viewer and not may_look(request, session, company):
        end_looking(request)
        return None
    wanted = (session.commerce_platform, session.accounting_platform)
    # Of several connections to one platform the latest is the one that the merchant means.
    rows = {row.platform: row for row in Connection.objects.filter(company=company, platform__in=wanted).order_by("id")}
    for row in rows.values():
        row.company = company
    sales, books = (rows.get(key) for key in wanted)
    return Merchant(session, company, look_of(company.partner), locale_of(request), sales, books)
