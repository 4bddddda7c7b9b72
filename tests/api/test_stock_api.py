"""Stock through the API: what is there, when more is bought, what it is worth and what it brought."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from commerce_sync import work
from connectors.general_ledger.chart import default_book
from connectors.models import PurchaseOrder, StockLevel, StockRule
from ledger.models import AuditEntry, Company, ProblemRow
from ledger.services import create_company, save_book
from tests.api.cast import DAYS, FIRST_DAY, Api, an_order, books_of, push_orders, ready_company, shop_of
from tests.api.world import _order as a_refused_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(api: Api) -> Company:
    return ready_company(api.partner)


def at(company: Company, path: str) -> str:
    return f"/companies/{company.public_id}/stock/{path}"


def said(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return response.json()


def push(api: Api, company: Company, *rows: dict[str, Any]) -> Any:
    path = f"/companies/{company.public_id}/connections/{shop_of(company).public_id}/data/commerce-stockLevels"
    return said(api.put(path, list(rows)))


def a_row(on_hand: float = 3, **changes: Any) -> dict[str, Any]:
    row = {"id": "r1", "productVariantRef": {"id": "v1"}, "sku": "TEA", "name": "Tea", "onHand": on_hand}
    return {**row, "locationRef": {"id": "l1"}, "unitCost": 2.5, "sourceModifiedDate": "2026-03-02T10:00:00Z"} | changes


def sync(api: Api, company: Company) -> None:
    said(api.post(f"/companies/{company.public_id}/sync/commerce/latest"))
    work.drain()


def test_what_a_partner_pushes_is_listed_with_what_holds_of_it(api: Api, company: Company) -> None:
    counts = push(api, company, a_row(), a_row(onHand="many", id="bad"))["counts"]
    assert counts["refused"] == 1
    said(api.put(at(company, "rules"), {"threshold": 5}))
    [level] = said(api.get(at(company, "levels")))["results"]
    shop = str(shop_of(company).public_id)
    assert level == {
        **{"connectionId": shop, "itemId": "v1", "locationId": "l1", "name": "Tea", "sku": "TEA", "location": "l1"},
        **{"onHand": 3, "threshold": 5, "unitCost": 2.5, "currency": "GBP", "countedAt": "2026-03-02T10:00:00Z"},
    }


def test_low_levels_can_be_asked_for_and_pages_have_totals(api: Api, company: Company) -> None:
    push(api, company, a_row(), a_row(9, id="r2", productVariantRef={"id": "v2"}))
    said(api.put(at(company, "rules"), {"threshold": 5}))
    sync(api, company)
    low = said(api.get(at(company, "levels?status=low")))
    assert ([each["itemId"] for each in low["results"]], low["totalResults"]) == (["v1"], 1)
    second = said(api.get(at(company, "levels?page=2&pageSize=1")))
    assert ([each["itemId"] for each in second["results"]], second["totalResults"]) == (["v2"], 2)
    assert said(api.get(at(company, "levels?page=9&pageSize=1")))["totalResults"] == 2
    said(api.get(at(company, "levels?status=lost")), 400)
    [problem] = said(api.get(f"/companies/{company.public_id}/problems"))["results"]
    assert (problem["reason"]["code"], problem["reason"]["turn"]) == ("stock_low", "merchant")


def test_the_rule_for_all_is_kept_as_it_was_said(api: Api, company: Company) -> None:
    assert said(api.get(at(company, "rules")))["threshold"] is None
    wanted = {"draftsOrders": True, "threshold": 2.5, "reorderQuantity": 12, "supplierId": "S1", "accountId": "1300"}
    shown = {**wanted, "canDraftOrders": False, "booksCost": False, "booksShrinkage": False}
    assert said(api.put(at(company, "rules"), wanted)) == shown
    assert said(api.get(at(company, "rules"))) == shown
    assert AuditEntry.objects.filter(code="stock.rule_changed").count() == 1


def test_booking_costs_is_a_choice_of_the_book_that_needs_its_accounts(api: Api, company: Company) -> None:
    found = said(api.put(at(company, "rules"), {"booksCost": True, "booksShrinkage": True}))
    assert (found["booksCost"], found["booksShrinkage"], company.book_versions.count()) == (True, True, 2)
    assert said(api.put(at(company, "rules"), {"threshold": 1}))["booksCost"]
    assert company.book_versions.count() == 2
    said(api.put(at(company, "rules"), {"booksCost": False}))
    book = default_book("GBP", DAYS)
    accounts = {role: account for role, account in book.accounts.items() if role != "cogs"}
    save_book(company=company, book=structs.replace(book, accounts=accounts), author="test", reason="no account")
    refused = said(api.put(at(company, "rules"), {"booksCost": True, "threshold": 9}), 400)
    assert "cogs" in str(refused)
    assert said(api.get(at(company, "rules")))["threshold"] is None
    nobody = create_company(partner=api.partner, name="No book yet", actor="test")
    said(api.put(at(nobody, "rules"), {"booksCost": True}), 400)
    assert said(api.put(at(nobody, "rules"), {"booksCost": False}))["booksCost"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": -1},
        {"threshold": 0.0000001},
        {"threshold": 1e13},
        {"reorderQuantity": 0},
        {"supplierId": "s" * 201},
        {"supplier": "S1"},
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_field(api: Api, company: Company, wrong: dict[str, Any]) -> None:
    answer = said(api.put(at(company, "rules"), wrong), 400)
    assert next(iter(wrong)) in str(answer)
    assert not StockRule.objects.exists()


def test_rules_of_things_are_set_listed_and_removed(api: Api, company: Company) -> None:
    shop = str(shop_of(company).public_id)
    rule = {"connectionId": shop, "itemId": "v1", "threshold": 4, "unitCost": 3.75, "currency": "GBP"}
    [kept] = said(api.put(at(company, "rules/items"), [rule]))
    assert (kept["threshold"], kept["unitCost"], kept["supplierId"]) == (4, 3.75, "")
    push(api, company, a_row())
    assert said(api.get(at(company, "levels")))["results"][0]["unitCost"] == 3.75
    assert said(api.get(at(company, "rules/items")))["results"] == [kept]
    assert said(api.put(at(company, "rules/items"), [{"connectionId": shop, "itemId": "v1"}])) == []
    assert not StockRule.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"currency": "XYZ", "unitCost": 1}, {"currency": "GBP", "unitCost": 0.001}, {"connectionId": "books"}]
)
def test_of_several_rules_none_is_kept_when_one_is_wrong(api: Api, company: Company, wrong: dict[str, Any]) -> None:
    good = {"connectionId": str(shop_of(company).public_id), "itemId": "v1", "threshold": 4}
    if wrong.get("connectionId"):
        wrong = {"connectionId": str(books_of(company).public_id)}
    said(api.put(at(company, "rules/items"), [good, {**good, "itemId": "v2", **wrong}]), 400)
    assert not StockRule.objects.exists()


def test_another_partner_s_connection_is_unknown_in_a_rule(api: Api, other_api: Api, company: Company) -> None:
    foreign = ready_company(other_api.partner)
    rule = {"connectionId": str(shop_of(company).public_id), "itemId": "v1", "threshold": 4}
    said(other_api.put(at(foreign, "rules/items"), [rule]), 400)
    said(other_api.get(at(company, "levels")), 404)
    assert not StockRule.objects.exists()


def test_an_import_is_spread_and_becomes_the_cost_of_what_is_sold_next(api: Api, company: Company) -> None:
    push(api, company, a_row())
    value: dict[str, Any] = {"connectionId": str(shop_of(company).public_id), "currency": "GBP", "saves": True}
    value["lines"] = [
        {"itemId": "v1", "quantity": 10, "cost": 25},
        {"itemId": "v2", "quantity": 3, "cost": 10},
    ]
    value["charges"] = [{"amount": 10}]
    found = said(api.post(at(company, "landed-cost"), value))
    assert [(each["itemId"], each["cost"], each["unitCost"]) for each in found["lines"]] == [
        ("v1", 32.14, 3.21),
        ("v2", 12.86, 4.29),
    ]
    assert found["total"] == 45
    assert said(api.get(at(company, "levels")))["results"][0]["unitCost"] == 3.21
    said(api.post(at(company, "landed-cost"), {**value, "charges": [{"amount": 1, "by": "weight"}]}), 400)
    said(api.post(at(company, "landed-cost"), {**value, "currency": "XXY"}), 400)


def test_orders_are_listed_and_a_refused_one_is_tried_again(api: Api, other_api: Api, company: Company) -> None:
    order_id = a_refused_order(company)
    order = PurchaseOrder.objects.get()
    order.lines = [{"level_id": 1, "item_id": "tea", "location_id": "", "description": "Tea", "sku": "T",
                    "quantity": "6.50", "unit_cost": 250, "account": None}]  # fmt: skip
    order.save()
    [shown] = said(api.get(at(company, "purchase-orders?query=state=refused")))["results"]
    assert (shown["id"], shown["reference"], shown["state"]) == (order_id, order.reference, "refused")
    assert (shown["lines"][0]["quantity"], shown["lines"][0]["unitCost"]) == (6.5, 2.5)
    retry = at(company, f"purchase-orders/{order_id}/retry")
    said(other_api.post(retry), 404)
    said(api.post(retry))
    assert StockLevel.objects.get().ordered_in is None
    PurchaseOrder.objects.update(state="prepared", failure_code="")
    said(api.post(retry), 409)


def test_stock_is_worth_what_is_there_at_what_it_costs(api: Api, company: Company) -> None:
    push(
        api,
        company,
        a_row(1.5, unitCost=2.35),
        a_row(-1, id="r2", productVariantRef={"id": "v2"}, unitCost=1, name="=Mug"),
        {**a_row(7, id="r3", productVariantRef={"id": "v3"}, name="Cup"), "unitCost": None},
    )
    found = said(api.get(at(company, "valuation")))
    assert found["totals"] == [{"currency": "GBP", "value": 2.52, "belowZero": -1}]
    assert (found["withoutCost"], [each["name"] for each in found["levels"]]) == (1, ["=Mug", "Cup", "Tea"])
    lines = api.get(at(company, "valuation/csv")).content.decode().splitlines()
    assert lines[1:] == ["v2,'=Mug,TEA,l1,-1,1.00,GBP,-1.00", "v3,Cup,TEA,l1,7,,,", "v1,Tea,TEA,l1,1.5,2.35,GBP,3.52"]


def test_profit_is_what_is_booked_as_sold_less_what_it_cost(api: Api, company: Company) -> None:
    book = default_book("GBP", DAYS)
    costed = structs.replace(book, policy=structs.replace(book.policy, cost=True))
    save_book(company=company, book=costed, author="test", reason="cost")
    names = {"id": "tea", "name": "Tea", "categorization": "Drinks", "variants": [{"id": "v", "sku": "TEA"}]}
    path = f"/companies/{company.public_id}/connections/{shop_of(company).public_id}/data/commerce-products"
    said(api.put(path, [names]))
    push(api, company, a_row(unitCost=2.5))
    push_orders(api, company, [an_order(1), an_order(2)])
    mug = an_order(3)
    mug["orderLineItems"][0]["productRef"] = {"id": "mug", "name": "Mug"}
    push_orders(api, company, [mug])
    days = f"start={FIRST_DAY}&finish={FIRST_DAY}"
    assert said(api.get(at(company, f"profit?{days}")))["rows"] == []
    sync(api, company)
    rows = said(api.get(at(company, f"profit?{days}&by=category")))["rows"]
    assert rows == [
        {"name": "Drinks", "currency": "GBP", "sales": 20, "cost": 5, "uncosted": 0, "profit": 15},
        {"name": "", "currency": "GBP", "sales": 10, "cost": 0, "uncosted": 10, "profit": 0},
    ]
    assert [each["name"] for each in said(api.get(at(company, f"profit?{days}")))["rows"]] == ["Tea", "Mug"]
    for by in ("location", "channel"):
        [row] = said(api.get(at(company, f"profit?{days}&by={by}")))["rows"]
        assert (row["sales"], row["profit"]) == (30, 15)
    said(api.get(at(company, f"profit?{days}&by=moon")), 400)
    said(api.get(at(company, "profit?start=2026-03-03&finish=2026-03-02")), 400)
    said(api.get(at(company, "profit")), 400)
    assert ProblemRow.objects.filter(code="cost_unknown", resolved_at=None).count() == 1
