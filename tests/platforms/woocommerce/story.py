"""A month at a WooCommerce shop with every case that it knows, told to a fake shop; the same story through any till."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from connectors.auth import Secrets
from tests.platforms.woocommerce.fake import FakeWoo
from tests.platforms.woocommerce.pricing import Json, Shop

CURRENCY, ZONE, THROUGH = "USD", "America/New_York", date(2026, 3, 31)
SETTINGS: dict[str, str] = {}
SECRETS = Secrets(username="ck_test", password="cs_test")
NOT_HERE = "the gateway's, of which the shop is told nothing"
CANNOT = dict.fromkeys(("a payout in the next month", "a dispute lost", "a dispute won"), NOT_HERE)
TWO_RATES = {71: ("State tax", Decimal("4")), 72: ("City tax", Decimal("4.875"))}
TIP = {"name": "Tip", "tax_status": "none"}
CARD = {"payment_method": "stripe", "payment_method_title": "Credit card", "set_paid": True}


class Till(Protocol):
    """By what orders reach the shop."""

    def order(self, asked: Json) -> int:
        """Make an order; its id."""
        ...

    def change(self, order: int, asked: Json) -> None:
        """Change an order."""
        ...

    def refund(self, order: int, asked: Json) -> None:
        """Give something back."""
        ...


class Straight:
    """The fake itself."""

    def __init__(self, fake: FakeWoo) -> None:
        self.fake = fake

    def order(self, asked: Json) -> int:
        return int(self.fake.make_order(asked)["id"])

    def change(self, order: int, asked: Json) -> None:
        self.fake.change_order(order, asked)

    def refund(self, order: int, asked: Json) -> None:
        self.fake.refund(order, asked)


def a_shop(page: int = 100, *, prices_include_tax: bool = False, round_at_subtotal: bool = False) -> FakeWoo:
    """A shop in New York with four products and its gateways."""
    shop = Shop(dict(TWO_RATES), prices_include_tax, round_at_subtotal)
    fake = FakeWoo(shop, page=page)
    fake.add_product("Coffee", "4.55", "Drinks")
    fake.add_product("Cake", "9.99", "Food")
    fake.add_product("Gift card", "25.00", kind="gift-card", taxed=False)
    fake.add_product("Book", "13.33", "Books", taxed=False)
    for key, title in (("stripe", "Credit card"), ("cod", "Cash on delivery"), ("bacs", "Bank transfer")):
        fake.gateways.append({"id": key, "title": title, "enabled": True, "method_title": title})
    return fake


def lines(fake: FakeWoo, **wanted: int) -> list[Json]:
    """Lines by the first word of the product's name."""
    ids = {row["name"].split()[0].lower(): key for key, row in fake.products.items()}
    return [{"product_id": ids[name], "quantity": quantity} for name, quantity in wanted.items()]


def fee(amount: str) -> list[Json]:
    """What the gateway's plugin writes down."""
    return [{"id": 1, "key": "_stripe_fee", "value": amount}, {"id": 2, "key": "_stripe_currency", "value": "USD"}]


def sales(fake: FakeWoo, till: Till) -> None:
    """Orders of every kind."""
    ship = [{"method_id": "flat_rate", "method_title": "Parcel", "total": "5.00"}]
    till.order({**CARD, "line_items": lines(fake, coffee=3, cake=1), "shipping_lines": ship, "meta_data": fee("1.02")})
    tip = [{**TIP, "total": "3.00"}]
    till.order({**CARD, "line_items": lines(fake, coffee=2), "fee_lines": tip, "meta_data": fee("0.66")})
    till.order({**CARD, "line_items": lines(fake, cake=3, book=1), "coupon_percent": 15})
    fake.later(days=1)
    till.order({**CARD, "line_items": lines(fake, gift=1, coffee=1)})
    used = [{"name": "Gift card", "total": "-10.00", "tax_status": "none"}]
    till.order({**CARD, "line_items": lines(fake, cake=2), "fee_lines": used, "customer_id": 12})
    packing = [{"name": "Packing", "total": "1.50"}]
    cod = {"payment_method": "cod", "payment_method_title": "Cash on delivery", "status": "processing"}
    till.order({**cod, "line_items": lines(fake, book=2), "fee_lines": packing})
    till.change(till.order({**cod, "line_items": lines(fake, cake=1)}), {"status": "completed"})
    transfer = {"payment_method": "bacs", "payment_method_title": "Bank transfer", "status": "on-hold"}
    till.order({**transfer, "line_items": lines(fake, book=5)})
    till.change(till.order({**transfer, "line_items": lines(fake, book=1)}), {"status": "processing"})
    fake.later(days=1)
    for status in ("pending", "failed", "cancelled"):
        till.order({"payment_method": "stripe", "status": status, "line_items": lines(fake, coffee=1)})
    odd = {"payment_method": "corner_shop", "payment_method_title": "At the corner", "set_paid": True}
    till.order({**odd, "line_items": lines(fake, coffee=7)})


def _back(order: Json, number: int, quantity: int) -> tuple[list[Json], Decimal]:
    """A part of a line as it is given back, and what that comes to."""
    item = order["line_items"][number]
    share = Decimal(quantity) / item["quantity"]
    net = (Decimal(item["total"]) * share).quantize(Decimal("0.01"))
    parts = [(tax["id"], (Decimal(tax["total"]) * share).quantize(Decimal("0.01"))) for tax in item["taxes"]]
    asked = {"id": item["id"], "quantity": quantity, "refund_total": str(net),
             "refund_tax": [{"id": key, "refund_total": str(tax)} for key, tax in parts]}  # fmt: skip
    return [asked], net + sum((tax for _, tax in parts), Decimal(0))


def returns(fake: FakeWoo, till: Till) -> None:
    """Refunds by the gateway and by hand, of lines and of money; an order that was edited and one that is gone."""
    fake.later(days=3)
    by_gateway = till.order({**CARD, "line_items": lines(fake, coffee=4, cake=2)})
    asked, amount = _back(fake.orders[by_gateway], 0, 1)
    till.refund(by_gateway, {"amount": str(amount), "line_items": asked, "reason": "Cold", "api_refund": True})
    by_hand = till.order({**CARD, "line_items": lines(fake, cake=2)})
    asked, amount = _back(fake.orders[by_hand], 0, 1)
    till.refund(by_hand, {"amount": str(amount), "line_items": asked, "api_refund": False})
    till.refund(by_hand, {"amount": "2.00", "reason": "Goodwill"})
    whole = till.order({**CARD, "line_items": lines(fake, coffee=1, book=1)})
    till.refund(whole, {"amount": fake.orders[whole]["total"]})
    fake.later(days=2)
    edited = till.order({**CARD, "line_items": lines(fake, coffee=1)})
    gone = till.order({**CARD, "line_items": lines(fake, cake=4)})
    asked, amount = _back(fake.orders[gone], 0, 1)
    till.refund(gone, {"amount": str(amount), "line_items": asked})
    fake.later(days=1)
    first: dict[str, Any] = fake.orders[edited]["line_items"][0]
    till.change(edited, {"line_items": [{"id": first["id"], "quantity": 2}, *lines(fake, cake=1)]})


def clearing_up(fake: FakeWoo, till: Till) -> None:
    """An order with a refund goes into the trash; the gateway's fee of another one is told late."""
    fake.later(days=4)
    fake.trash(max(row["parent_id"] for row in fake.refunds.values()))
    till.change(sorted(fake.orders)[2], {"meta_data": fee("1.23")})


def month(fake: FakeWoo, till: Till) -> None:
    """February 2026."""
    for part in (sales, returns, clearing_up):
        part(fake, till)


def other_prices(fake: FakeWoo, till: Till) -> None:
    """The merchant turns the shop to prices with tax in them."""
    fake.later(days=8)
    fake.shop.prices_include_tax = True
    till.order({**CARD, "line_items": lines(fake, coffee=3, cake=2, book=1), "coupon_percent": 15})
    till.order({**CARD, "line_items": lines(fake, coffee=1), "meta_data": fee("0.43")})


def late_changes(fake: FakeWoo, till: Till) -> None:
    """An order of the first day gets another line, and one goes into the trash."""
    fake.later(days=2)
    edited, _, gone = sorted(fake.orders)[:3]
    till.change(edited, {"line_items": [{"id": fake.orders[edited]["line_items"][0]["id"], "quantity": 5},
                                        *lines(fake, book=1)]})  # fmt: skip
    fake.trash(gone)


def opened() -> FakeWoo:
    """The shop before the month."""
    return a_shop(page=5)


def prices(fake: FakeWoo) -> set[str]:
    """By the orders with tax."""
    taxed = [order for order in fake.orders.values() if Decimal(order["total_tax"])]
    return {"inclusive" if order["prices_include_tax"] else "exclusive" for order in taxed}


def _by_hand(part: Callable[[FakeWoo, Till], None]) -> Callable[[FakeWoo], None]:
    return lambda fake: part(fake, Straight(fake))


PARTS = tuple(map(_by_hand, (sales, returns, clearing_up, other_prices, late_changes)))
