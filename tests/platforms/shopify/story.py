"""A month at a shop with every case in it, told to a fake Shopify."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connectors.auth import Secrets
from tests.platforms.shopify.fake import SCHEMA, FakeShopify, Json, adjustment, back, bag, cents, money, sold

CURRENCY, ZONE, THROUGH = "USD", "America/New_York", date(2026, 5, 31)
SETTINGS = {"shop": "some-shop", "gift_cards_without_order": "issued_free"}
SECRETS = Secrets(access_token="shpat_shopify-test-token")
CANNOT: dict[str, str] = {}
NEEDS = SCHEMA
VAT: Json = {"VAT": Decimal("20")}
NO_TAX: Json = {}


def names(shop: FakeShopify) -> None:
    """What the shop calls things."""
    for number, name in (("501", "Main street"), ("502", "Harbor"), ("503", "Closed market")):
        shop.locations.append({"legacyResourceId": number, "name": name, "isActive": number != "503",
                               "address": {"countryCode": "US"}})  # fmt: skip
    goods = (("701", "Mug", "Kitchen", 400), ("702", "Lamp", "Home", 2_100), ("703", "Print", "", None))
    for number, title, kind, cost in goods:
        places = {"701": {"501": 40, "502": -2}, "702": {"501": 3}, "703": {"501": 0}}[number]
        shop.variant(number, title, kind, cost, places, tracked=number != "703")
    # At more locations than a list of variants has of each; at one of them no more.
    everywhere = {str(place): place - 500 for place in range(501, 509)}
    shop.variant("704", "Card", "Paper", 35, everywhere)
    shop.variants[-1]["_levels"][1]["isActive"] = False


def month(shop: FakeShopify) -> None:
    """March 2026 in New York."""
    names(shop)
    sales(shop)
    edits(shop)
    returns(shop)
    money_matters(shop)


def sales(shop: FakeShopify) -> None:
    till = {"sourceName": "pos", "retailLocation": {"legacyResourceId": "501"}}
    mixed = shop.order(
        [sold("Mug", 1_250, 3, variant="701"), sold("Lamp", 7_999, variant="702"),
         sold("Tip", 250, taxes=NO_TAX, line="TIP")], **till,
    )  # fmt: skip
    shop.pay(mixed, 500, "cash")
    shop.pay(mixed, 300, "gift_card")
    shop.pay(mixed)
    shop.later(hours=1)
    shop.pay(shop.order([sold("Print", 3_333, 2, off=667, variant="703"), sold("Mug", 1_250, off=125, variant="701")]))
    inside = [sold("Lamp", 12_000, taxes=VAT, inside=True, off=1_200, variant="702")]
    shop.pay(shop.order([*inside, sold("Shipping", 600, taxes=VAT, inside=True, line="SHIPPING")]), gateway="paypal")
    shop.later(days=1)
    extra = [sold("Duty", 350, taxes=NO_TAX, line="DUTY"), sold("Recycling", 99, line="ADDITIONAL_FEE")]
    shop.pay(shop.order([sold("Print", 2_000, variant="703"), sold("Shipping", 500, line="SHIPPING"), *extra]))
    shop.pay(shop.order([sold("Gift card", 2_500, taxes=NO_TAX, line="GIFT_CARD"), sold("Mug", 1_250, variant="701")]))
    for order, worth in ({"legacyResourceId": "1018"}, 2_500), (None, 1_000), (None, 500):
        shop.gift_cards.append({"id": f"gid://shopify/GiftCard/{worth}", "createdAt": shop.stamp,
                                "initialValue": money(worth), "order": order})  # fmt: skip
    # The channel owes the tax, and sends what is left.
    shop.pay(shop.order([sold("Mug", 2_000, taxes={"State tax": Decimal("4")}, liable=True)]))
    shop.move("TAX_ADJUSTMENT_DEBIT", -80)
    shop.later(days=1)
    rounded = shop.order([sold("Mug", 1_251, variant="701")], **till)
    shop.pay(rounded, gateway="cash", amountRoundingSet=bag(-2))
    changed = shop.order([sold("Mug", 1_250, taxes=NO_TAX, variant="701")], **till)
    shop.transaction(changed, 2_000, "cash")
    shop.transaction(changed, 750, "cash", "CHANGE")
    shop.pay(shop.order([sold("Mug", 1_100, taxes=NO_TAX)], test=True), test=True)
    shop.transaction(shop.order([sold("Lamp", 7_999)]), 7_999, "shopify_payments", "SALE", status="FAILURE")
    many = [sold(f"Print no. {number}", 100 + number, variant="703") for number in range(31)]
    shop.pay(shop.order(many))
    shop.later(days=1)
    reserved = shop.order([sold("Lamp", 5_000, variant="702")])
    shop.transaction(reserved, cents(reserved["totalOutstandingSet"]), "shopify_payments", "AUTHORIZATION")
    shop.later(days=2)
    shop.pay(reserved, kind="CAPTURE")
    shop.transaction(shop.order([sold("Lamp", 4_000)]), 4_340, "shopify_payments", "AUTHORIZATION")
    shop.order([sold("Catering mugs", 1_000, 20)])  # by bank, one day
    gone = shop.order([sold("Never mind", 900)])
    shop.later(hours=2)
    shop.agree(gone, [back(gone["_agreements"][0]["_sales"][0])], "REFUND", refund={"legacyResourceId": "1"})
    gone["refunds"].append(_unpaid(shop, "1"))
    gone["cancelledAt"] = shop.stamp


def _unpaid(shop: FakeShopify, number: str) -> Json:
    """A refund by which no money went."""
    order: Json = {"transactions": [], "refunds": [], "_agreements": []}
    return {**shop.refund(order, [], []), "legacyResourceId": number}


def edits(shop: FakeShopify) -> None:
    order = shop.order([sold("Mug", 1_250, 2, variant="701"), sold("Lamp", 7_999, variant="702")])
    shop.pay(order)
    shop.later(hours=5)
    mugs = order["_agreements"][0]["_sales"][0]
    shop.agree(order, [sold("Print", 2_900, variant="703"), back(mugs, 1)], "ORDER_EDIT")
    shop.pay(order)
    shop.later(days=1)
    for number in range(3):
        shop.agree(order, [sold(f"Card {number}", 300)], "ORDER_EDIT")
    shop.pay(order)
    # A dearer thing for another: the difference is paid.
    swap = shop.order([sold("Mug", 1_000, taxes=NO_TAX, variant="701")])
    shop.pay(swap)
    shop.later(days=1)
    dearer = sold("Print", 1_500, taxes=NO_TAX, variant="703")
    shop.agree(swap, [back(swap["_agreements"][0]["_sales"][0]), dearer], "RETURN")
    shop.pay(swap, gateway="cash")


def returns(shop: FakeShopify) -> None:
    order = shop.order([sold("Mug", 1_250, 4, variant="701"), sold("Shipping", 700, line="SHIPPING")])
    shop.pay(order)
    mugs, shipping = order["_agreements"][0]["_sales"]
    shop.later(days=2)
    one = back(mugs, 1)
    shop.refund(order, [one], [(-cents(one["totalAmount"]), "shopify_payments")], "RETURN", "Damaged")
    shop.later(hours=1)
    # To a gift card, though it was paid by card, and with the shipping.
    two = [back(mugs, 2), back(shipping)]
    shop.refund(order, two, [(-sum(cents(each["totalAmount"]) for each in two), "gift_card")], "NO_RESTOCK")
    goodwill = shop.order([sold("Catering", 20_000)])
    shop.pay(goodwill)
    shop.later(days=1)
    shop.refund(goodwill, [adjustment(-3_333)], [(3_333, "shopify_payments")], note="Late")
    only_money = shop.order([sold("Catering", 10_000)])
    shop.pay(only_money)
    shop.later(hours=3)
    shop.refund(only_money, [], [(2_170, "shopify_payments")])
    # Brought back one day, paid back on another.
    later = shop.order([sold("Lamp", 7_999, variant="702")])
    shop.pay(later)
    shop.later(days=1)
    lamp = back(later["_agreements"][0]["_sales"][0])
    shop.agree(later, [lamp], "RETURN")
    shop.later(days=2)
    shop.refund(later, [], [(-cents(lamp["totalAmount"]), "shopify_payments")])
    credited = shop.order([sold("Mug", 1_250, variant="701")])
    shop.pay(credited)
    shop.later(hours=4)
    mug = back(credited["_agreements"][0]["_sales"][0])
    shop.refund(credited, [mug], [(-cents(mug["totalAmount"]), "shopify_store_credit")], "RETURN")
    canceled = shop.order([sold("Print", 4_400, variant="703")])
    shop.pay(canceled)
    shop.later(hours=1)
    whole = back(canceled["_agreements"][0]["_sales"][0])
    shop.refund(canceled, [whole], [(-cents(whole["totalAmount"]), "shopify_payments")], "CANCEL")
    canceled["cancelledAt"] = shop.stamp


def money_matters(shop: FakeShopify) -> None:
    lost = shop.order([sold("Lamp", 5_000, taxes=NO_TAX, variant="702")])
    won = shop.order([sold("Chair", 7_000, taxes=NO_TAX)])
    shop.pay(lost)
    shop.pay(won)
    shop.later(days=1)
    shop.pay_out()
    first, second = shop.dispute(lost, 5_000, "NEEDS_RESPONSE"), shop.dispute(won, 7_000, "UNDER_REVIEW")
    shop.dispute(won, 7_000, "UNDER_REVIEW", "INQUIRY")
    for amount in (5_000, 7_000):
        shop.move("DISPUTE_WITHDRAWAL", -amount, 1_500)
    shop.later(days=1)
    shop.pay_out()  # taken from the bank
    shop.later(days=7)
    shop.move("DISPUTE_REVERSAL", 7_000, -1_500)
    first |= {"status": "LOST", "finalizedOn": shop.stamp}
    second |= {"status": "WON", "finalizedOn": shop.stamp}
    shop.move("RESERVED_FUNDS", -1_000)
    shop.move("SHIPPING_LABEL", -845)
    shop.move("CHARGE", 999, 59, test=True)
    shop.pay_out("FAILED")
    gone = {"__typename": "BasicEvent", "action": "destroy", "subjectType": "ORDER"}
    for number in ("77", "78", "79"):
        shop.events.append({**gone, "id": f"gid://shopify/BasicEvent/{shop.number()}", "createdAt": shop.stamp,
                            "subjectId": f"gid://shopify/Order/{number}"})  # fmt: skip
    shop.later(days=10)  # the end of the month: paid out in the next one
    shop.pay(shop.order([sold("Mug", 1_250, variant="701"), sold("Tip", 50, taxes=NO_TAX, line="TIP")]))
    shop.later(days=2)
    shop.move("RESERVED_FUNDS_REVERSAL", 1_000)
    shop.pay_out()
    shop.move("CHARGE_ADJUSTMENT", 0)
    shop.pay_out("SCHEDULED")


def late_changes(shop: FakeShopify) -> None:
    """An order of the first day gets one more thing, paid in cash; one that was paid in cash is deleted."""
    shop.later(hours=3)
    edited = next(row for row in shop.orders if any(each["gateway"] == "paypal" for each in row["transactions"]))
    shop.agree(edited, [sold("Print", 1_900, variant="703")], "ORDER_EDIT")
    shop.pay(edited, gateway="cash")
    gone = next(row for row in shop.orders if [each["gateway"] for each in row["transactions"]] == ["cash"])
    shop.orders.remove(gone)
    shop.events.append({
        "__typename": "BasicEvent", "id": f"gid://shopify/BasicEvent/{shop.number()}", "action": "destroy",
        "createdAt": shop.stamp, "subjectId": gone["id"], "subjectType": "ORDER",
    })  # fmt: skip


def month_end(shop: FakeShopify) -> None:
    """What is sold on the last day of April is paid out in May."""
    shop.later(days=24)
    shop.pay(shop.order([sold("Lamp", 7_999, variant="702"), sold("Tip", 100, taxes=NO_TAX, line="TIP")]))
    shop.later(days=2)
    shop.pay_out()


def opened() -> FakeShopify:
    """The shop before the month, with the names of its things."""
    shop = FakeShopify(page=7)
    names(shop)
    return shop


def prices(shop: FakeShopify) -> set[str]:
    """By what was sold with tax."""
    agreements = [each for row in shop.orders for each in row["_agreements"]]
    return {sale["_prices"] for each in agreements for sale in each["_sales"] if sale["taxes"] and "_prices" in sale}


PARTS = (sales, edits, returns, late_changes, money_matters, month_end)
