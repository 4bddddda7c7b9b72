"""A stateful WooCommerce on the loopback: what the vendor's own library writes into it, our connector reads out of it.

Honest in what trips a connector: logins by Basic and (without TLS) by OAuth 1.0a with its signature, `any` that does
not hold the trash, instants with a zone that are turned into the shop's own time and then compared with GMT, at most
a hundred rows a page, counted pages that shift, decimals as asked for, statuses and times as the plugin sets them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from tests.connectors.server import Answer, Seen
from tests.platforms.woocommerce.pricing import Json, Shop, plain, tax_lines, taxes, total_up, with_places

ROOT = "/wp-json/wc/v3"
STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft")
TOTALS = ("total", "total_tax", "cart_tax", "shipping_total", "shipping_tax", "discount_total", "amount")
PARTS = ("subtotal", "subtotal_tax", "total", "total_tax", "tax_total", "shipping_tax_total")
ITEMS = ("line_items", "shipping_lines", "fee_lines", "tax_lines")


class Wrong(Exception):
    """An answer of 4xx."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status}}


@dataclass
class FakeWoo:
    """One shop. `now` is its clock; `page` cuts every listing shorter than asked, as a plugin may."""

    shop: Shop
    currency: str = "USD"
    zone: str = "America/New_York"
    now: datetime = datetime(2026, 2, 2, 14, tzinfo=UTC)
    page: int = 100
    key: str = "ck_test"
    secret: str = "cs_test"
    says_pages: bool = True
    products: dict[int, Json] = field(default_factory=dict)
    variations: dict[int, Json] = field(default_factory=dict)
    lists_variations: bool = True  # since version 10.3
    categories: dict[int, Json] = field(default_factory=dict)
    gateways: list[Json] = field(default_factory=list)
    webhooks: list[Json] = field(default_factory=list)
    orders: dict[int, Json] = field(default_factory=dict)
    refunds: dict[int, Json] = field(default_factory=dict)
    asked: list[Seen] = field(default_factory=list)
    made: int = 700

    # -- the wire -------------------------------------------------------------------------------------------------

    def answer(self, seen: Seen) -> Any:
        self.asked.append(seen)
        try:
            self._login(seen)
            if not seen.path.startswith(ROOT):
                raise Wrong(404, "rest_no_route", "No route was found matching the URL and request method.")
            path = seen.path.removeprefix(ROOT).strip("/").split("/")
            if seen.method == "DELETE":
                return self._remove(path, seen.query.get("force", ["false"])[-1] == "true")
            if seen.method in ("POST", "PUT"):
                return Answer(201 if seen.method == "POST" else 200, self._write(path, json.loads(seen.body)))
            return self._read(path, {name: values[-1] for name, values in seen.query.items()})
        except Wrong as wrong:
            return Answer(wrong.status, wrong.body)

    def _login(self, seen: Seen) -> None:
        login = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        if seen.headers.get("authorization") == f"Basic {login}":
            return
        query = {name: values[-1] for name, values in seen.query.items()}
        given = query.pop("oauth_signature", "")
        if query.get("oauth_consumer_key") != self.key:
            raise Wrong(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        pairs = [f"{quote(quote(name, ''), '')}%3D{quote(quote(query[name], ''), '')}" for name in sorted(query)]
        text = f"{seen.method}&{quote('http://' + seen.headers['host'] + seen.path, '')}&{'%26'.join(pairs)}"
        made = hmac.new(f"{self.secret}&".encode(), text.encode(), hashlib.sha256).digest()
        if base64.b64encode(made).decode() != given:
            raise Wrong(401, "woocommerce_rest_authentication_error", "Invalid signature.")

    def _read(self, path: list[str], query: dict[str, str]) -> Any:
        match path:
            case ["orders"]:
                return self._list([self._order(order) for order in self._of_status(query)], query)
            case ["orders", number]:
                return self._shown(self._order(self._known(number)), query)
            case ["orders", number, "refunds"]:
                order = self._known(number)
                rows = [row for row in self.refunds.values() if row["parent_id"] == order["id"]]
                return self._list(rows, query)
            case ["orders", number, "refunds", refund]:
                return self._shown(self._refund(number, refund), query)
        return self._names(path, query)

    def _names(self, path: list[str], query: dict[str, str]) -> Any:
        match path:
            case ["variations"] if self.lists_variations:
                return self._list(list(self.variations.values()), query)
            case ["products", number, "variations"]:
                rows = [row for row in self.variations.values() if str(row["parent_id"]) == number]
                return self._list([{**row, "parent_id": None} for row in rows], query)
            case ["products", "categories"]:
                return self._list(list(self.categories.values()), query)
            case ["products"]:
                rows = [row for row in self.products.values() if query.get("type", row["type"]) == row["type"]]
                return self._list(rows, query)
            case ["taxes"]:
                rows = [{"id": key, "name": name, "rate": f"{rate:.4f}", "country": "US", "class": "standard"}
                        for key, (name, rate) in self.shop.rates.items()]  # fmt: skip
                return self._list(rows, query)
            case ["webhooks"]:
                return self._list(self.webhooks, query)
            case ["payment_gateways"]:
                return self.gateways
        raise Wrong(404, "rest_no_route", "No route was found matching the URL and request method.")

    def _of_status(self, query: dict[str, str]) -> list[Json]:
        wanted = query.get("status", "any").split(",")
        if unknown := set(wanted) - {"any", "trash", *STATUSES}:
            raise Wrong(400, "rest_invalid_param", f"Invalid parameter(s): status {unknown}")
        named = query.get("include", "")
        orders = [row for row in self.orders.values() if not named or str(row["id"]) in named.split(",")]
        held = [order for order in orders if order["status"] != "trash"]
        return held if "any" in wanted else [each for each in orders if each["status"] in wanted]

    def _list(self, rows: list[Json], query: dict[str, str]) -> Any:
        size, page = int(query.get("per_page", 10)), int(query.get("page", 1))
        by, order = query.get("orderby", "date"), query.get("order", "desc")
        if not 1 <= size <= 100 or page < 1 or by not in ("date", "modified", "id") or order not in ("asc", "desc"):
            raise Wrong(400, "rest_invalid_param", "Invalid parameter(s)")
        field_name = {"date": "date_created", "modified": "date_modified", "id": "id"}[by]
        rows = [row for row in rows if self._is_within(row, query)]
        rows.sort(key=lambda row: (row.get(field_name) or "", row["id"]), reverse=order == "desc")
        size = min(size, self.page)
        shown = [self._shown(row, query) for row in rows[(page - 1) * size : page * size]]
        pages = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(-(-len(rows) // size))}
        return Answer(200, shown, pages if self.says_pages else {})

    def _is_within(self, row: Json, query: dict[str, str]) -> bool:
        for name, is_after in (("modified_after", True), ("modified_before", False)):
            if name in query:
                is_gmt = query.get("dates_are_gmt") in ("true", "1")
                changed = datetime.fromisoformat(row["date_modified_gmt" if is_gmt else "date_modified"])
                bound = datetime.fromisoformat(query[name])
                if bound.tzinfo is not None:  # WordPress makes it its own time, whatever it is compared with
                    bound = bound.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
                if not (changed > bound if is_after else changed < bound):
                    return False
        return True

    def _shown(self, row: Json, query: dict[str, str]) -> Json:
        places = int(query.get("dp", 2))
        shown: Json = json.loads(json.dumps({name: value for name, value in row.items() if name != "parent"}))
        for name in TOTALS:
            if name in shown:
                shown[name] = with_places(shown[name], places)
        for name in ITEMS:
            for item in shown.get(name, ()):
                for part in PARTS:
                    if part in item:
                        item[part] = with_places(item[part], places)
        wanted = query.get("_fields")
        return {name: shown[name] for name in wanted.split(",") if name in shown} if wanted else shown

    def _known(self, number: str) -> Json:
        if not number.isdigit() or int(number) not in self.orders:
            raise Wrong(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return self.orders[int(number)]

    def _refund(self, number: str, refund: str) -> Json:
        row = self.refunds.get(int(refund)) if refund.isdigit() else None
        if row is None or row["parent_id"] != self._known(number)["id"]:
            raise Wrong(404, "woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.")
        return row

    def _order(self, order: Json) -> Json:
        rows = [row for row in self.refunds.values() if row["parent_id"] == order["id"]]
        listed = [{"id": row["id"], "reason": row["reason"], "total": f"-{row['amount']}"} for row in rows]
        return {**order, "refunds": listed}

    def _write(self, path: list[str], asked: Json) -> Json:
        match path:
            case ["orders"]:
                return self._shown(self._order(self.make_order(asked)), {})
            case ["orders", number]:
                return self._shown(self._order(self.change_order(self._known(number)["id"], asked)), {})
            case ["orders", number, "refunds"]:
                return self._shown(self.refund(self._known(number)["id"], asked), {})
        raise Wrong(404, "rest_no_route", "No route was found matching the URL and request method.")

    def hand_over(self, asked: dict[str, str]) -> Json:
        """The page `/wc-auth/v1/authorize`, on which the merchant agrees: what the shop posts to `callback_url`."""
        if missing := {"app_name", "user_id", "return_url", "callback_url", "scope"} - asked.keys():
            raise Wrong(401, "missing_parameter", f"Missing parameter {missing}")
        if asked["scope"] not in ("read", "write", "read_write") or not asked["callback_url"].startswith("https://"):
            raise Wrong(401, "invalid", "Invalid scope, or the callback_url needs to be over SSL")
        self.key, self.secret = "ck_" + "a" * 40, "cs_" + "b" * 40
        return {"key_id": 7, "user_id": asked["user_id"], "consumer_key": self.key, "consumer_secret": self.secret,
                "key_permissions": asked["scope"]}  # fmt: skip

    def _remove(self, path: list[str], for_good: bool) -> Json:
        match path:
            case ["orders", number]:
                row = self._order(self._known(number))
                (self.delete if for_good else self.trash)(row["id"])
                return self._shown(row, {})
            case ["orders", number, "refunds", refund] if for_good:
                row = self._refund(number, refund)
                self.delete_refund(row["id"])
                return self._shown(row, {})
        raise Wrong(501, "woocommerce_rest_trash_not_supported", "It does not support trashing.")

    # -- the shop -------------------------------------------------------------------------------------------------

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def _next(self) -> int:
        self.made += 1
        return self.made

    def _times(self, name: str, at: datetime | None) -> Json:
        own = at.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%dT%H:%M:%S") if at else None
        return {name: own, f"{name}_gmt": at.strftime("%Y-%m-%dT%H:%M:%S") if at else None}

    def _touch(self, order: Json) -> None:
        self.later(seconds=20)
        order.update(self._times("date_modified", self.now))

    def add_product(self, name: str, price: str, category: str = "", kind: str = "simple", taxed: bool = True) -> int:
        """A product that can be ordered; its id."""
        known = {row["name"]: row for row in self.categories.values()}
        if category and category not in known:
            number = self._next()
            known[category] = self.categories[number] = {
                "id": number, "name": category, "slug": category.lower(), "parent": 0, "description": "",
                "display": "default", "image": None, "menu_order": 0, "count": 1,
            }  # fmt: skip
        shelves = [{"id": known[category]["id"], "name": category, "slug": category.lower()}] if category else []
        number = self._next()
        self.products[number] = {
            "id": number, "name": name, "type": kind, "sku": f"SKU-{number}", "price": price,
            "tax_status": "taxable" if taxed else "none", "categories": shelves, "manage_stock": False,
            "stock_quantity": None, "low_stock_amount": None,
            **self._times("date_created", self.now), **self._times("date_modified", self.now),
        }  # fmt: skip
        return number

    def add_variation(self, product: int, name: str) -> int:
        """A variation of a variable product; its id."""
        number = self._next()
        self.variations[number] = {
            "id": number, "parent_id": product, "name": name, "sku": f"SKU-{number}", "manage_stock": "parent",
            "stock_quantity": None, "low_stock_amount": None, **self._times("date_created", self.now),
            **self._times("date_modified", self.now),
        }  # fmt: skip
        return number

    def add_webhook(self, url: str, topic: str = "order.updated") -> Json:
        row: Json = {"id": self._next(), "name": f"Ring at {topic}", "status": "active", "topic": topic}
        row |= {"delivery_url": url, "resource": "order", "event": topic.partition(".")[2]}
        self.webhooks.append(row)
        return row

    def count(self, item: int, left: int, few: int | None = None, cost: float | None = None) -> None:
        """Somebody counts a product or a variation, and perhaps says what one costs."""
        self.later(seconds=10)
        row = self.products.get(item) or self.variations[item]
        row |= {"manage_stock": True, "stock_quantity": left, "low_stock_amount": few}
        row |= self._times("date_modified", self.now)
        if cost is not None:
            defined = [{"defined_value": cost, "effective_value": cost}]
            row["cost_of_goods_sold"] = {"values": defined, "total_value": cost}

    def make_order(self, asked: Json) -> Json:
        """As `POST orders` does; `coupon` is a percentage off all lines (coupons themselves are not kept here)."""
        number = self._next()
        self.later(seconds=40)
        order: Json = {
            "id": number, "parent_id": 0, "number": str(number), "order_key": f"wc_order_{number}",
            "created_via": "rest-api", "version": "10.0.2", "status": "pending", "currency": self.currency,
            "prices_include_tax": self.shop.prices_include_tax, "customer_id": asked.get("customer_id", 0),
            "payment_method": asked.get("payment_method", ""), "transaction_id": "",
            "payment_method_title": asked.get("payment_method_title", ""), "meta_data": asked.get("meta_data", []),
            **self._times("date_created", self.now), **self._times("date_paid", None),
            **self._times("date_completed", None),
        }  # fmt: skip
        off = Decimal(asked.get("coupon_percent", 0))
        order["line_items"] = [self._line(item, off) for item in asked.get("line_items", ())]
        order["shipping_lines"] = [self._charge(item) for item in asked.get("shipping_lines", ())]
        order["fee_lines"] = [self._charge(item) for item in asked.get("fee_lines", ())]
        code = {"id": self._next(), "code": "autumn", "discount": "0", "discount_tax": "0", "meta_data": []}
        order["coupon_lines"] = [code] if off else []
        total_up(self.shop, order)
        self.orders[number] = order
        if asked.get("set_paid"):
            self._pay(order, asked.get("transaction_id", ""))
        self._to(order, asked.get("status", "processing" if asked.get("set_paid") else "pending"))
        return order

    def _line(self, asked: Json, off: Decimal) -> Json:
        product, quantity = self.products[asked["product_id"]], asked.get("quantity", 1)
        is_taxed = product["tax_status"] == "taxable"
        listed = Decimal(product["price"]) * quantity
        before, taxes_before = self.shop.split(listed, is_taxed)
        net, parts = self.shop.split(listed * (100 - off) / 100, is_taxed)
        return {
            "id": self._next(), "name": product["name"], "product_id": product["id"], "variation_id": 0,
            "quantity": quantity, "tax_class": "", "subtotal": plain(before), "sku": product["sku"],
            "subtotal_tax": plain(sum(taxes_before.values(), Decimal(0))), "total": plain(net),
            "total_tax": plain(sum(parts.values(), Decimal(0))), "taxes": taxes(parts, taxes_before), "meta_data": [],
            "price": float(net / quantity),
        }  # fmt: skip

    def _charge(self, asked: Json) -> Json:
        """Shipping or a fee: its price never contains tax."""
        rule = Shop(self.shop.rates, False, self.shop.round_at_subtotal)
        net, parts = rule.split(Decimal(asked["total"]), asked.get("tax_status", "taxable") == "taxable")
        named = {name: asked[name] for name in ("name", "method_id", "method_title") if name in asked}
        tax = plain(sum(parts.values(), Decimal(0)))
        return {"id": self._next(), **named, "total": plain(net), "total_tax": tax, "taxes": taxes(parts, parts),
                "meta_data": []}  # fmt: skip

    def _pay(self, order: Json, transaction: str) -> None:
        order.update(self._times("date_paid", self.now), transaction_id=transaction or f"ch_{order['id']}")

    def _to(self, order: Json, status: str) -> None:
        if status not in STATUSES:
            raise Wrong(400, "rest_invalid_param", "Invalid parameter(s): status")
        order["status"] = status
        is_cod = order["payment_method"] == "cod"
        if status in ("processing", "completed") and not order["date_paid"] and (status == "completed" or not is_cod):
            self._pay(order, "")
        if status == "completed":
            order.update(self._times("date_completed", self.now))
        self._touch(order)

    def change_order(self, number: int, asked: Json) -> Json:
        """As `PUT orders/<id>` does: a line with an id gets another quantity, one without is added."""
        order = self.orders[number]
        for item in asked.get("line_items", ()):
            old = next((each for each in order["line_items"] if each["id"] == item.get("id")), None)
            if old is not None:
                order["line_items"].remove(old)
            if item.get("quantity") != 0:
                new = self._line({**({"product_id": old["product_id"]} if old else {}), **item}, Decimal(0))
                order["line_items"].append(new)
        if "line_items" in asked:
            total_up(self.shop, order)
        if "meta_data" in asked:
            order["meta_data"] = asked["meta_data"]
        self._to(order, asked.get("status", order["status"]))
        return order

    def trash(self, number: int) -> None:
        """Into the trash, where `any` does not see it."""
        self.orders[number]["status"] = "trash"
        self._touch(self.orders[number])

    def delete(self, number: int) -> None:
        """For good, with its refunds: nothing tells of it afterwards."""
        del self.orders[number]
        self.refunds = {key: row for key, row in self.refunds.items() if row["parent_id"] != number}

    def delete_refund(self, refund: int) -> None:
        """As an administrator does: the order is not changed by it, neither its status nor its times."""
        del self.refunds[refund]

    def refund(self, number: int, asked: Json) -> Json:
        """As `POST orders/<id>/refunds` does: `line_items` with what is given back of each, and an amount."""
        order, refund = self.orders[number], self._next()
        self.later(seconds=30)
        sold = {item["id"]: item for name in ("line_items", "shipping_lines", "fee_lines") for item in order[name]}
        row: Json = {
            "id": refund, "parent_id": number, **self._times("date_created", self.now), "amount": asked["amount"],
            "reason": asked.get("reason", ""), "refunded_by": 1, "refunded_payment": asked.get("api_refund", True),
            "meta_data": [], "line_items": [], "shipping_lines": [], "fee_lines": [],
        }  # fmt: skip
        for item in asked.get("line_items", ()):
            old = sold[item["id"]]
            name = next(name for name in ("line_items", "shipping_lines", "fee_lines") if old in order[name])
            parts = [{"id": tax["id"], "total": plain(-Decimal(tax["refund_total"])), "subtotal": ""}
                     for tax in item.get("refund_tax", ())]  # fmt: skip
            tax = sum((Decimal(part["total"]) for part in parts), Decimal(0))
            kept = {key: old[key] for key in ("name", "method_title", "product_id", "sku") if key in old}
            meta = [{"id": self._next(), "key": "_refunded_item_id", "value": str(old["id"])}]
            back = {"id": self._next(), **kept, "total": plain(-Decimal(item["refund_total"])), "taxes": parts,
                    "total_tax": plain(tax), "meta_data": meta}  # fmt: skip
            if name == "line_items":
                back |= {"quantity": -item.get("quantity", 0), "subtotal": back["total"], "variation_id": 0}
            row[name].append(back)
        self.refunds[refund] = {**row, "tax_lines": tax_lines(self.shop, row)}
        given = sum(Decimal(each["amount"]) for each in self.refunds.values() if each["parent_id"] == number)
        if given > Decimal(order["total"]):
            del self.refunds[refund]
            raise Wrong(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.")
        if given == Decimal(order["total"]):
            order["status"] = "refunded"
        self._touch(order)
        return self.refunds[refund]
