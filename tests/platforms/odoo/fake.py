"""A small Odoo: one company, its chart, taxes and moves, over JSON-2 and JSON-RPC, with the rules that matter here.

Built from what the vendor publishes of its external interface and of the models; OdooRPC talks to it as it does to a
server. Account ids are the codes of the default chart, so that books of both can be compared.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.auth import Secrets
from tests.connectors.server import Answer, Fault, PlatformServer, Seen
from tests.connectors.server import running as running_server
from tests.platforms.odoo.moves import Moves
from tests.platforms.odoo.orders import Orders
from tests.platforms.odoo.orm import VAT20, OdooError, Orm, error

INTERFACES = ("json2", "jsonrpc")
KEY, DATABASE, LOGIN, USER = "odoo-test-key-0123456789", "books", "bot@example.com", 7
READS = {
    "read_group",
    "formatted_read_group",
    "search_read",
    "read",
    "fields_get",
    "context_get",
    "search",
    "search_count",
    "login",
    "version_info",
}
STATUSES = {"UserError": 422, "ValidationError": 422, "AccessError": 403, "MissingError": 404, "AccessDenied": 401}
# What a test asks for → the fault of the server and its header.
KINDS = {
    "lose_answer_after_commit": ("lose_after", None),
    "lose_before": ("drop_before", None),
    "429": ("rate429", None),
    "429_retry_after": ("rate429", "1"),
    "5xx": ("err500_before", None),
    "503": ("unavailable", None),
    "401": ("e401", None),
    "repeated": ("twice", None),
}


class Aimed(deque[Fault]):
    """Faults that only meet the calls they are meant for: writes, or one method."""

    server: PlatformServer
    method = ""

    def __bool__(self) -> bool:
        called = method_of(self.server.log[-1]) if self.server.log else ""
        return len(self) > 0 and (called == self.method if self.method else called not in READS)


def method_of(seen: Seen) -> str:
    """The method that a request calls, whatever the interface."""
    if seen.path.startswith("/json/2/"):
        return seen.path.rsplit("/", 1)[1]
    params = json.loads(seen.body or b"{}").get("params") or {}
    args = params.get("args") or []
    return str(args[4]) if params.get("method") in ("execute_kw", "execute") else str(params.get("method", ""))


@dataclass
class Fake:
    """What tests hold: the server, its state, and the switches."""

    server: PlatformServer
    orm: Orm
    moves: Moves
    orders: Orders
    interface: str
    key: str = KEY
    ends_in: str = ""  # the key ends after the next page of this model
    says: dict[str, tuple[str, str]] = field(default_factory=dict)  # method → the exception that it ends in
    tax_codes: dict[str, str] = field(default_factory=lambda: {"vat20": str(VAT20)})
    """Tax treatment → the tax that a mapping chooses for it."""

    @property
    def place(self) -> str:
        return self.server.place

    @property
    def settings(self) -> dict[str, Any]:
        settings = {"base_url": self.server.url, "interface": self.interface, "database": DATABASE}
        return settings | ({"login": LOGIN} if self.interface == "jsonrpc" else {})

    @property
    def secrets(self) -> Secrets:
        return Secrets(api_key=self.key)

    def documents(self) -> list[tuple[str, dict[str, int]]]:
        """(reference, account → debits less credits in minor units) of what is in the books."""
        found = []
        for move in self.orm.rows["account.move"].values():
            if move["state"] == "posted":
                sums: dict[str, int] = {}
                for line in self.moves.lines(move["id"]):
                    account = str(line["account_id"])
                    sums[account] = sums.get(account, 0) + int(line["balance"] * 100)
                found.append((move["ref"] or "", {account: amount for account, amount in sums.items() if amount}))
        return found

    def in_currency(self, currency: str) -> None:
        """Keep the books in this currency, of another country."""
        self.orm.rows["res.currency"][self.orm.company["currency_id"]]["name"] = currency
        self.tax_codes = {}

    def offer_taxes(self, rates: dict[str, tuple[Decimal, ...]]) -> None:
        """Have a tax of each percentage, on sales."""
        for number, (tax, parts) in enumerate(rates.items(), 60):
            percentage = sum(parts, Decimal(0))
            self.orm.seed(
                "account.tax", number, name=f"{tax} {percentage} %", amount=percentage, amount_type="percent",
                type_tax_use="sale", price_include=False, company_id=self.orm.company["id"], account=2200, active=True,
            )  # fmt: skip
            self.tax_codes[tax] = str(number)

    def lock(self, through: date) -> None:
        self.orm.company["fiscalyear_lock_date"] = through.isoformat()

    def archive(self, account: str) -> None:
        self.orm.rows["account.account"][int(account)]["active"] = False

    def fail(self, kind: str, times: int = 1, *, on: str = "") -> None:
        """The next `times` writes (or calls of the method `on`) meet this fault."""
        assert isinstance(self.server.faults, Aimed)
        self.server.faults.method = on
        name, header = KINDS[kind]
        self.server.fail(name, header=header, times=times)

    def enter(self, day: date, amounts: dict[str, int], reference: str) -> str:
        """A person writes an entry and posts it; its id."""
        move = self.orm.new(
            "account.move", ref=reference, date=day.isoformat(), state="posted", journal_id=1, name="M/1"
        )
        for code, amount in amounts.items():
            value = Decimal(amount) / 100
            self.orm.new(
                "account.move.line", move_id=move["id"], account_id=int(code), balance=value, amount_currency=value,
                debit=max(value, Decimal(0)), credit=max(-value, Decimal(0)),
            )  # fmt: skip
        return str(move["id"])

    def bank_brings(self, day: date, amount: int, text: str) -> None:
        """A line of a bank statement."""
        value = Decimal(amount) / 100
        self.orm.new("account.bank.statement.line", date=day.isoformat(), amount=value, payment_ref=text, journal_id=4)

    def delete_tax_code(self, code: str) -> None:
        """Delete a tax."""
        del self.orm.rows["account.tax"][int(code)]

    def take_number(self, reference: str) -> None:
        """A person writes an invoice with this reference."""
        invoice = {"move_type": "out_invoice", "ref": reference, "date": "2026-03-01", "journal_id": 2}
        move = self.orm.new("account.move", **invoice, partner_id=31, state="posted", name=f"INV/{reference}")
        for account, amount in ((1200, Decimal(1)), (4000, Decimal(-1))):
            self.orm.new(
                "account.move.line", move_id=move["id"], account_id=account, balance=amount, amount_currency=amount
            )

    def revoke(self) -> None:
        """The merchant deletes our key."""
        self.key = "nobody-has-this-key"

    def connect_again(self) -> Secrets:
        """The new key that the merchant gives us."""
        self.key = f"{KEY}-again"
        return self.secrets

    def expire_mid_page(self) -> int:
        """The key ends between two pages of customers; how many there are."""
        for number in range(1_000):
            self.orm.new("res.partner", name=f"Customer {number}", customer_rank=1, supplier_rank=0, active=True)
        self.ends_in = "res.partner"
        return sum(row["customer_rank"] > 0 for row in self.orm.rows["res.partner"].values())

    def calls(self, method: str) -> int:
        return sum(method_of(seen) == method for seen in self.server.log)


def _json2(fake: Fake, seen: Seen) -> Any:
    if seen.headers.get("authorization", "").lower() != f"bearer {fake.key}":
        return Answer(401, {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"})
    _, _, _, model, method = seen.path.split("/")
    params = json.loads(seen.body)
    ids, context = params.pop("ids", None), params.pop("context", {})
    if seen.headers.get("x-odoo-database") != DATABASE:
        return Answer(404, {"name": "werkzeug.exceptions.NotFound", "message": "no database"})
    if not fake.orm.has(model):
        message = f"the model '{model}' does not exist"
        return Answer(404, {"name": "werkzeug.exceptions.NotFound", "message": message})
    try:
        return plain(call(fake, model, method, ids, context, params))
    except OdooError as problem:
        status = STATUSES.get(problem.name.rpartition(".")[2], 500)
        return Answer(status, {"name": problem.name, "message": problem.message, "arguments": [problem.message]})


def _jsonrpc(fake: Fake, seen: Seen) -> Any:
    body = json.loads(seen.body)
    params = body.get("params") or {}
    try:
        result = _service(fake, params["service"], params["method"], params["args"])
    except OdooError as problem:
        data = {"name": problem.name, "message": problem.message, "arguments": [problem.message], "debug": "Traceback"}
        said = {"code": 200, "message": "Odoo Server Error", "data": data}
        return {"jsonrpc": "2.0", "id": body.get("id"), "error": said}
    return {"jsonrpc": "2.0", "id": body.get("id"), "result": plain(result)}


def _service(fake: Fake, service: str, method: str, args: list[Any]) -> Any:
    if (service, method) == ("common", "login"):
        return USER if args == [DATABASE, LOGIN, fake.key] else False
    database, user, key, model, name, *rest = args
    if (database, user, key) != (DATABASE, USER, fake.key):
        raise error("AccessDenied", "Access Denied")
    if method == "execute":
        rest = [rest, {}]
    positional = list(rest[0])
    named = dict(rest[1]) if len(rest) > 1 else {}
    context = named.pop("context", {})
    if not fake.orm.has(model):
        raise error("UserError", f"Object {model} doesn't exist")
    ids = None
    if name not in MODEL_METHODS:
        ids = positional.pop(0)
        ids = [ids] if isinstance(ids, int) else ids
    for parameter, value in zip(PARAMETERS.get(name, ()), positional, strict=False):
        named[parameter] = value
    return call(fake, model, name, ids, context, named)


MODEL_METHODS = {
    "create", "load", "search_read", "search", "search_count", "fields_get", "context_get", "read_group",
    "formatted_read_group",
}  # fmt: skip
PARAMETERS = {
    "create": ("vals_list",),
    "write": ("vals",),
    "read": ("fields", "load"),
    "search": ("domain", "offset", "limit", "order"),
    "search_read": ("domain", "fields", "offset", "limit", "order"),
    "fields_get": ("allfields", "attributes"),
    "load": ("fields", "data"),
}


def call(fake: Fake, model: str, method: str, ids: Any, context: dict[str, Any], params: dict[str, Any]) -> Any:
    """One call is one transaction: what fails leaves nothing."""
    allowed = context.get("allowed_company_ids")
    if allowed and not set(allowed) <= set(fake.orm.rows["res.company"]):
        raise error("AccessError", "Access to unauthorized or invalid companies.")
    if model in fake.orm.forbidden:
        groups = "\n".join(f"\t- {group}" for group in ("Accounting/Administrator", "Accounting/Invoicing"))
        said = (
            f"You are not allowed to access '{model}' ({model}) records.\n\nThis operation is allowed for the following"
        )
        rest = "Contact your administrator to request access if necessary."
        raise error("AccessError", f"{said} groups:\n{groups}\n\n{rest}")
    if model == fake.ends_in:
        fake.revoke()
        fake.ends_in = ""
    if method in fake.says:
        raise error(*fake.says[method])
    before = fake.orm.copy()
    try:
        name = f"{model.replace('.', '_')}__{method}"
        if own := getattr(fake.moves, name, None) or getattr(fake.orders, name, None):
            return own(ids, context, **params)
        return getattr(fake.orm, method)(model, ids, context, **params)
    except OdooError:
        fake.orm.restore(before)
        raise


def plain(value: Any) -> Any:
    """As Odoo writes it: amounts are floats."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def _otherwise(fake: Fake, seen: Seen) -> Any:
    if seen.path == "/jsonrpc":
        return _jsonrpc(fake, seen)
    if seen.path == "/web/webclient/version_info":
        return {"jsonrpc": "2.0", "id": None, "result": {"server_version": "18.0", "server_serie": "18.0"}}
    if seen.path.startswith("/json/2/") and fake.interface == "json2":
        return _json2(fake, seen)
    return Answer(404, {"error": "not found"})


@contextmanager
def running(interface: str = "json2") -> Iterator[Fake]:
    """An Odoo on the loopback, with a chart, a customer, a supplier and two taxes."""
    with running_server() as server:
        orm = Orm()
        fake = Fake(server, orm, Moves(orm), Orders(orm), interface)
        faults = Aimed()
        faults.server = server
        server.faults = faults
        server.otherwise = lambda seen: _otherwise(fake, seen)
        yield fake
