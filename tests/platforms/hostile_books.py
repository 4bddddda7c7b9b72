"""A hostile accounting platform: the same door and wire as a real one, on the loopback, with every kind of safety.

`running()` starts its server. What it has in `server.documents` is the truth that tests compare with. Faults are
scripted on the server (`server.fail("lose_after")`): one request uses up one fault. What the platform itself says no to
is set on `Rules`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from connectors import credentials, registry
from connectors.auth import Secrets
from connectors.declare import ApiKey, Budget, Hosts, Safety
from connectors.errors import RefusalReason, Refused
from connectors.models import Connection
from connectors.platform import AccountingPlatform, CompanyFacts, Option, Pushed, Session
from connectors.purchasing import DraftOrder
from connectors.wire import Request
from ledger.documents import Document, Payment
from tests.connectors.server import PlatformServer, Seen
from tests.connectors.server import running as running_server


class Made(msgspec.Struct):
    """The answer to a write: an id, or why not."""

    id: str = ""
    refused: str = ""


def answered(made: Made, reference: str) -> Pushed:
    """What the answer to a write means."""
    if made.refused:
        raise Refused(f"{reference} was refused", reason=RefusalReason(made.refused))
    return Pushed(made.id, answer={"id": made.id})


class Found(msgspec.Struct):
    """The answer to a search."""

    ids: list[str] = []


class Legs(msgspec.Struct):
    """What is there under an id; None: nothing."""

    entries: list[tuple[str, int, int]] | None = None


class Hostile(AccountingPlatform):
    """What all variants share; `keyed` is whether a write carries an idempotency key."""

    key = "hostile"

    published_key = "hosa"
    name = "Hostile Books"
    hosts = Hosts(setting="base_url")
    budget = Budget()
    auth = ApiKey()
    document_kinds = frozenset({"Journal", "Invoice", "CreditNote", "Bill", "Payment", "Deposit"})
    safety = Safety(search_by_ref=True, unique_ref=True, max_server_delay_seconds=1)
    keyed = False

    def push(self, session: Session, document: Document) -> Pushed:
        header = document.header
        body = {"reference": header.reference, "date": header.date.isoformat(), "entries": document.entries()}
        body |= {"key": header.key, "settles": document.settles if isinstance(document, Payment) else ""}
        body |= {"settles_id": session.remote_ids.get(body["settles"], "")}
        request = Request("POST", "/documents").with_json(body)
        if self.keyed:
            request = request.with_headers(("Idempotency-Key", self.key_for(document)))
        made = session.send(request).decode(Made)
        return answered(made, header.reference)

    def key_for(self, document: Document) -> str:
        """What the platform knows the document by when it comes again."""
        return document.header.key

    def find(self, session: Session, document: Document) -> Pushed | None:
        request = Request("GET", "/search", params=(("reference", document.header.reference),))
        ids = session.send(request).decode(Found).ids
        if len(ids) > 1:
            raise Refused(f"{document.header.reference} is there {len(ids)} times", reason=RefusalReason.DUPLICATE)
        return Pushed(ids[0]) if ids else None

    def read_back(self, session: Session, remote_id: str, kind: str) -> list[tuple[str, int, int]] | None:
        legs = session.send(Request("GET", "/legs", params=(("id", remote_id),))).decode(Legs).entries
        if legs is None:
            raise Refused(f"{remote_id} is gone", reason=RefusalReason.NOT_FOUND)
        return legs

    def void(self, session: Session, remote_id: str, kind: str) -> None:
        raise Refused("a hostile platform takes nothing back")

    def facts(self, session: Session) -> CompanyFacts:
        return CompanyFacts("GBP")

    def options(self, session: Session) -> list[Option]:
        return []

    def create_account(self, session: Session, *, name: str, type: str, code: str = "") -> Option:
        raise Refused("a hostile platform makes no accounts")


class Keyed(Hostile):
    """It remembers keys for ever and has no search."""

    key = "hostile_keyed"

    published_key = "hosb"
    keyed = True
    safety = Safety(idempotency="permanent", max_server_delay_seconds=1)


class SearchOnly(Hostile):
    """It takes the same document as often as it is sent; it can only be asked."""

    key = "hostile_search"

    published_key = "hosc"
    safety = Safety(search_by_ref=True, max_server_delay_seconds=1)


class Bare(Hostile):
    """It has nothing that makes writing safe."""

    key = "hostile_bare"

    published_key = "hosd"
    safety = Safety()


class Taken(msgspec.Struct):
    """The answer to a void: taken back, or why not."""

    refused: str = ""


class Forgiving(Hostile):
    """It takes documents back; its closed period is a setting of the connection."""

    key = "hostile_void"

    published_key = "hosv"
    voids = frozenset({"journal", "invoice", "credit_note", "bill", "payment", "deposit"})

    def void(self, session: Session, remote_id: str, kind: str) -> None:
        request = Request("POST", "/void").with_json({"id": remote_id, "kind": kind})
        taken = session.send(request).decode(Taken)
        if taken.refused:
            raise Refused(f"{remote_id} stays", reason=RefusalReason(taken.refused))

    def facts(self, session: Session) -> CompanyFacts:
        locked = session.settings.get("locked_through")
        return CompanyFacts("GBP", date.fromisoformat(locked) if locked else None)


class Buying(Hostile):
    """It keeps purchase orders, and the same one as often as it is sent."""

    key = "hostile_orders"

    published_key = "hoso"
    drafts_orders = True

    def draft_order(self, session: Session, order: DraftOrder) -> Pushed:
        body = {"reference": order.reference, "supplier": order.supplier, "currency": order.currency}
        body |= {"date": order.ordered_on.isoformat()}
        lines = [[line.sku, str(line.quantity), line.unit_cost, line.account] for line in order.lines]
        made = session.send(Request("POST", "/orders").with_json({**body, "lines": lines})).decode(Made)
        if made.refused:
            raise Refused(f"{order.reference} was refused", reason=RefusalReason(made.refused))
        return Pushed(made.id, url=f"https://hostile.example/orders/{made.id}")

    def find_order(self, session: Session, reference: str) -> Pushed | None:
        request = Request("GET", "/order", params=(("reference", reference),))
        ids = session.send(request).decode(Found).ids
        if len(ids) > 1:
            raise Refused(f"{reference} is there {len(ids)} times", reason=RefusalReason.DUPLICATE)
        return Pushed(ids[0]) if ids else None


def register() -> None:
    """Let the registry know the variants, in this process."""
    known = registry._all_accounting()
    for variant in (Hostile, Keyed, SearchOnly, Bare, Forgiving, Buying):
        known.setdefault(variant.key, variant())


@dataclass
class Rules:
    """How the server behaves. `refuse` maps a date, or a supplier, to a reason, `keep` a kind of document that is not
    taken back; `on_commit` is called at each write, under the lock, `on_void` at each void."""

    unique_ref: bool = False
    keyed: bool = False
    refuse: dict[str, str] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    before_commit: Callable[[], None] = lambda: None
    on_commit: Callable[[], None] = lambda: None
    on_void: Callable[[], None] = lambda: None
    keys: dict[str, Any] = field(default_factory=dict)
    bodies: dict[str, Any] = field(default_factory=dict)
    refuses_other_bodies: bool = False
    orders: list[dict[str, Any]] = field(default_factory=list)


def _write(server: PlatformServer, rules: Rules, seen: Seen) -> Any:
    rules.before_commit()
    body = json.loads(seen.body)
    key = seen.headers.get("idempotency-key", "")
    if rules.keyed and key in rules.keys:
        is_other = rules.refuses_other_bodies and rules.bodies[key] != body
        return {"refused": "validation"} if is_other else rules.keys[key]
    if body["date"] in rules.refuse:
        return {"refused": rules.refuse[body["date"]]}
    if rules.unique_ref and any(each["reference"] == body["reference"] for each in server.documents):
        return {"refused": "duplicate"}
    document = {"id": f"D{len(server.documents) + 1}", **body}
    server.documents.append(document)
    rules.on_commit()
    rules.keys[key], rules.bodies[key] = {"id": document["id"]}, body
    return rules.keys[key]


def _void(server: PlatformServer, rules: Rules, seen: Seen) -> Any:
    body = json.loads(seen.body)
    if body["kind"] in rules.keep:
        return {"refused": rules.keep[body["kind"]]}
    document = next((each for each in server.documents if each["id"] == body["id"]), None)
    if document is None:
        return {"refused": "not_found"}
    if any(each["settles"] == document["key"] and "voided" not in each for each in server.documents):
        return {"refused": "validation"}  # what is paid is not taken back
    document["voided"] = True
    rules.on_void()
    return {}


def balances(server: PlatformServer) -> dict[str, int]:
    """Account → debits less credits of what the server has and has not taken back."""
    total: Counter[str] = Counter()
    for document in server.documents:
        for account, debit, credit in document["entries"] if "voided" not in document else ():
            total[account] += debit - credit
    return {account: amount for account, amount in sorted(total.items()) if amount}


def _search(server: PlatformServer, seen: Seen) -> Any:
    return {"ids": [each["id"] for each in server.documents if each["reference"] == seen.query["reference"][0]]}


def _take_order(server: PlatformServer, rules: Rules, seen: Seen) -> Any:
    body = json.loads(seen.body)
    if body["supplier"] in rules.refuse:
        return {"refused": rules.refuse[body["supplier"]]}
    rules.orders.append({"id": f"PO{len(rules.orders) + 1}", **body})
    return {"id": rules.orders[-1]["id"]}


def _legs(server: PlatformServer, seen: Seen) -> Any:
    found = [each["entries"] for each in server.documents if each["id"] == seen.query["id"][0] and "voided" not in each]
    return {"entries": found[0] if found else None}


@contextmanager
def running(**rules: Any) -> Iterator[tuple[PlatformServer, Rules]]:
    """A hostile server and its rules; its variants are registered."""
    register()
    how = Rules(**rules)
    with running_server() as server:
        server.routes = {
            "/documents": lambda seen: _write(server, how, seen),
            "/void": lambda seen: _void(server, how, seen),
            "/search": lambda seen: _search(server, seen),
            "/orders": lambda seen: _take_order(server, how, seen),
            "/order": lambda seen: {
                "ids": [each["id"] for each in how.orders if each["reference"] == seen.query["reference"][0]]
            },
            "/legs": lambda seen: _legs(server, seen),
        }
        yield server, how


def connect(connection: Connection, server: PlatformServer) -> None:
    """Give a connection the address of the server and a key for it."""
    Connection.objects.filter(pk=connection.pk).update(settings={"base_url": server.url})
    credentials.store(connection_id=connection.pk, secrets=Secrets(api_key="hostile-test-key"))


def duplicates(server: PlatformServer) -> list[str]:
    """The references that the server has more than once."""
    counted = Counter(each["reference"] for each in server.documents)
    return [reference for reference, times in counted.items() if times > 1]


def writes(server: PlatformServer) -> int:
    """How often a document was sent."""
    return sum(seen.path == "/documents" for seen in server.log)
