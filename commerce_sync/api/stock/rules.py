"""The rules of stock: when more is bought, of whom, and what a thing costs once it is here."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from msgspec import Meta, structs
from rest_framework.request import Request

from commerce_sync.api.commerce.amounts import major
from commerce_sync.api.errors import invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.stock.reading import amount, currency, maybe_quantity, plain, quantity
from commerce_sync.api.stock.shapes import (
    LandedCost,
    LandedCostInput,
    LandedLine,
    SetStockItemRule,
    SetStockRules,
    StockItemRule,
    StockRules,
)
from commerce_sync.api.view import ApiView, answer
from connectors import registry
from connectors.models import Connection, StockRule
from connectors.stock_rules import ItemRule, RuleForAll, rule_for_all, set_item_rules, set_rule_for_all
from ledger.book import Book
from ledger.landed import Charge, Imported, NothingToSpreadBy, landed
from ledger.models import Company
from ledger.rules.roles import COST, INVENTORY, SHRINKAGE
from ledger.services import InvalidBook, save_book

MOST_RULES: Final = 1_000
Rules = Annotated[list[SetStockItemRule], Meta(min_length=1, max_length=MOST_RULES)]


class Rule(ApiView):
    """What holds for everything that has no rule of its own."""

    @operation("get-stock-rules", "Get stock rules", tag="Stock", answers=StockRules, errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """When a company buys more, and what is done then."""
        return answer(_rules(self.company(companyId)))

    @operation("set-stock-rules", "Set stock rules", tag="Stock", answers=StockRules, body=SetStockRules, errors=(404,))
    def put(self, request: Request, companyId: str) -> HttpResponse:
        """Say when more is bought, and whether the cost of goods is booked; it holds from the next sync on. Things
        without any threshold are never low. Booking costs needs accounts for `cogs` and `inventory` in the
        configuration."""
        company, said = self.company(companyId), self.body(SetStockRules)
        rule = RuleForAll(
            said.drafts_orders,
            maybe_quantity(said.threshold, "threshold"),
            maybe_quantity(said.reorder_quantity, "reorderQuantity", above_zero=True),
            said.supplier_id,
            said.account_id,
        )
        with transaction.atomic():
            _choose_costs(company, said, self.actor)
            set_rule_for_all(company=company, rule=rule, actor=self.actor)
        return answer(_rules(company))


class ItemRules(ApiView):
    """What holds for single things."""

    @operation("list-stock-item-rules", "List stock item rules", tag="Stock", answers=StockItemRule, paged=True,
               errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The rules for single things."""
        company, paging = self.company(companyId), read_paging(request)
        rows = StockRule.objects.filter(company=company, connection__isnull=False).select_related("connection")
        found = [_item_rule(row) for row in rows.order_by("pk")[paging.offset : paging.offset + paging.size]]
        return answer(page_of(found, rows.count(), paging, request))

    @operation("set-stock-item-rules", "Set stock item rules", tag="Stock", answers=list[StockItemRule],
               body=list[SetStockItemRule], errors=(404,))  # fmt: skip
    def put(self, request: Request, companyId: str) -> HttpResponse:
        """Set the rules of these things, 1,000 at most, all or none of them; others stay. A rule that says nothing is
        removed."""
        company, said = self.company(companyId), self.body(Rules)
        shops = _shops(company)
        rules = [_wanted(shops, each, f"[{place}]") for place, each in enumerate(said)]
        set_item_rules(company=company, rules=rules, actor=self.actor)
        wanted = {(rule.connection.pk, rule.item_id) for rule in rules}
        rows = StockRule.objects.filter(company=company, item_id__in=[rule.item_id for rule in rules])
        rows = rows.select_related("connection").order_by("pk")
        return answer([_item_rule(row) for row in rows if (row.connection_id, row.item_id) in wanted])


class LandedCosts(ApiView):
    """What an import costs once it is here."""

    @operation("landed-cost", "Spread the cost of an import", tag="Stock", answers=LandedCost, body=LandedCostInput,
               errors=(404,))  # fmt: skip
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """Spread freight, duty and the like over what was imported, to the minor unit. With `saves` the cost of one is
        what the thing costs from now on: sales that come after it are booked at it."""
        company, said = self.company(companyId), self.body(LandedCostInput)
        shop = _shop(_shops(company), str(said.connection_id), "connectionId")
        code = currency(said.currency, "currency")
        lines = [
            Imported(
                quantity(line.quantity, f"lines[{place}].quantity", above_zero=True),
                amount(line.cost, code, f"lines[{place}].cost"),
                maybe_quantity(line.weight, f"lines[{place}].weight") or Decimal(0),
            )
            for place, line in enumerate(said.lines)
        ]
        charges = [
            Charge(amount(each.amount, code, f"charges[{place}].amount"), each.by)
            for place, each in enumerate(said.charges)
        ]
        try:
            found = landed(lines, charges)
        except NothingToSpreadBy as error:
            raise invalid(f"No line has a {error} to spread a charge by.", ("charges", f"by {error}")) from None
        if said.saves:
            costs = {line.item_id: each.unit_cost for line, each in zip(said.lines, found, strict=True)}
            set_item_rules(company=company, rules=_with_costs(company, shop, costs, code), actor=self.actor)
        shown = [
            LandedLine(item_id=line.item_id, cost=major(each.cost, code), unit_cost=major(each.unit_cost, code))
            for line, each in zip(said.lines, found, strict=True)
        ]
        total = major(sum(each.cost for each in found), code)
        return answer(LandedCost(currency=code, total=total, lines=shown))


def _choose_costs(company: Company, said: SetStockRules, actor: str) -> None:
    """A new version of the book, where another choice is made; raises `ApiError` 400 when it lacks an account."""
    chosen = {"cost": said.books_cost, "shrinkage": said.books_shrinkage}
    book = _book(company)
    wanted = {name: value for name, value in chosen.items() if value is not None}
    if not wanted or (book is None and not any(wanted.values())):
        return
    if book is None:
        raise invalid(
            "Save a configuration first: costs are booked to its accounts.", ("booksCost", "no configuration")
        )
    changed = structs.replace(book, policy=structs.replace(book.policy, **wanted))
    roles = [COST, INVENTORY] * changed.policy.cost + [SHRINKAGE] * (changed.policy.cost and changed.policy.shrinkage)
    if missing := changed.missing(roles):
        items = [("booksShrinkage" if role == SHRINKAGE else "booksCost", f"no account for {role}") for role in missing]
        raise invalid(f"Choose accounts first for: {', '.join(missing)}.", *items)
    try:
        save_book(company=company, book=changed, author=actor, reason="rules of stock")
    except InvalidBook as error:
        raise invalid(str(error), *[(each.field, each.sentence) for each in error.conflicts]) from None


def _book(company: Company) -> Book | None:
    version = company.book_versions.order_by("-number").first()
    return version.book if version is not None else None


def _with_costs(company: Company, shop: Connection, costs: dict[str, int], code: str) -> list[ItemRule]:
    """The rules of these things as they are, with other costs."""
    known = {row.item_id: row for row in StockRule.objects.filter(company=company, connection=shop, item_id__in=costs)}
    rules = []
    for item_id, cost in costs.items():
        row = known.get(item_id)
        facts = (row.threshold, row.reorder_quantity, row.supplier, row.account) if row else (None, None, "", "")
        rules.append(ItemRule(shop, item_id, *facts, cost, code))
    return rules


def _wanted(shops: dict[str, Connection], said: SetStockItemRule, where: str) -> ItemRule:
    code = currency(said.currency, f"{where}.currency") if said.unit_cost is not None else ""
    return ItemRule(
        _shop(shops, str(said.connection_id), f"{where}.connectionId"),
        said.item_id,
        maybe_quantity(said.threshold, f"{where}.threshold"),
        maybe_quantity(said.reorder_quantity, f"{where}.reorderQuantity", above_zero=True),
        said.supplier_id,
        said.account_id,
        None if said.unit_cost is None else amount(said.unit_cost, code, f"{where}.unitCost"),
        code,
    )


def _shops(company: Company) -> dict[str, Connection]:
    return {str(each.public_id): each for each in Connection.objects.filter(company=company, kind="commerce")}


def _shop(shops: dict[str, Connection], connection_id: str, field: str) -> Connection:
    found = shops.get(connection_id)
    if found is None:
        raise invalid(f"{field} is not a connection of this company that brings sales.", (field, "it is unknown"))
    return found


def _rules(company: Company) -> StockRules:
    rule = rule_for_all(company)
    books = Connection.objects.filter(company=company, kind="accounting", status="Linked").first()
    book = _book(company)
    return StockRules(
        books_cost=book is not None and book.policy.cost,
        books_shrinkage=book is not None and book.policy.shrinkage,
        drafts_orders=rule.drafts_orders,
        can_draft_orders=books is not None and registry.accounting(books.platform).drafts_orders,
        threshold=None if rule.threshold is None else plain(rule.threshold),
        reorder_quantity=None if rule.reorder_quantity is None else plain(rule.reorder_quantity),
        supplier_id=rule.supplier,
        account_id=rule.account,
    )


def _item_rule(row: StockRule) -> StockItemRule:
    if row.connection is None:
        raise ValueError("the rule for all is no rule of a thing")
    return StockItemRule(
        connection_id=row.connection.public_id,
        item_id=row.item_id,
        threshold=None if row.threshold is None else plain(row.threshold),
        reorder_quantity=None if row.reorder_quantity is None else plain(row.reorder_quantity),
        supplier_id=row.supplier,
        account_id=row.account,
        unit_cost=None if row.unit_cost is None else major(row.unit_cost, row.currency),
        currency=row.currency,
    )


urlpatterns = [
    path("companies/<str:companyId>/stock/rules", Rule.as_view()),
    path("companies/<str:companyId>/stock/rules/items", ItemRules.as_view()),
    path("companies/<str:companyId>/stock/landed-cost", LandedCosts.as_view()),
]
