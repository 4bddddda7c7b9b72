"""A stateful Square on the loopback: what the vendor's own SDK writes into it, our connector reads out of it.

Honest in what trips a connector: tokens, required locations and their default, the sort that has to fit the filter, the
last year as a default, opaque cursors that only fit the question they came from, at most ten locations and a hundred
rows at a time. What no interface offers (a return at the till, fees, payouts, disputes, drawers) are methods.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.connectors.server import Answer, Seen
from tests.platforms.square.pricing import Json, amounts, money, priced, spread

YEAR = timedelta(days=365)


class Wrong(Exception):
    """An answer of 4xx."""

    def __init__(self, status: int, category: str, code: str, detail: str = "") -> None:
        self.status = status
        self.body = {"errors": [{"category": category, "code": code, "detail": detail}]}


def _bad(code: str, detail: str = "") -> Wrong:
    return Wrong(400, "INVALID_REQUEST_ERROR", code, detail)


@dataclass
class FakeSquare:
    """One seller. `now` is its clock; `page` cuts every listing shorter than asked, as Square may."""

    currency: str = "USD"
    zone: str = "America/New_York"
    now: datetime = datetime(2026, 3, 2, 14, tzinfo=UTC)
    page: int = 1_000
    locations: list[str] = field(default_factory=lambda: ["LOC1", "LOC2"])
    tokens: set[str] = field(default_factory=lambda: {"square-test-token"})
    refresh: str = "square-refresh-token"
    tells_stock: bool = True
    cash_step: int = 1  # the smallest coin
    rows: dict[str, dict[str, Json]] = field(default_factory=dict)
    entries: dict[str, list[Json]] = field(default_factory=dict)
    events: dict[str, list[Json]] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    asked: list[Seen] = field(default_factory=list)
    made: int = 0

    # -- the wire -------------------------------------------------------------------------------------------------

    def answer(self, seen: Seen) -> Any:
        self.asked.append(seen)
        try:
            if seen.path == "/oauth2/token":
                return self._token(json.loads(seen.body))
            if seen.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
                raise Wrong(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "This request could not be authorized.")
            if not seen.headers.get("square-version"):
                raise _bad("INVALID_SQUARE_VERSION_FORMAT")
            return self._post(seen) if seen.method == "POST" else self._get(seen)
        except Wrong as wrong:
            return Answer(wrong.status, wrong.body)

    def _token(self, asked: Json) -> Json:
        if asked.get("grant_type") != "refresh_token" or asked.get("refresh_token") != self.refresh:
            raise Wrong(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "invalid refresh token")
        token = f"square-test-token-{len(self.tokens)}"
        self.tokens = {token}
        # Its clock is its own: a token lives for thirty days of the real one.
        ends = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_at": ends,
            "merchant_id": "MERCH1",
            "refresh_token": self.refresh,
        }

    def _get(self, seen: Seen) -> Json:
        asked = {name: values[-1] for name, values in seen.query.items()}
        parts = seen.path.strip("/").split("/")
        match parts:
            case ["v2", "locations"]:
                return {"locations": [self._location(each) for each in self.locations]}
            case ["v2", "payouts", payout, "payout-entries"]:
                return self._listed(seen, asked, "payout_entries", self.entries.get(payout, []), 100)
            case ["v2", "cash-drawers", "shifts", shift, "events"]:
                self._need(asked, "location_id")
                return self._listed(seen, asked, "cash_drawer_shift_events", self.events.get(shift, []), 1_000)
            case ["v2", "payments" | "refunds" | "payouts" | "disputes" as name]:
                return self._listed(seen, asked, name, self._found(name, asked), 100)
            case ["v2", "gift-cards", "activities"]:
                return self._listed(seen, asked, "gift_card_activities", self._found("gift_cards", asked), 100)
            case ["v2", "cash-drawers", "shifts"]:
                self._need(asked, "location_id")
                rows = [
                    {name: value for name, value in row.items() if name != "location_id"}
                    for row in self._found("shifts", asked)
                ]
                return self._listed(seen, asked, "cash_drawer_shifts", rows, 1_000)
        raise Wrong(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", seen.path)

    def _post(self, seen: Seen) -> Json:
        asked = json.loads(seen.body or b"{}")
        match seen.path:
            case "/v2/orders":
                return {"order": self.make_order(asked["order"])}
            case "/v2/catalog/search":
                rows = [row for row in self.all("catalog") if row["type"] in asked["object_types"]]
                rows = [row for row in rows if asked.get("include_deleted_objects") or not row.get("is_deleted")]
                rows = [
                    row for row in rows if row["updated_at"] > _same(asked.get("begin_time", "2009-01-01T00:00:00Z"))
                ]
                return self._listed(seen, asked, "objects", rows, 1_000)
            case "/v2/inventory/counts/batch-retrieve":
                if not self.tells_stock:
                    raise Wrong(
                        403, "AUTHENTICATION_ERROR", "INSUFFICIENT_SCOPES", "The merchant has not given the right"
                    )
                since = _same(asked.get("updated_after", "1970-01-01T00:00:00Z"))
                counts = [row for row in self.all("counts") if row["calculated_at"] > since]
                counts = [{name: row[name] for name in row if name not in ("id", "updated_at")} for row in counts]
                counts = [row for row in counts if row["state"] in asked.get("states", [row["state"]])]
                counts.sort(key=lambda row: str(row["calculated_at"]), reverse=True)
                return self._listed(seen, asked, "counts", counts, 1_000)
            case "/v2/orders/search":
                return self._listed(seen, asked, "orders", self._searched(asked), 1_000)
            case "/v2/orders/batch-retrieve":
                if len(asked["order_ids"]) > 100:
                    raise _bad("ARRAY_LENGTH_TOO_LONG", "order_ids")
                known = self.rows.get("orders", {})
                return {"orders": [known[each] for each in asked["order_ids"] if each in known]}
            case "/v2/payments":
                return {"payment": self.pay(asked)}
            case "/v2/refunds":
                return {"refund": self.refund(asked)}
        raise Wrong(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", seen.path)

    def _searched(self, asked: Json) -> list[Json]:
        locations = asked.get("location_ids") or []
        if not 1 <= len(locations) <= 10:
            raise _bad("INVALID_VALUE", "location_ids takes one to ten locations")
        query = asked.get("query", {})
        ranges = query.get("filter", {}).get("date_time_filter", {})
        states = query.get("filter", {}).get("state_filter", {}).get("states")
        order_by = query.get("sort", {}).get("sort_field", "CREATED_AT").lower()
        if any(name != order_by for name in ranges):
            raise _bad("INVALID_VALUE", "sort_field must match the date_time_filter")
        rows = [row for row in self.all("orders") if row["location_id"] in locations]
        rows = [row for row in rows if not states or row["state"] in states]
        for name, span in ranges.items():
            rows = [row for row in rows if _within(row[name], span.get("start_at"), span.get("end_at"))]
        return sorted(
            rows,
            key=lambda row: (row.get(order_by, ""), row["id"]),
            reverse=query.get("sort", {}).get("sort_order") != "ASC",
        )

    def _found(self, name: str, asked: Json) -> list[Json]:
        rows = self.all(name)
        by_default = {"payments": self.locations[0], "payouts": self.locations[0]}.get(name)
        location = asked.get("location_id", by_default)
        if location:
            rows = [row for row in rows if row["location_id"] == location]
        field_name = "opened_at" if name == "shifts" else "created_at"
        if name != "disputes":
            begin = asked.get("begin_time") or _text(self.now - YEAR)
            rows = [row for row in rows if _within(row[field_name], begin, asked.get("end_time"))]
        since = asked.get("updated_at_begin_time")
        rows = [row for row in rows if not since or row["updated_at"] >= _same(since)]
        key = asked.get("sort_field", field_name).lower()
        by_default_up = name in ("shifts", "disputes")
        up = asked.get("sort_order", "ASC" if by_default_up else "DESC") == "ASC"
        return sorted(rows, key=lambda row: (row.get(key, ""), row["id"]), reverse=not up)

    def _listed(self, seen: Seen, asked: Json, name: str, rows: list[Json], most: int) -> Json:
        """One page, and a cursor that fits only the same question."""
        question = {key: value for key, value in asked.items() if key not in ("cursor", "limit")}
        mark = hashlib.sha256(f"{seen.path}{json.dumps(question, sort_keys=True)}".encode()).hexdigest()[:12]
        start = 0
        if asked.get("cursor"):
            try:
                theirs, _, place = base64.urlsafe_b64decode(asked["cursor"]).decode().partition(":")
                start = int(place)
            except ValueError:
                raise _bad("INVALID_CURSOR") from None
            if theirs != mark:
                raise _bad("INVALID_CURSOR", "the cursor is of another question")
        size = min(int(asked.get("limit") or most), most, self.page)
        found: Json = {name: rows[start : start + size]} if rows else {}
        if start + size < len(rows):
            found["cursor"] = base64.urlsafe_b64encode(f"{mark}:{start + size}".encode()).decode()
        return found

    def _location(self, location: str) -> Json:
        return {
            "id": location,
            "name": f"Shop {location[-1]}",
            "currency": self.currency,
            "timezone": self.zone,
            "status": "ACTIVE",
            "created_at": "2020-01-01T00:00:00Z",
        }

    @staticmethod
    def _need(asked: Json, name: str) -> None:
        if not asked.get(name):
            raise _bad("MISSING_REQUIRED_PARAMETER", name)

    # -- what happens at the seller's ------------------------------------------------------------------------------

    def all(self, name: str) -> list[Json]:
        return list(self.rows.get(name, {}).values())

    def put(self, name: str, row: Json) -> Json:
        """Keep a row as it is now."""
        row["updated_at"] = _text(self.now)
        self.rows.setdefault(name, {})[row["id"]] = row
        return row

    def count(self, variation: str, location: str, quantity: str, state: str = "IN_STOCK") -> None:
        """So many are there now."""
        identity = f"{variation}:{location}:{state}"
        self.put("counts", {
            "id": identity, "catalog_object_id": variation, "catalog_object_type": "ITEM_VARIATION", "state": state,
            "location_id": location, "quantity": quantity, "calculated_at": _text(self.now),
        })  # fmt: skip

    def id(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made}"

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def make_order(self, asked: Json) -> Json:
        """An open order with its totals worked out."""
        if asked.get("location_id") not in self.locations:
            raise _bad("INVALID_VALUE", "location_id")
        for number, tax in enumerate(asked.get("taxes") or []):
            tax.setdefault("uid", f"tax-{number}")
            tax.setdefault("scope", "ORDER")
        order = priced(asked, self.currency)
        order |= {"id": self.id("ORDER"), "state": "OPEN", "version": 1, "created_at": _text(self.now)}
        order.setdefault("source", {"name": "Square Point of Sale"})
        return self.put("orders", order)

    def change_order(self, order: Json, line_items: list[Json]) -> Json:
        """An open order gets other lines; what was paid for it stays paid."""
        asked = {name: order[name] for name in ("location_id", "taxes", "discounts") if name in order}
        paid = order["total_money"]["amount"] - order["net_amount_due_money"]["amount"]
        order |= priced({**asked, "line_items": line_items}, self.currency)
        order["net_amount_due_money"] = money(order["total_money"]["amount"] - paid, self.currency)
        order["version"] += 1
        return self.put("orders", order)

    def pay(self, asked: Json) -> Json:
        """A payment of an order; what settles it completes it."""
        order = self.rows["orders"][asked["order_id"]]
        tip = (asked.get("tip_money") or money(0, self.currency))["amount"]
        amount, source = asked["amount_money"]["amount"], asked["source_id"]
        kind = {"CASH": "CASH", "EXTERNAL": "EXTERNAL"}.get(source, "CARD")
        due = order["net_amount_due_money"]["amount"]
        if kind == "CASH" and amount == due and self.cash_step > 1:
            off = round(amount / self.cash_step) * self.cash_step - amount
            if off:
                order["rounding_adjustment"] = {"uid": "rounding", "amount_money": money(off, self.currency)}
                order["total_money"]["amount"] += off
                amount, due = amount + off, due + off
        if amount > due:
            raise _bad("INVALID_VALUE", "more than is due")
        brand = "SQUARE_GIFT_CARD" if source.startswith("gftc:") else "VISA"
        payment: Json = {
            "id": self.id("PAY"),
            "created_at": _text(self.now),
            "amount_money": money(amount, self.currency),
            "tip_money": money(tip, self.currency),
            "total_money": money(amount + tip, self.currency),
            "status": "COMPLETED",
            "source_type": kind,
            "location_id": order["location_id"],
            "order_id": order["id"],
        }
        tender: Json = {
            "id": payment["id"],
            "payment_id": payment["id"],
            "created_at": _text(self.now),
            "type": {"CASH": "CASH", "EXTERNAL": "OTHER"}.get(kind, "CARD"),
            "amount_money": money(amount + tip, self.currency),
            "tip_money": money(tip, self.currency),
        }
        if kind == "CARD":
            details = {"status": "CAPTURED", "card": {"card_brand": brand, "last_4": "1111"}}
            tender["card_details"] = payment["card_details"] = details
        if brand == "SQUARE_GIFT_CARD":
            tender["type"] = "SQUARE_GIFT_CARD"
            self.settled.add(payment["id"])
        order.setdefault("tenders", []).append(tender)
        order["total_tip_money"]["amount"] += tip
        order["total_money"]["amount"] += tip
        order["net_amounts"]["total_money"]["amount"] = order["total_money"]["amount"]
        order["net_amounts"]["tip_money"]["amount"] += tip
        order["net_amount_due_money"]["amount"] = due - amount
        if due == amount:
            order |= {"state": "COMPLETED", "closed_at": _text(self.now)}
        order["version"] += 1
        self.put("orders", order)
        return self.put("payments", payment)

    def refund(self, asked: Json) -> Json:
        """An amount of a payment goes back: the return order has one custom line and no taxes."""
        payment = self.rows["payments"][asked["payment_id"]]
        amount = asked["amount_money"]["amount"]
        line = {
            "uid": "return-1",
            "quantity": "1",
            "name": "Custom amount",
            "item_type": "CUSTOM_AMOUNT",
            "base_price_money": money(amount, self.currency),
            "gross_return_money": money(amount, self.currency),
            "total_discount_money": money(0, self.currency),
            "total_tax_money": money(0, self.currency),
            "total_money": money(amount, self.currency),
        }
        sale = self.rows["orders"][payment["order_id"]]
        back = self._return_order(sale, [line], [], [(payment, amount)])
        [refund] = back
        refund["reason"] = asked.get("reason", "")
        return refund

    def take_back(
        self, sale: Json, quantities: dict[str, int], back: list[tuple[Json, int]], **more: Any
    ) -> list[Json]:
        """Goods come back at the till; `back` says how much of which payment. The refunds, in order."""
        lines: list[Json] = []
        for item in sale["line_items"]:
            if item["uid"] not in quantities:
                continue
            share = [quantities[item["uid"]], int(item["quantity"]) - quantities[item["uid"]]]
            part = {
                name: money(spread(item[name]["amount"], share)[0], self.currency)
                for name in ("total_discount_money", "total_tax_money", "total_money")
            }
            taxes = [
                {**tax, "applied_money": money(spread(tax["applied_money"]["amount"], share)[0], self.currency)}
                for tax in item["applied_taxes"]
            ]
            part["total_tax_money"] = money(sum(tax["applied_money"]["amount"] for tax in taxes), self.currency)
            same = {
                name: item[name]
                for name in ("name", "item_type", "catalog_object_id", "base_price_money")
                if name in item
            }
            lines.append(
                {
                    **same,
                    **part,
                    "uid": f"return-{item['uid']}",
                    "source_line_item_uid": item["uid"],
                    "quantity": str(share[0]),
                    "applied_taxes": taxes,
                    "gross_return_money": money(item["base_price_money"]["amount"] * share[0], self.currency),
                }
            )
        # A return names the tax without the catalog's id.
        known = ("uid", "name", "type", "percentage", "scope")
        taxes = [{name: tax[name] for name in known if name in tax} for tax in sale.get("taxes") or []]
        return self._return_order(sale, lines, taxes, back, **more)

    def _return_order(
        self,
        sale: Json,
        lines: list[Json],
        taxes: list[Json],
        back: list[tuple[Json, int]],
        destination: str = "",
        bought: Json | None = None,
        paid: Json | None = None,
    ) -> list[Json]:
        currency = self.currency
        total = sum(line["total_money"]["amount"] for line in lines)
        tax = sum(line["total_tax_money"]["amount"] for line in lines)
        off = sum(line["total_discount_money"]["amount"] for line in lines)
        order: Json = priced(bought, currency) if bought else {"location_id": sale["location_id"]}
        sold = order.get("total_money", money(0, currency))["amount"]
        order |= {
            "id": self.id("RETURN"),
            "location_id": sale["location_id"],
            "state": "COMPLETED",
            "version": 1,
            "source": sale["source"],
            "created_at": _text(self.now),
            "closed_at": _text(self.now),
            "total_money": money(sold, currency),
            "returns": [
                {
                    "uid": "return",
                    "source_order_id": sale["id"],
                    "return_line_items": lines,
                    "return_taxes": taxes,
                    "return_amounts": amounts(total, tax, off, 0, 0, currency),
                }
            ],
            "return_amounts": amounts(total, tax, off, 0, 0, currency),
            "net_amounts": amounts(sold - total, -tax, -off, 0, 0, currency),
            "net_amount_due_money": money(0, currency),
            "refunds": [],
        }
        if paid:
            order["tenders"] = [paid | {"created_at": _text(self.now)}]
        refunds = []
        for payment, amount in back:
            refund_id = self.id("REF")
            own = {"id": refund_id, "location_id": sale["location_id"], "tender_id": payment["id"]}
            own |= {"amount_money": money(amount, currency), "status": "APPROVED", "reason": "Returned goods"}
            order["refunds"].append({**own, "created_at": _text(self.now)})
            details: Json = {}
            if destination == "gift_card":
                details = {"destination_details": {"card_details": {"card": {"card_brand": "SQUARE_GIFT_CARD"}}}}
                self.settled.add(f"{payment['id']}_{refund_id}")
            refund = {
                "id": f"{payment['id']}_{refund_id}",
                "status": "COMPLETED",
                "location_id": sale["location_id"],
                "destination_type": payment["source_type"],
                **details,
                "amount_money": money(amount, currency),
                "payment_id": payment["id"],
                "order_id": order["id"],
                "created_at": _text(self.now),
            }
            refunds.append(self.put("refunds", refund))
        self.put("orders", order)
        return refunds

    def add_tip(self, payment: Json, amount: int) -> None:
        """A tip written on the slip after the sale: the order and its payment change."""
        order = self.rows["orders"][payment["order_id"]]
        tender = next(each for each in order["tenders"] if each["id"] == payment["id"])
        places = ((order, "total_money"), (order, "total_tip_money"), (order["net_amounts"], "total_money"))
        places += ((order["net_amounts"], "tip_money"), (tender, "amount_money"), (tender, "tip_money"))
        for row, name in (*places, (payment, "tip_money"), (payment, "total_money")):
            row[name]["amount"] += amount
        order["version"] += 1
        self.put("orders", order)
        self.put("payments", payment)

    def charge_fees(self) -> None:
        """Later than the sale, as ever: 2.6 % and ten of the smallest unit for each card payment without a fee."""
        for payment in self.all("payments"):
            if (
                payment["source_type"] == "CARD"
                and payment["id"] not in self.settled
                and "processing_fee" not in payment
            ):
                fee = payment["total_money"]["amount"] * 26 // 1000 + 10
                payment["processing_fee"] = [
                    {"type": "INITIAL", "effective_at": _text(self.now), "amount_money": money(fee, self.currency)}
                ]
                self.put("payments", payment)

    def pay_out(self, location: str, arrives: date, extra: list[tuple[str, int]] = []) -> Json:  # noqa: B006
        """All that is not settled yet goes to the bank, less fees; `extra` entries are (type, net)."""
        payout_id, currency = self.id("po"), self.currency
        entries: list[Json] = []

        def entry(kind: str, gross: int, fee: int, details: Json) -> None:
            row = {"id": self.id("poe"), "payout_id": payout_id, "effective_at": _text(self.now), "type": kind}
            row |= {"gross_amount_money": money(gross, currency), "fee_amount_money": money(fee, currency)}
            entries.append({**row, "net_amount_money": money(gross - fee, currency), **details})

        for payment in self.all("payments"):
            own = payment["location_id"] == location and payment["source_type"] == "CARD"
            if own and payment["id"] not in self.settled:
                fee = sum(each["amount_money"]["amount"] for each in payment.get("processing_fee", []))
                details = {"type_charge_details": {"payment_id": payment["id"]}}
                entry("CHARGE", payment["total_money"]["amount"], fee, details)
                self.settled.add(payment["id"])
        for refund in self.all("refunds"):
            own = refund["location_id"] == location and refund["destination_type"] == "CARD"
            if own and refund["id"] not in self.settled:
                details = {"type_refund_details": {"payment_id": refund["payment_id"], "refund_id": refund["id"]}}
                entry("REFUND", -refund["amount_money"]["amount"], 0, details)
                self.settled.add(refund["id"])
        for kind, net in extra:
            entry(kind, net, 0, {})
        self.entries[payout_id] = entries
        payout = {
            "id": payout_id,
            "status": "PAID",
            "location_id": location,
            "created_at": _text(self.now),
            "amount_money": money(sum(each["net_amount_money"]["amount"] for each in entries), currency),
            "destination": {"type": "BANK_ACCOUNT", "id": "bact:1"},
            "version": 1,
            "type": "BATCH",
            "payout_fee": [],
            "arrival_date": arrives.isoformat(),
            "end_to_end_id": f"L{self.made:010}",
        }
        return self.put("payouts", payout)

    def dispute(self, payment: Json, state: str = "EVIDENCE_REQUIRED") -> Json:
        """A customer's bank asks for its money back."""
        row = {
            "id": self.id("dts"),
            "amount_money": dict(payment["total_money"]),
            "reason": "NO_KNOWLEDGE",
            "state": state,
            "disputed_payment": {"payment_id": payment["id"]},
            "card_brand": "VISA",
            "created_at": _text(self.now),
            "reported_at": _text(self.now),
            "location_id": payment["location_id"],
        }
        return self.put("disputes", row)

    def gift(self, kind: str, details: Json, location: str = "LOC1") -> Json:
        """An activity of a gift card."""
        field_name = f"{kind.lower()}_activity_details"
        row = {
            "id": self.id("gcact"),
            "type": kind,
            "location_id": location,
            "created_at": _text(self.now),
            "gift_card_id": "gftc:1",
            "gift_card_gan": "7783320001001635",
            "gift_card_balance_money": money(2_500, self.currency),
            field_name: details,
        }
        self.rows.setdefault("gift_cards", {})[row["id"]] = row
        return row

    def shift(
        self, location: str, opened: int, expected: int, counted: int, events: list[tuple[str, int, str]]
    ) -> Json:
        """A shift of the drawer, closed and counted; `events` are (type, amount, description)."""
        shift_id, currency = self.id("shift"), self.currency
        self.events[shift_id] = [
            {
                "id": self.id("event"),
                "event_type": kind,
                "event_money": money(amount, currency),
                "created_at": _text(self.now),
                "description": text,
            }
            for kind, amount, text in events
        ]
        row = {
            "id": shift_id,
            "state": "CLOSED",
            "location_id": location,
            "opened_at": _text(self.now - timedelta(hours=8)),
            "closed_at": _text(self.now),
            "created_at": _text(self.now - timedelta(hours=8)),
            "opened_cash_money": money(opened, currency),
            "expected_cash_money": money(expected, currency),
            "closed_cash_money": money(counted, currency),
        }
        return self.put("shifts", row)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _same(text: str) -> str:
    return _text(datetime.fromisoformat(text))


def _within(text: str, begin: str | None, end: str | None) -> bool:
    return (not begin or text >= _same(begin)) and (not end or text < _same(end))
