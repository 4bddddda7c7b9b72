"""A stateful Stripe on the loopback: what happens to an account are methods, what is asked of it comes over the wire.

Honest in what trips a connector: keys and the version, newest first, `starting_after` that has to exist, pages cut
shorter than asked, ids where nothing is expanded, no filter for changes, events of thirty days only, payouts whose rows
are told only of automatic ones, authorizations that are no money, refunds and payouts that fail days later.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from tests.connectors.server import Answer, Seen

Json = dict[str, Any]
KEPT = timedelta(days=30)
APP_SECRET = "sk_test_app_secret"
LISTS = {
    "balance_transactions": "txn",
    "charges": "ch",
    "refunds": "re",
    "payouts": "po",
    "disputes": "dp",
    "events": "evt",
    "payment_intents": "pi",
    "products": "prod",
    "tax_rates": "txr",
    "terminal/locations": "tml",
    "checkout/sessions": "cs",
    "invoices": "in",
    "invoice_payments": "inpay",
}


# What a list may be asked; anything else is refused.
PLAIN = ("limit", "starting_after", "created[gte]")
ALSO = {
    "balance_transactions": ("payout",),
    "checkout/sessions": ("payment_intent",),
    "invoice_payments": ("payment[type]", "payment[payment_intent]"),
}


class Wrong(Exception):
    """An answer of 4xx."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        self.status = status
        self.body = {"error": {"type": "invalid_request_error", "message": message, "code": code}}


@dataclass
class FakeStripe:
    """One account. `now` is its clock; `page` cuts every listing shorter than asked."""

    currency: str = "usd"
    now: datetime = datetime(2026, 3, 2, 14, tzinfo=UTC)
    page: int = 100
    keys: set[str] = field(default_factory=lambda: {"rk_test_stripe"})
    rows: dict[str, dict[str, Json]] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)  # row of the ledger → payout
    asked: list[Seen] = field(default_factory=list)
    lines: dict[str, list[Json]] = field(default_factory=dict)  # of a session or an invoice
    codes: set[str] = field(default_factory=set)  # of consents that were given

    # -- the wire -------------------------------------------------------------------------------------------------

    def answer(self, seen: Seen) -> Any:
        self.asked.append(seen)
        try:
            if seen.path.startswith("/oauth/"):
                return self._connect(seen)
            if seen.headers.get("authorization", "").removeprefix("Bearer ") not in self.keys:
                raise Wrong(401, "Invalid API Key provided")
            if not seen.headers.get("stripe-version"):
                raise Wrong(400, "the version is not said")
            return json.loads(json.dumps(self._get(seen)))
        except Wrong as wrong:
            return Answer(wrong.status, wrong.body)

    def _connect(self, seen: Seen) -> Any:
        """What Connect says: a code is good once, for the app's own secret; access ends for whoever asked for it."""
        form = {name: values[-1] for name, values in parse_qs((seen.body or b"").decode()).items()}
        bearer = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if APP_SECRET not in (form.get("client_secret"), bearer):
            return Answer(401, {"error": "invalid_client", "error_description": "No such API key"})
        if seen.path == "/oauth/token":
            if form.get("grant_type") != "authorization_code" or form.get("code") not in self.codes:
                return Answer(400, {"error": "invalid_grant", "error_description": "Authorization code does not exist"})
            self.codes.remove(form["code"])
            self.keys.add("rk_of_acct_7")
            return {"access_token": "rk_of_acct_7", "refresh_token": "rt_7", "token_type": "bearer", "livemode": False,
                    "stripe_publishable_key": "pk_7", "stripe_user_id": "acct_7", "scope": "read_only"}  # fmt: skip
        if seen.path != "/oauth/deauthorize" or form.get("stripe_user_id") != "acct_7" or not form.get("client_id"):
            return Answer(400, {"error": "invalid_request", "error_description": "This application is not connected"})
        self.keys.discard("rk_of_acct_7")
        return {"stripe_user_id": "acct_7"}

    def _get(self, seen: Seen) -> Json:
        asked = {name: values[-1] for name, values in seen.query.items()}
        expand = [value for name, value in asked.items() if name.startswith("expand[")]
        match seen.path.strip("/").split("/"):
            case ["v1", *names] if seen.method == "GET" and "/".join(names) in LISTS:
                return self._listed("/".join(names), asked, expand)
            case ["v1", *_, owner, "line_items" | "lines"] if owner in self.lines:
                return self._paged(seen.path, self.lines[owner], asked, expand)
            case ["v1", name, row] if seen.method == "GET" and row in self.rows.get(name, {}):
                return self._expanded(self.rows[name][row], expand)
        raise Wrong(404, f"Unrecognized request URL ({seen.method}: {seen.path})", "resource_missing")

    def _listed(self, name: str, asked: Json, expand: list[str]) -> Json:
        for parameter in asked:
            if parameter not in (*PLAIN, *ALSO.get(name, ())) and not parameter.startswith(("expand[", "types[")):
                raise Wrong(400, f"Received unknown parameter: {parameter}", "parameter_unknown")
        rows = self.all(name)[::-1]
        if name == "events":
            wanted = [value for key, value in asked.items() if key.startswith("types[")]
            rows = [row for row in rows if row["created"] > _seconds(self.now - KEPT)]
            rows = [row for row in rows if not wanted or row["type"] in wanted]
        if asked.get("payout"):
            payout = self.rows["payouts"].get(asked["payout"])
            if payout is None or not payout["automatic"]:
                raise Wrong(400, "Balance transaction history can only be filtered on automatic payouts")
            rows = [row for row in rows if self.settled.get(row["id"]) == payout["id"]]
        if wanted := asked.get("payment_intent") or asked.get("payment[payment_intent]"):
            rows = [row for row in rows if wanted in (row.get("payment_intent"), row.get("payment"))]
        if "created[gte]" in asked:
            rows = [row for row in rows if row["created"] >= int(asked["created[gte]"])]
        return self._paged(f"/v1/{name}", rows, asked, expand)

    def _paged(self, url: str, rows: list[Json], asked: Json, expand: list[str]) -> Json:
        if "starting_after" in asked:
            ids = [row["id"] for row in rows]
            if asked["starting_after"] not in ids:
                raise Wrong(400, f"No such object: {asked['starting_after']}", "resource_missing")
            rows = rows[ids.index(asked["starting_after"]) + 1 :]
        limit = int(asked.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Wrong(400, "limit is 1 to 100")
        size = min(limit, self.page)
        if any(not path.startswith("data.") for path in expand):
            raise Wrong(400, "a list is expanded below data")
        inner = [path.removeprefix("data.") for path in expand]
        data = [self._expanded(row, inner) for row in rows[:size]]
        return {"object": "list", "url": url, "has_more": len(rows) > size, "data": data}

    def _expanded(self, row: Json, paths: list[str]) -> Json:
        found = dict(row)
        for path in paths:
            if path.partition(".")[0] not in row and path != "failure_balance_transaction":
                raise Wrong(400, f"This property cannot be expanded ({path}).")
            if isinstance(row.get(path), str):
                found[path] = next(rows[row[path]] for rows in self.rows.values() if row[path] in rows)
        return found

    # -- what happens to the account ------------------------------------------------------------------------------

    def all(self, name: str) -> list[Json]:
        return list(self.rows.get(name, {}).values())

    def later(self, **span: int) -> None:
        self.now += timedelta(**span)

    def make(self, name: str, /, **facts: Any) -> Json:
        rows = self.rows.setdefault(name, {})
        kind = name.removesuffix("s").replace("/", ".")
        made = {"id": f"{LISTS[name]}_{len(rows) + 1}", "object": kind, "created": _seconds(self.now), **facts}
        rows[made["id"]] = made
        return made

    def add_product(self, name: str) -> Json:
        return self.make("products", name=name, active=True, images=[], livemode=False, marketing_features=[],
                         metadata={}, updated=_seconds(self.now), description=None, package_dimensions=None,
                         shippable=None, tax_code=None, url=None)  # fmt: skip

    def add_tax_rate(self, name: str, percentage: float) -> Json:
        return self.make("tax_rates", display_name=name, percentage=percentage, inclusive=False, active=True,
                         livemode=False, metadata={}, country="US", state="NY", jurisdiction=None, description=None,
                         effective_percentage=percentage, flat_amount=None, rate_type="percentage",
                         tax_type="sales_tax", jurisdiction_level=None)  # fmt: skip

    def add_location(self, name: str) -> Json:
        address = {"city": "New York", "country": "US", "line1": "1 Main St", "line2": None, "postal_code": "10001",
                   "state": "NY"}  # fmt: skip
        made = self.make("terminal/locations", display_name=name, address=address, livemode=False, metadata={})
        del made["created"]
        return made

    def tell(self, kind: str, row: Json) -> None:
        facts = {"livemode": False, "pending_webhooks": 0, "request": None, "api_version": None}
        self.make("events", type=kind, data={"object": json.loads(json.dumps(row))}, **facts)

    def move(
        self, kind: str, category: str, amount: int, source: Json | None = None, fees: tuple[tuple[str, int], ...] = ()
    ) -> Json:
        """A row of the ledger."""
        fee = sum(part for _, part in fees)
        details = [
            {"amount": part, "application": None, "currency": self.currency, "description": name, "type": name}
            for name, part in fees
        ]
        return self.make(
            "balance_transactions", amount=amount, fee=fee, net=amount - fee, fee_details=details, type=kind,
            reporting_category=category, source=source and source["id"], currency=self.currency, status="available",
            available_on=_seconds(self.now + timedelta(days=2)), description=None, exchange_rate=None,
        )  # fmt: skip

    def authorize(self, amount: int, tip: int = 0, method: str = "card", **facts: Any) -> Json:
        """A charge that is not money yet."""
        currency = facts.pop("currency", self.currency)
        intent = self.make(
            "payment_intents", amount=amount, currency=currency, capture_method="automatic", livemode=False,
            confirmation_method="automatic", payment_method_types=[method], status="succeeded",
            amount_details={"tip": {"amount": tip} if tip else {}},
        )  # fmt: skip
        return self.make(
            "charges", amount=amount, amount_captured=0, amount_refunded=0, billing_details={}, captured=False,
            currency=currency, disputed=False, livemode=False, paid=True, refunded=False, status="succeeded",
            balance_transaction=None, payment_intent=intent["id"], payment_method_details={"type": method},
            **{"customer": None, "description": None, "receipt_number": None, "metadata": {}, **facts},
        )  # fmt: skip

    def capture(self, charge: Json, *more: tuple[str, int], rate: tuple[int, int] = (1, 1)) -> Json:
        """The charge becomes money, in the currency that settles; the usual fee and `more` are taken."""
        settled = charge["amount"] * rate[0] // rate[1]
        fees = (("stripe_fee", (settled * 29 + 500) // 1_000 + 30), *more)
        kind = "charge" if charge["payment_method_details"]["type"] == "card" else "payment"
        row = self.move(kind, "charge", settled, charge, fees)
        if rate != (1, 1):
            row["exchange_rate"] = rate[0] / rate[1]
        charge |= {"captured": True, "amount_captured": charge["amount"], "balance_transaction": row["id"]}
        self.tell("charge.captured", charge)
        return charge

    def pay(self, amount: int, tip: int = 0, **facts: Any) -> Json:
        return self.capture(self.authorize(amount, tip, **facts))

    def check_out(self, *lines: Json, shipping: Json | None = None, **facts: Any) -> Json:
        """A Checkout session that was paid: lines of a name, a price, what is off it, and (rate, tax) pairs on top."""
        items = [self._item(line) for line in lines]
        whole = sum(item["amount_total"] for item in items) + (shipping["amount_total"] if shipping else 0)
        charge = self.pay(whole, **facts)
        session = self.make(
            "checkout/sessions", amount_total=whole, payment_intent=charge["payment_intent"], mode="payment",
            currency=charge["currency"], status="complete", payment_status="paid", shipping_cost=shipping,
            amount_subtotal=sum(item["amount_subtotal"] for item in items), livemode=False,
        )  # fmt: skip
        self.lines[session["id"]] = items
        return charge

    def _item(self, line: Json) -> Json:
        quantity, off = line.get("quantity", 1), line.get("off", 0)
        price, tax = line["price"] * quantity, sum(part for _, part in line.get("taxes", ()))
        return {
            "id": f"li_{line['name']}", "object": "item", "description": line["name"], "quantity": quantity,
            "currency": self.currency, "amount_subtotal": price, "amount_discount": off, "amount_tax": tax,
            "amount_total": price - off + tax,
            "taxes": [{"amount": part, "rate": rate} for rate, part in line.get("taxes", ())],
        }  # fmt: skip

    def bill(self, *lines: Json, inclusive: bool = False, paid: int | None = None) -> Json:
        """An invoice that was paid, or a part of it; taxes are in the prices or on top of them."""
        items = []
        for line in lines:
            off, parts = line.get("off", 0), line.get("taxes", ())
            items.append({
                "id": f"il_{line['name']}", "object": "line_item", "amount": line["price"], "currency": self.currency,
                "description": line["name"], "quantity": line.get("quantity", 1),
                "discount_amounts": [{"amount": off, "discount": "di_1"}] if off else [],
                "taxes": [{"amount": part, "tax_behavior": "inclusive" if inclusive else "exclusive",
                           "tax_rate_details": {"tax_rate": rate["id"]}} for rate, part in parts],
            })  # fmt: skip
        on_top = 0 if inclusive else sum(tax["amount"] for item in items for tax in item["taxes"])
        off = sum(each["amount"] for item in items for each in item["discount_amounts"])
        whole = sum(item["amount"] for item in items) - off + on_top
        charge = self.pay(whole if paid is None else paid)
        invoice = self.make("invoices", total=whole, currency=charge["currency"], status="paid", shipping_cost=None)
        self.make("invoice_payments", invoice=invoice["id"], payment=charge["payment_intent"], status="paid")
        self.lines[invoice["id"]] = items
        return charge

    def refund(self, charge: Json, amount: int, status: str = "succeeded") -> Json:
        row = self.make(
            "refunds", amount=amount, charge=charge["id"], payment_intent=charge["payment_intent"], status=status,
            currency=charge["currency"], reason="requested_by_customer", metadata={}, receipt_number=None,
            balance_transaction=None,
        )  # fmt: skip
        if status == "succeeded":
            row["balance_transaction"] = self.move("refund", "refund", -amount, row)["id"]
            charge["amount_refunded"] += amount
        return row

    def fail_refund(self, refund: Json) -> None:
        back = self.move("refund_failure", "refund_failure", refund["amount"], refund)
        refund |= {"status": "failed", "failure_balance_transaction": back["id"]}
        self.tell("refund.failed", refund)

    def bounce(self, charge: Json) -> None:
        """The bank takes a debit back."""
        self.move("payment_failure_refund", "charge_failure", -charge["amount"], charge, (("stripe_fee", 400),))
        charge["status"] = "failed"
        self.tell("charge.failed", charge)

    def dispute(self, charge: Json, status: str = "needs_response") -> Json:
        row = self.make(
            "disputes", amount=charge["amount"], currency=charge["currency"], charge=charge["id"], status=status,
            balance_transactions=[], evidence={}, is_charge_refundable=status.startswith("warning"), livemode=False,
            evidence_details={"has_evidence": False, "past_due": False, "submission_count": 0}, metadata={},
            reason="fraudulent", payment_intent=charge["payment_intent"],
        )  # fmt: skip
        if status == "needs_response":
            fee = (("stripe_fee", 1_500),)
            row["balance_transactions"].append(self.move("adjustment", "dispute", -charge["amount"], row, fee))
        return row

    def close(self, dispute: Json, status: str) -> None:
        dispute["status"] = status
        if status == "won":
            fee = (("stripe_fee", -1_500),)
            back = self.move("adjustment", "dispute_reversal", dispute["amount"], dispute, fee)
            dispute["balance_transactions"].append(back)
        self.tell("charge.dispute.closed", dispute)

    def pay_out(self, arrives: date, amount: int | None = None) -> Json:
        """All that is there and in no payout yet; an `amount` by hand, which is made of nothing that is listed."""
        rows = [row for row in self.all("balance_transactions") if row["id"] not in self.settled]
        whole = sum(row["net"] for row in rows)
        row = self.make(
            "payouts", amount=whole if amount is None else amount, automatic=amount is None, currency=self.currency,
            arrival_date=_seconds(datetime(arrives.year, arrives.month, arrives.day, tzinfo=UTC)), livemode=False,
            method="standard", source_type="card", status="in_transit", type="bank_account", metadata={},
            reconciliation_status="in_progress" if amount is None else "not_applicable", statement_descriptor=None,
        )  # fmt: skip
        moved = self.move("payout", "payout", -row["amount"], row)
        if amount is None:
            self.settled |= {each["id"]: row["id"] for each in (*rows, moved)}
        else:
            self.settled[moved["id"]] = row["id"]
            self.settled |= {each["id"]: row["id"] for each in rows if whole == amount}
        return row

    def arrive(self, payout: Json) -> None:
        payout["status"] = "paid"
        self.tell("payout.paid", payout)
        if payout["automatic"]:
            payout["reconciliation_status"] = "completed"
            self.tell("payout.reconciliation_completed", payout)

    def fail_payout(self, payout: Json) -> None:
        back = self.move("payout_failure", "payout_reversal", payout["amount"], payout)
        completed = "completed" if payout["automatic"] else "not_applicable"
        payout |= {
            "status": "failed", "failure_balance_transaction": back["id"], "reconciliation_status": completed
        }  # fmt: skip
        self.tell("payout.failed", payout)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
