"""A month at a seller's with every case in it, told to a fake Square; the same story through any till."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Protocol

from connectors.auth import Secrets
from tests.platforms.square.fake import FakeSquare
from tests.platforms.square.pricing import Json, money

CURRENCY, ZONE, THROUGH = "USD", "America/New_York", date(2026, 4, 30)
SETTINGS: dict[str, str] = {}
SECRETS = Secrets(access_token="square-test-token")
CANNOT: dict[str, str] = {}
STATE = {"uid": "state", "catalog_object_id": "TAX_STATE", "name": "State tax", "percentage": "4", "type": "ADDITIVE"}
CITY = {"uid": "city", "catalog_object_id": "TAX_CITY", "name": "City tax", "percentage": "4.5", "type": "ADDITIVE"}
INSIDE = {"uid": "vat", "catalog_object_id": "TAX_IN", "name": "VAT inside", "percentage": "20", "type": "INCLUSIVE"}


class Till(Protocol):
    """By what sales reach Square."""

    def order(self, asked: Json) -> str:
        """Make an order; its id."""
        ...

    def pay(self, order: str, amount: int, source: str = "cnon:card-ok", tip: int = 0) -> str:
        """Pay for it; the payment's id."""
        ...

    def refund(self, payment: str, amount: int) -> None:
        """Give an amount back."""
        ...


class Straight:
    """The fake itself."""

    def __init__(self, fake: FakeSquare) -> None:
        self.fake = fake

    def order(self, asked: Json) -> str:
        return str(self.fake.make_order(asked)["id"])

    def pay(self, order: str, amount: int, source: str = "cnon:card-ok", tip: int = 0) -> str:
        sums = {"amount_money": money(amount, self.fake.currency), "tip_money": money(tip, self.fake.currency)}
        return str(self.fake.pay({"order_id": order, "source_id": source, **sums})["id"])

    def refund(self, payment: str, amount: int) -> None:
        self.fake.refund({"payment_id": payment, "amount_money": money(amount, self.fake.currency)})


def line(name: str, price: int, quantity: str = "1", **more: Any) -> Json:
    """A line of an order; the catalog knows coffee and cake."""
    known = {"Coffee": "VAR_COFFEE", "Cake": "VAR_CAKE"}
    catalog = {"catalog_object_id": known[name]} if name in known else {}
    return {"name": name, "quantity": quantity, "base_price_money": money(price, "USD"), **catalog, **more}


# From how few on the seller is warned: everywhere but at one location, and nowhere.
ALERTS: dict[str, Json] = {
    "COFFEE": {
        "inventory_alert_type": "LOW_QUANTITY", "inventory_alert_threshold": 10,
        "location_overrides": [
            {"location_id": "LOC1", "inventory_alert_type": "LOW_QUANTITY", "inventory_alert_threshold": 25},
            {"location_id": "LOC2", "inventory_alert_type": "NONE"},
        ],
    },
    "CAKE": {"inventory_alert_type": "NONE"},
}  # fmt: skip


def catalog(fake: FakeSquare) -> None:
    """What the seller calls things."""
    for number, (item, category) in enumerate((("Coffee", "Drinks"), ("Cake", "Food"))):
        place, key = f"CAT_{category.upper()}", item.upper()
        fake.put("catalog", {"type": "CATEGORY", "id": place, "version": 1, "category_data": {"name": category}})
        data = {"name": item, "reporting_category": {"id": place}}
        fake.put("catalog", {"type": "ITEM", "id": f"ITEM_{key}", "version": 1, "item_data": data})
        data = {"item_id": f"ITEM_{key}", "name": "Regular", "sku": f"SKU-{number}", **ALERTS[key]}
        fake.put("catalog", {"type": "ITEM_VARIATION", "id": f"VAR_{key}", "version": 1, "item_variation_data": data})
        fake.count(f"VAR_{key}", "LOC1", f"{5 + number}.5")
        fake.count(f"VAR_{key}", "LOC2", "-1")
        fake.count(f"VAR_{key}", "LOC1", "2", "WASTE")
    gone: Json = {"item_id": "ITEM_COFFEE", "name": "Decaf", "sku": "SKU-9"}
    gone = {"type": "ITEM_VARIATION", "id": "VAR_DECAF", "version": 2, "is_deleted": True, "item_variation_data": gone}
    fake.put("catalog", gone)
    for tax in (STATE, CITY, INSIDE):
        data = {"name": tax["name"], "percentage": tax["percentage"], "inclusion_type": tax["type"]}
        fake.put("catalog", {"type": "TAX", "id": tax["catalog_object_id"], "version": 1, "tax_data": data})


def month(fake: FakeSquare, till: Till) -> None:
    """March 2026 in New York, at two locations."""
    catalog(fake)
    sales(fake, till)
    returns(fake, till)
    money_matters(fake, till)


def _due(fake: FakeSquare, order: str) -> int:
    return int(fake.rows["orders"][order]["net_amount_due_money"]["amount"])


def _paid(fake: FakeSquare, till: Till, asked: Json, source: str = "cnon:card-ok", tip: int = 0) -> tuple[Json, Json]:
    """An order paid at once: the order and its payment as the fake has them."""
    order = till.order({"location_id": "LOC1", **asked})
    payment = till.pay(order, _due(fake, order), source, tip)
    return fake.rows["orders"][order], fake.rows["payments"][payment]


def sales(fake: FakeSquare, till: Till) -> None:
    taxed = {"taxes": [dict(STATE), dict(CITY)]}
    mixed = till.order({"location_id": "LOC1", "line_items": [line("Coffee", 450, "3"), line("Cake", 799)], **taxed})
    till.pay(mixed, 500, "CASH")
    till.pay(mixed, 300, "gftc:1")
    till.pay(mixed, _due(fake, mixed), tip=250)
    fake.later(hours=1)
    off = [{"uid": "off", "name": "Spring", "percentage": "10", "type": "FIXED_PERCENTAGE", "scope": "ORDER"}]
    _paid(fake, till, {"line_items": [line("Cake", 1_333), line("Coffee", 450)], "discounts": off, **taxed})
    _paid(fake, till, {"location_id": "LOC2", "line_items": [line("Lunch", 1_200, "2")], "taxes": [dict(INSIDE)]})
    inside = {"line_items": [line("Brunch", 1_500)], "taxes": [dict(INSIDE)], "discounts": [dict(off[0])]}
    _paid(fake, till, {"location_id": "LOC2", **inside})
    fake.later(days=1)
    service = [
        {"uid": "sc", "name": "Table", "percentage": "5", "calculation_phase": "SUBTOTAL_PHASE", "taxable": True},
        {"uid": "ag", "name": "Gratuity", "amount_money": money(300, "USD"), "type": "AUTO_GRATUITY"},
    ]
    _paid(fake, till, {"line_items": [line("Dinner", 4_210)], "service_charges": service, **taxed}, tip=500)
    card = line("Gift card", 2_500, item_type="GIFT_CARD")
    sold, _ = _paid(fake, till, {"line_items": [card, line("Coffee", 450)], **taxed})
    fake.gift("ACTIVATE", {"amount_money": money(2_500, "USD"), "order_id": sold["id"], "line_item_uid": "line-0"})
    fake.gift("ADJUST_INCREMENT", {"amount_money": money(1_000, "USD"), "reason": "COMPLIMENTARY"})
    _paid(fake, till, {"line_items": [line("Cake", 799)], **taxed}, "gftc:1")
    _paid(fake, till, {"location_id": "LOC2", "line_items": [line("Coffee", 450, "2")]}, "EXTERNAL")
    fake.later(days=1)
    fake.cash_step = 5
    _paid(fake, till, {"line_items": [line("Coffee", 451)], **taxed}, "CASH")
    fake.cash_step = 1
    layby = till.order({"location_id": "LOC1", "line_items": [line("Machine", 20_000)], **taxed})
    till.pay(layby, 5_000)
    gone = fake.make_order({"location_id": "LOC1", "line_items": [line("Never mind", 900)]})
    fake.later(days=2)
    till.pay(layby, _due(fake, layby))
    gone |= {"state": "CANCELED", "version": 2}
    fake.put("orders", gone)


def returns(fake: FakeSquare, till: Till) -> None:
    slip = next(row for row in fake.all("payments") if row["tip_money"]["amount"] == 500)
    fake.add_tip(slip, 100)
    taxed = {"taxes": [dict(STATE), dict(CITY)]}
    bought, payment = _paid(fake, till, {"line_items": [line("Coffee", 450, "4"), line("Cake", 799)], **taxed}, tip=100)
    fake.later(days=1)
    fake.take_back(bought, {"line-0": 1}, [(payment, 488)])
    fake.later(hours=1)
    # To a gift card, though it was paid by card.
    share = bought["line_items"][1]["total_money"]["amount"]
    fake.take_back(bought, {"line-1": 1}, [(payment, share)], destination="gift_card")
    _, payment = _paid(fake, till, {"line_items": [line("Catering", 10_000)], **taxed})
    till.refund(payment["id"], 3_333)
    two = till.order({"location_id": "LOC1", "line_items": [line("Coffee", 450, "2"), line("Cake", 799)], **taxed})
    first = fake.rows["payments"][till.pay(two, 700, "CASH")]
    second = fake.rows["payments"][till.pay(two, _due(fake, two))]
    fake.later(days=1)
    order = fake.rows["orders"][two]
    whole = order["total_money"]["amount"]
    fake.take_back(order, {"line-0": 2, "line-1": 1}, [(first, 700), (second, whole - 700)])
    # Exchanges: even, with something to pay, with something to pay back.
    bought, payment = _paid(fake, till, {"line_items": [line("Cake", 1_000, "3")]})
    fake.later(hours=2)
    swap: Json = {"location_id": "LOC1", "line_items": [line("Coffee", 1_000)]}
    fake.take_back(bought, {"line-0": 1}, [], bought=swap)
    dearer: Json = {"location_id": "LOC1", "line_items": [line("Coffee", 1_500)]}
    extra = {"id": "TENDER_X", "type": "CASH", "amount_money": money(500, "USD")}
    fake.take_back(bought, {"line-0": 1}, [], bought=dearer, paid=extra)
    cheaper: Json = {"location_id": "LOC1", "line_items": [line("Coffee", 400)]}
    fake.take_back(bought, {"line-0": 1}, [(payment, 600)], bought=cheaper)


def money_matters(fake: FakeSquare, till: Till) -> None:
    lost = _paid(fake, till, {"line_items": [line("Lamp", 5_000)]})[1]
    won = _paid(fake, till, {"line_items": [line("Chair", 7_000)]})[1]
    fake.later(days=1)
    fake.charge_fees()
    fees = [("DEPOSIT_FEE", -175), ("TAX_ON_FEE", -35), ("THIRD_PARTY_FEE", -90)]
    fake.pay_out("LOC1", date(2026, 3, 13), fees)
    fake.pay_out("LOC2", date(2026, 3, 13))
    first, second = fake.dispute(lost), fake.dispute(won)
    fake.dispute(won, "INQUIRY_PROCESSING")
    fake.later(days=8)
    for row, state in ((first, "LOST"), (second, "WON")):
        fake.put("disputes", {**row, "state": state})
    drawer = [("CASH_TENDER_PAYMENT", 500, ""), ("PAID_OUT", 1_200, "Window cleaner"), ("PAID_IN", 2_000, "Change")]
    fake.shift("LOC1", 10_000, 11_300, 11_250, drawer)
    fake.later(days=14)  # the end of the month: paid out in the next one
    _paid(fake, till, {"line_items": [line("Coffee", 450)], "taxes": [dict(STATE), dict(CITY)]}, tip=50)
    fake.later(hours=3)
    fake.charge_fees()
    adjusted = next(row for row in fake.all("payments") if row.get("processing_fee"))
    at = fake.now.isoformat().replace("+00:00", "Z")
    adjusted["processing_fee"].append({"type": "ADJUSTMENT", "effective_at": at, "amount_money": money(-7, "USD")})
    fake.put("payments", adjusted)
    fake.pay_out("LOC1", date(2026, 4, 2), [("DISPUTE", -5_000), ("PROCESSING_FEE_REFUND", 7)])


def tabs(fake: FakeSquare, till: Till) -> None:
    """Two orders that are not finished: a card is reserved for one, and something was paid for the other."""
    fake.later(hours=1)
    tab = till.order({"location_id": "LOC2", "line_items": [line("Lunch", 1_200, "2")], "taxes": [dict(INSIDE)]})
    reserved = fake.rows["payments"][till.pay(tab, 1_000)]
    till.pay(
        till.order({"location_id": "LOC1", "line_items": [line("Lamp", 5_000)], "taxes": [dict(STATE)]}), 500, "CASH"
    )
    reserved["status"] = fake.rows["orders"][tab]["tenders"][0]["card_details"]["status"] = "AUTHORIZED"


def late_changes(fake: FakeSquare, till: Till) -> None:
    """A tip is written on a slip of the first day; what was reserved is let go, and the order canceled; the other one
    gets another line and is paid."""
    fake.later(hours=2)
    slip = next(row for row in fake.all("payments") if row["tip_money"]["amount"] == 250)
    fake.add_tip(slip, 175)
    tab, laid_by = (row for row in fake.all("orders") if row["state"] == "OPEN")
    payment = fake.rows["payments"][tab["tenders"][0]["payment_id"]]
    fake.put("payments", {**payment, "status": "CANCELED"})
    tab["tenders"][0]["card_details"]["status"] = "VOIDED"
    fake.put("orders", {**tab, "state": "CANCELED", "version": tab["version"] + 1})
    fake.change_order(laid_by, [line("Lamp", 5_000), line("Cake", 799)])
    till.pay(laid_by["id"], _due(fake, laid_by["id"]))


def opened() -> FakeSquare:
    """The seller before the month, at whom things have names."""
    fake = FakeSquare(page=7)
    catalog(fake)
    return fake


def prices(fake: FakeSquare) -> set[str]:
    """By the taxes of what was sold."""
    sold = [order for order in fake.all("orders") if order["state"] == "COMPLETED"]
    types = {tax["type"] for order in sold for tax in order.get("taxes") or ()}
    return {"inclusive" if each == "INCLUSIVE" else "exclusive" for each in types}


def _by_hand(part: Callable[[FakeSquare, Till], None]) -> Callable[[FakeSquare], None]:
    return lambda fake: part(fake, Straight(fake))


PARTS = tuple(map(_by_hand, (sales, returns, money_matters, tabs, late_changes)))
