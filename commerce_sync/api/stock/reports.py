"""What stock is worth, and what it brought."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, UnsetType
from rest_framework.request import Request

from commerce_sync.api.commerce.amounts import major
from commerce_sync.api.errors import invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.proof.parameters import parameter, read_day
from commerce_sync.api.shape import Shape
from commerce_sync.api.stock.reading import plain
from commerce_sync.api.view import ApiView, answer
from commerce_sync.stock_reports import Earned, Worth, profit, valuation
from connectors.general_ledger.spreadsheet import neutral
from ledger.calendar import Calendar, DayRule
from ledger.models import Company
from ledger.services import now

BY: Final = ("product", "category", "location", "channel")
HEAD: Final = ("item", "name", "sku", "location", "on hand", "unit cost", "currency", "value")


class StockWorth(Shape, kw_only=True):
    """One level. Without a known cost it has no value."""

    item_id: str
    name: str
    sku: str
    location: str
    on_hand: Decimal
    unit_cost: Decimal | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    value: Decimal | UnsetType = UNSET


class StockTotal(Shape, kw_only=True):
    """What all stock of one currency of cost is worth; ``below_zero`` is what levels below zero take off it."""

    currency: str
    value: Decimal
    below_zero: Decimal


class StockValuation(Shape, kw_only=True):
    """What stock is worth now. ``without_cost`` levels are counted and have no known cost: they are in no total."""

    at: datetime
    totals: list[StockTotal]
    without_cost: int
    levels: list[StockWorth]


class ProfitRow(Shape, kw_only=True):
    """Net sales less returns, and what they cost. ``uncosted`` are sales whose cost is not known; the profit is that of
    all others."""

    name: str
    currency: str
    sales: Decimal
    cost: Decimal
    uncosted: Decimal
    profit: Decimal


class Profit(Shape, kw_only=True):
    """What goods brought, best first."""

    by: str
    rows: list[ProfitRow]


class Valuation(ApiView):
    """What stock is worth."""

    @operation("get-stock-valuation", "Get stock valuation", tag="Stock", answers=StockValuation, errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """All counted stock at the cost that holds now, by thing and place, and its total by currency."""
        found = valuation(self.company(companyId).pk)
        levels = [_worth(row) for row in found]
        without = sum(row.value is None for row in found)
        return answer(StockValuation(at=now(), totals=_totals(found), without_cost=without, levels=levels))


class ValuationFile(ApiView):
    """The same for a spreadsheet."""

    @operation("export-stock-valuation", "Export stock valuation", tag="Stock", answers=str, media="text/csv",
               errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The stock valuation as CSV (UTF-8, comma, one line a level)."""
        found = valuation(self.company(companyId).pk)
        page = io.StringIO()
        writer = csv.writer(page)
        writer.writerow(HEAD)
        for row in found:
            texts = [neutral(each) for each in (row.item_id, row.name, row.sku, row.location)]
            writer.writerow([*texts, plain(row.on_hand), *_money(row)])
        return HttpResponse(page.getvalue().encode(), content_type="text/csv; charset=utf-8")


class ProfitReport(ApiView):
    """What sales brought."""

    @operation(
        "get-stock-profit", "Get profit on goods", tag="Stock", answers=Profit, errors=(404,),
        query=(
            parameter("start", "First business day, or an instant in it.", required=True),
            parameter("finish", "Last business day.", required=True),
            parameter("by", "What to sum up by.", {"type": "string", "enum": [*BY], "default": "product"}),
        ),
    )  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """Net sales of goods less returns, and their cost, of the records of these days that are in the books. Days
        are business days of the company's book."""
        company = self.company(companyId)
        calendar = _calendar(company)
        start = read_day(request.query_params.get("start", ""), "start", calendar)
        finish = read_day(request.query_params.get("finish", ""), "finish", calendar)
        if finish < start:
            raise invalid("finish comes before start.", ("finish", "it is earlier than start"))
        by = request.query_params.get("by", "product")
        for known in BY:
            if by == known:
                rows = profit(company.pk, calendar.bounds(start)[0], calendar.bounds(finish)[1], known)
                return answer(Profit(by=by, rows=[_earned(row) for row in rows]))
        raise invalid(f"by must be one of {', '.join(BY)}.", ("by", f"{by[:40]!r} is not"))


def _money(row: Worth) -> tuple[object, object, object]:
    """Cost of one, currency and value of a level; empty where the cost is not known."""
    if row.unit_cost is None or row.value is None:
        return "", "", ""
    return major(row.unit_cost, row.currency), row.currency, major(row.value, row.currency)


def _calendar(company: Company) -> Calendar:
    """The company's business days, as its book has them; plain days of its zone before it has one."""
    version = company.book_versions.order_by("-number").first()
    if version is not None:
        return version.book.calendar
    return Calendar((DayRule(date(1970, 1, 1), company.zone, 0),))


def _worth(row: Worth) -> StockWorth:
    return StockWorth(
        item_id=row.item_id,
        name=row.name,
        sku=row.sku,
        location=row.location,
        on_hand=plain(row.on_hand),
        unit_cost=UNSET if row.unit_cost is None else major(row.unit_cost, row.currency),
        currency=row.currency or UNSET,
        value=UNSET if row.value is None else major(row.value, row.currency),
    )


def _totals(rows: list[Worth]) -> list[StockTotal]:
    value: dict[str, int] = defaultdict(int)
    below: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.value is not None:
            value[row.currency] += row.value
            below[row.currency] += min(row.value, 0)
    return [
        StockTotal(currency=code, value=major(value[code], code), below_zero=major(below[code], code))
        for code in sorted(value)
    ]


def _earned(row: Earned) -> ProfitRow:
    code = row.currency
    return ProfitRow(
        name=row.name,
        currency=code,
        sales=major(row.sales, code),
        cost=major(row.cost, code),
        uncosted=major(row.uncosted, code),
        profit=major(row.profit, code),
    )


urlpatterns = [
    path("companies/<str:companyId>/stock/valuation", Valuation.as_view()),
    path("companies/<str:companyId>/stock/valuation/csv", ValuationFile.as_view()),
    path("companies/<str:companyId>/stock/profit", ProfitReport.as_view()),
]
