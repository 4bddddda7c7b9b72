"""A shop at Shopify that answers what is asked of it, by the vendor's own schema: graphql-core reads the questions.

The schema is kept outside of the project; what needs it is skipped where it is not at hand. A value of a row that is
callable is a connection, with the arguments that the question gives it.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from graphql import DocumentNode, GraphQLSchema, build_client_schema, execute_sync, parse, validate
from graphql.error import GraphQLError

from tests.connectors.server import Answer, Seen
from tests.platforms.folders import SPECIFICATIONS

Json = dict[str, Any]
SCHEMA = SPECIFICATIONS / "commerce" / "shopify" / "admin_graphql_2026-10.introspection.json.gz"
TAXES = {"State tax": Decimal("4"), "City tax": Decimal("4.5")}


@cache
def schema() -> GraphQLSchema:
    """The vendor's schema, which takes seconds to read."""
    with gzip.open(SCHEMA) as file:
        found = json.load(file)
    return build_client_schema(found.get("data", found), assume_valid=True)


@cache
def question(text: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A question as it is read, and what is wrong with it by the schema."""
    read = parse(text)
    return read, validate(schema(), read)


def money(cents: int, currency: str = "USD") -> Json:
    """An amount as Shopify writes it: not padded, but with a decimal."""
    text = str((Decimal(cents) / 100).normalize().__format__("f"))
    return {"amount": text if "." in text else f"{text}.0", "currencyCode": currency}


def bag(cents: int) -> Json:
    return {"shopMoney": money(cents)}


def cents(value: Json) -> int:
    return int(Decimal(value.get("shopMoney", value)["amount"]) * 100)


def listing(rows: Sequence[Any], most: int = 1_000) -> Callable[..., Json]:
    """A connection over the rows; `most` is how many it gives at a time, whatever is asked for."""

    def connection(info: Any, first: int = 1_000, after: str | None = None, **_: Any) -> Json:
        start = int(after.removeprefix("c")) if after else 0
        end = min(start + min(first, most), len(rows))
        page = {"hasNextPage": end < len(rows), "endCursor": f"c{end}" if end > start else None}
        return {"nodes": list(rows[start:end]), "pageInfo": page}

    return connection


class FakeShopify:
    """The shop. `page` is how many rows a list of it has at most."""

    secret, code = "shpss_test_secret", "the-code"

    def __init__(self, page: int = 4) -> None:
        self.page, self.now, self.last = page, datetime(2026, 3, 2, 15, 0, tzinfo=UTC), 1_000
        self.orders: list[Json] = []
        self.balance: list[Json] = []
        self.payouts: list[Json] = []
        self.disputes: list[Json] = []
        self.events: list[Json] = []
        self.locations: list[Json] = []
        self.variants: list[Json] = []
        self.gift_cards: list[Json] = []
        self.tokens: set[str] | None = None  # those that open the shop; None: any does
        self.refresh: list[str] = []  # the last is the one to use; the one before is good until that has been used

    def number(self) -> str:
        self.last += 1
        return str(self.last)

    def later(self, **by: int) -> None:
        self.now += timedelta(**by)

    @property
    def stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    def agree(self, order: Json, sales: list[Json], reason: str = "ORDER", **more: Any) -> Json:
        """Shopify notes an agreement on an order."""
        kind = {"ORDER": "OrderAgreement", "ORDER_EDIT": "OrderEditAgreement", "RETURN": "ReturnAgreement"}
        agreement = {
            "__typename": kind.get(reason, "RefundAgreement"), "id": f"gid://shopify/SalesAgreement/{self.number()}",
            "happenedAt": self.stamp, "reason": reason, "_sales": sales, "sales": listing(sales), **more,
        }  # fmt: skip
        order["_agreements"].append(agreement)
        self.touch(order)
        return agreement

    def order(self, sales: list[Json], **more: Any) -> Json:
        """An order that nobody has paid for yet."""
        number = self.number()
        order: Json = {
            "id": f"gid://shopify/Order/{number}", "legacyResourceId": number, "name": f"#{number}", "test": False,
            "createdAt": self.stamp, "processedAt": self.stamp, "cancelledAt": None, "currencyCode": "USD",
            "sourceName": "web", "retailLocation": None, "transactions": [], "refunds": [], "_agreements": [], **more,
        }  # fmt: skip
        order["agreements"] = listing(order["_agreements"])
        self.agree(order, sales)
        self.orders.append(order)
        return order

    def touch(self, order: Json) -> None:
        """What the shop shows of an order follows from what was agreed and paid."""
        current = sum(cents(sale["totalAmount"]) for each in order["_agreements"] for sale in each["_sales"])
        done = [each for each in order["transactions"] if each["status"] == "SUCCESS" and not each["test"]]
        received = sum(cents(each["amountSet"]) for each in done if each["kind"] in ("SALE", "CAPTURE"))
        received -= sum(cents(each["amountSet"]) for each in done if each["kind"] == "CHANGE")
        refunded = sum(cents(each["amountSet"]) for each in done if each["kind"] == "REFUND")
        outstanding = current - received + refunded
        status = "PAID" if outstanding <= 0 else "PARTIALLY_PAID" if received else "PENDING"
        if refunded:
            status = "REFUNDED" if refunded == received else "PARTIALLY_REFUNDED"
        elif any(each["kind"] == "AUTHORIZATION" for each in done) and not received:
            status = "AUTHORIZED"
        order |= {
            "updatedAt": self.stamp, "currentTotalPriceSet": bag(current), "totalOutstandingSet": bag(outstanding),
            "displayFinancialStatus": status,
        }  # fmt: skip

    def transaction(self, order: Json, amount: int, gateway: str, kind: str = "SALE", **more: Any) -> Json:
        """Money that moves, or is said to."""
        number = self.number()
        made: Json = {
            "id": f"gid://shopify/OrderTransaction/{number}", "kind": kind, "status": "SUCCESS", "test": False,
            "gateway": gateway, "formattedGateway": gateway.replace("_", " ").title(), "manualPaymentGateway": False,
            "createdAt": self.stamp, "processedAt": self.stamp, "amountSet": bag(amount), "amountRoundingSet": None,
            **more,
        }  # fmt: skip
        order["transactions"].append(made)
        moved = made["status"] == "SUCCESS" and kind in ("SALE", "CAPTURE", "REFUND")
        if moved and gateway == "shopify_payments" and not made["test"]:
            back = kind == "REFUND"
            fee = 0 if back else amount * 29 // 1_000 + 30
            self.move("REFUND" if back else "CHARGE", -amount if back else amount, fee, order_transaction=int(number))
        self.touch(order)
        return made

    def pay(self, order: Json, amount: int | None = None, gateway: str = "shopify_payments", **more: Any) -> Json:
        """Pay for what is still to pay, or for a part of it."""
        due = cents(order["totalOutstandingSet"]) if amount is None else amount
        return self.transaction(order, due, gateway, **more)

    def refund(
        self,
        order: Json,
        sales: list[Json],
        paid: list[tuple[int, str]],
        restock: str = "",
        note: str = "",
        **more: Any,
    ) -> Json:
        """Goods taken back (sales as they were agreed on), money given back."""
        number = self.number()
        moves = [self.transaction(order, amount, gateway, "REFUND", **more) for amount, gateway in paid]
        refund: Json = {
            "legacyResourceId": number, "createdAt": self.stamp, "processedAt": self.stamp, "note": note,
            "transactions": listing(moves), "_transactions": moves,
            "refundLineItems": listing([{"restockType": restock}] if restock else []),
        }  # fmt: skip
        order["refunds"].append(refund)
        if sales:
            self.agree(order, sales, "REFUND", refund={"legacyResourceId": number})
        self.touch(order)
        return refund

    def move(self, kind: str, amount: int, fee: int = 0, order_transaction: int | None = None, **more: Any) -> Json:
        """A movement on the balance of Shopify Payments, which waits for its payout."""
        number = self.number()
        moved: Json = {
            "id": f"gid://shopify/ShopifyPaymentsBalanceTransaction/{number}", "type": kind, "test": False,
            "transactionDate": self.stamp, "sourceId": int(number), "sourceOrderTransactionId": order_transaction,
            "amount": money(amount), "fee": money(fee), "net": money(amount - fee), "associatedPayout": {"id": None},
            **more,
        }  # fmt: skip
        self.balance.append(moved)
        return moved

    def pay_out(self, status: str = "PAID") -> Json:
        """All that waits goes to the bank, or is taken from it."""
        number = self.number()
        waiting = [row for row in self.balance if not row["associatedPayout"]["id"] and not row["test"]]
        net = sum(cents(row["net"]) for row in waiting)
        identity = f"gid://shopify/ShopifyPaymentsPayout/{number}"
        if status != "FAILED":
            for row in waiting:
                row["associatedPayout"] = {"id": identity}
        payout: Json = {
            "id": identity, "legacyResourceId": number, "issuedAt": self.stamp, "status": status, "net": money(net),
            "transactionType": "DEPOSIT" if net >= 0 else "WITHDRAWAL", "externalTraceId": f"TRACE{number}",
        }  # fmt: skip
        self.payouts.append(payout)
        return payout

    def dispute(self, order: Json, amount: int, status: str, kind: str = "CHARGEBACK") -> Json:
        made: Json = {
            "legacyResourceId": self.number(), "status": status, "type": kind, "initiatedAt": self.stamp,
            "finalizedOn": None, "amount": money(amount), "order": {"legacyResourceId": order["legacyResourceId"]},
        }  # fmt: skip
        self.disputes.append(made)
        return made

    def variant(
        self, number: str, title: str, kind: str, cost: int | None, places: dict[str, int], *, tracked: bool = True
    ) -> Json:
        """A thing to sell, and how many of it are at which location."""
        levels = [
            {
                "isActive": True, "updatedAt": self.stamp, "location": {"legacyResourceId": place},
                "quantities": [{"name": "on_hand", "quantity": count, "updatedAt": self.stamp}],
            }
            for place, count in places.items()
        ]  # fmt: skip
        item = {
            "id": f"gid://shopify/InventoryItem/8{number}", "updatedAt": self.stamp, "tracked": tracked,
            "unitCost": None if cost is None else money(cost), "inventoryLevels": listing(levels),
        }  # fmt: skip
        made: Json = {
            "legacyResourceId": number, "title": "Default Title", "sku": f"SKU-{number}", "inventoryItem": item,
            "product": {"legacyResourceId": f"9{number}", "title": title, "productType": kind}, "_levels": levels,
        }  # fmt: skip
        self.variants.append(made)
        return made

    def answer(self, seen: Seen) -> Any:
        """What the shop says to a question; 404 to anything that is none."""
        if seen.path == "/admin/oauth/access_token":
            return self._token(seen)
        if seen.path != "/admin/api/2026-10/graphql.json":
            return Answer(404, {"errors": "Not Found"})
        if self.tokens is not None and seen.headers.get("x-shopify-access-token") not in self.tokens:
            return Answer(
                401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
            )
        asked = json.loads(seen.body)
        read, wrong = question(asked["query"])
        said: Json = {"data": None}
        if not wrong:
            found = execute_sync(schema(), read, self._root(), variable_values=asked.get("variables"))
            said, wrong = {"data": found.data}, found.errors or []
        if wrong:
            said["errors"] = [{"message": each.message} for each in wrong]
        status = {"maximumAvailable": 2_000.0, "currentlyAvailable": 1_900.0, "restoreRate": 100.0}
        cost = {"requestedQueryCost": 90, "actualQueryCost": 40, "throttleStatus": status}
        return {**said, "extensions": {"cost": cost}}

    def _token(self, seen: Seen) -> Any:
        """A token that ends in an hour and a refresh token that is used once, as Shopify gives them since 2025-12."""
        is_form = "form" in seen.headers.get("content-type", "")
        asked = dict(parse_qsl(seen.body.decode())) if is_form else json.loads(seen.body)
        if (asked.get("client_id"), asked.get("client_secret")) != ("us", self.secret):
            return Answer(400, {"error": "invalid_client"})
        is_renewal = asked.get("grant_type") == "refresh_token"
        if is_renewal and asked.get("refresh_token") not in self.refresh[-2:]:
            return Answer(400, {"error": "invalid_request", "error_description": "This request requires a fresh token"})
        if is_renewal and asked["refresh_token"] == self.refresh[-1]:
            del self.refresh[:-1]
        if not is_renewal and asked.get("code") != self.code:
            return Answer(400, {"error": "invalid_request", "error_description": "The code was not found"})
        access, refresh = f"shpat_{self.number()}", f"shprt_{self.number()}"
        self.tokens = {*(self.tokens or ()), access}
        said: Json = {"access_token": access, "scope": "read_orders"}
        if not is_renewal and asked.get("expiring") != "1":
            return said
        self.refresh.append(refresh)
        return {**said, "expires_in": 3_600, "refresh_token": refresh, "refresh_token_expires_in": 7_776_000}

    def came_back(self, shop: str, **more: str) -> Json:
        """What the merchant's browser brings back, signed."""
        stamp = str(int(datetime.now(UTC).timestamp()))
        params = {"code": self.code, "host": "YWRtaW4", "shop": shop, "state": "s1", "timestamp": stamp, **more}
        text = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
        return {**params, "hmac": hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()}

    def _root(self) -> Json:
        def entries(info: Any, query: str | None = None, **more: Any) -> Json:
            wanted = (query or "").removeprefix("payments_transfer_id:")
            rows = self.balance
            if query and query.startswith("payments_transfer_id:"):
                rows = [row for row in rows if (row["associatedPayout"]["id"] or "").endswith(f"/{wanted}")]
            found: Json = listing(rows, self.page * 4)(info, **more)
            return found

        account = {
            "balanceTransactions": entries, "payouts": listing(self.payouts, 2), "disputes": listing(self.disputes, 2),
        }  # fmt: skip
        orders = sorted(self.orders, key=lambda row: str(row["updatedAt"]))
        return {
            "orders": listing(orders, self.page), "shopifyPaymentsAccount": account,
            "locations": listing(self.locations, 2), "productVariants": listing(self.variants, 2),
            "events": listing(self.events, 2), "giftCards": listing(self.gift_cards, 2),
            "inventoryItem": lambda info, id: next(
                (row["inventoryItem"] for row in self.variants if row["inventoryItem"]["id"] == id), None
            ),
            "nodes": lambda info, ids: [
                next(({"__typename": "Order", "id": one} for row in self.orders if row["id"] == one), None)
                for one in ids
            ],
            "order": lambda info, id: next((row for row in self.orders if row["id"] == id), None),
        }  # fmt: skip


def sold(
    title: str, price: int, quantity: int = 1, taxes: Json | None = None, off: int = 0, *, inside: bool = False,
    line: str = "PRODUCT", variant: str | None = None, action: str = "ORDER", liable: bool = False,
) -> Json:  # fmt: skip
    """A sale of an agreement; `price` is of one unit, with tax in it if that is `inside`."""
    rates = TAXES if taxes is None else taxes
    charged = price * quantity - off
    parts = {name: round(charged * rate / (100 + rate if inside else 100)) for name, rate in rates.items()}
    total = charged if inside else charged + sum(parts.values())
    sale = _sale(title, total, quantity, parts, rates, off, line, variant, action, liable)
    return {**sale, "_prices": "inclusive" if inside else "exclusive"}


def back(sale: Json, quantity: int | None = None, action: str = "RETURN") -> Json:
    """The sale, or so many units of it, the other way round."""
    of, some = sale["quantity"], sale["quantity"] if quantity is None else quantity
    share = Decimal(some) / of if of else Decimal(1)

    def part(value: Json) -> int:
        return -round(cents(value) * share)

    parts = {tax["taxLine"]["title"]: part(tax["amount"]) for tax in sale["taxes"]}
    rates = {tax["taxLine"]["title"]: Decimal(str(tax["taxLine"]["ratePercentage"])) for tax in sale["taxes"]}
    net = part(sale["totalAmount"]) - part(sale["totalTaxAmount"])
    item = sale.get("lineItem") or {}
    variant = (item.get("variant") or {}).get("legacyResourceId")
    off = part(sale["totalDiscountAmountBeforeTaxes"])
    title = item.get("title", "")
    return _sale(title, net + sum(parts.values()), -some, parts, rates, off, sale["lineType"], variant, action, False)


def adjustment(amount: int) -> Json:
    """By how much the money of a refund is more (−) or less than its goods."""
    return _sale("", amount, 0, {}, {}, 0, "ADJUSTMENT", None, "UPDATE", False)


def _sale(
    title: str, total: int, quantity: int, parts: dict[str, int], rates: Json, off: int, line: str,
    variant: str | None, action: str, liable: bool,
) -> Json:  # fmt: skip
    kinds = {
        "PRODUCT": "ProductSale", "GIFT_CARD": "GiftCardSale", "TIP": "TipSale", "SHIPPING": "ShippingLineSale",
        "DUTY": "DutySale", "ADDITIONAL_FEE": "AdditionalFeeSale", "FEE": "FeeSale", "ADJUSTMENT": "AdjustmentSale",
    }  # fmt: skip
    sale: Json = {
        "__typename": kinds[line], "actionType": action, "lineType": line, "quantity": quantity or None,
        "totalAmount": bag(total), "totalTaxAmount": bag(sum(parts.values())),
        "totalDiscountAmountBeforeTaxes": bag(off),
        "taxes": [
            {
                "amount": bag(amount),
                "taxLine": {"title": name, "ratePercentage": float(rates[name]), "channelLiable": liable},
            }
            for name, amount in parts.items()
        ],
    }  # fmt: skip
    if line in ("PRODUCT", "GIFT_CARD"):
        named = {"legacyResourceId": variant} if variant else None
        sale["lineItem"] = {"title": title, "variantTitle": None, "sku": f"SKU-{variant}" if variant else None,
                            "variant": named}  # fmt: skip
    if line == "ADDITIONAL_FEE":
        sale["additionalFee"] = {"name": title}
    return sale
