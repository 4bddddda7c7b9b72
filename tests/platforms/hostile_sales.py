"""A hostile commerce platform: the same door and wire as a real one, on the loopback.

`running()` starts its server; `shop.rows` is its truth, `shop.page_size` how it cuts it into pages. What it does wrong
is set on `Shop`: the same page for ever, an empty page in the middle, rows that move while they are read. Faults of
the network are scripted on the server (`server.fail("drop_before")`). `ODD_ROWS` are rows that no
careful platform sends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors import registry
from connectors.declare import GET, ApiKey, Budget, Hosts, Stream
from connectors.errors import MappingProblem
from connectors.paging import PageNumber
from connectors.platform import CommercePlatform
from connectors.session import MapContext
from ledger.commerce import Deleted, Line, Order, Record, Tender
from ledger.money import to_minor
from tests.connectors.server import PlatformServer, Seen
from tests.connectors.server import running as running_server

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Sale(msgspec.Struct):
    """The wire shape. ``total`` is in major units and, on some days, in words."""

    id: str | int
    total: int | str
    sold: datetime
    changed: datetime | None = None
    title: str = ""
    currency: str = "GBP"
    deleted: bool = False


def sale(row: Sale, context: MapContext) -> Record:
    """A sale without tax, paid by card."""
    changed = row.changed or context.received_at or row.sold
    if row.deleted:
        return Deleted(str(row.id), row.currency, row.sold, changed)
    if row.title == "cursed":
        raise MappingProblem("unknown_word", "title", "cursed")
    total = to_minor(row.total, row.currency)
    tenders = (Tender(f"t{row.id}", "card", total, row.sold),) if total else ()
    return Order(
        str(row.id), str(row.id), row.currency, row.sold, changed, (Line("product", row.title, total),), tenders, total
    )


class HostileSales(CommercePlatform):
    """Pages are counted and end with an empty one; `ageless` rows do not say when they changed."""

    key = "hostile_sales"

    published_key = "hoss"
    name = "Hostile Sales"
    hosts = Hosts(setting="base_url")
    budget = Budget()
    auth = ApiKey()
    sales = Stream(
        sale, wire=Sale, endpoint=GET("/sales"), rows="rows", since="query:since", paging=PageNumber(more="more"),
        lookback=timedelta(minutes=10), updated="changed",
    )  # fmt: skip
    ageless = Stream(
        sale, wire=Sale, endpoint=GET("/ageless"), rows="rows", paging=PageNumber(more="more"), updated=None
    )


def a_row(id: str | int = "s1", total: Any = "12.00", *, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """A sale of 12.00 that changed ``minute`` minutes after noon."""
    at = NOON + timedelta(minutes=minute)
    return {"id": id, "total": total, "sold": NOON.isoformat(), "changed": at.isoformat(), **changes}


# Each with what is to become of it: None for a record, else the code of the problem.
ODD_ROWS: list[tuple[dict[str, Any], str | None]] = [
    (a_row("emoji-🧋", title="Bubble tea 🧋👩‍👩‍👧‍👦"), None),
    (a_row("rtl", title="\u202eשלום\u202c عَرَبِيّ"), None),
    (a_row("formula", title="=cmd|' /C calc'!A0"), None),
    (a_row("markup", title="]]><script>alert(1)</script>'; DROP TABLE ledger_record; --"), None),
    (a_row("combining", title="e\u0301" * 200), None),
    (a_row(" spaces ", title=" \t "), None),
    (a_row(0), None),
    (a_row(2**63 - 1), None),
    (a_row("zero", "0"), None),
    (a_row("huge", "9999999999999.99"), None),
    (a_row("yen", "1200", currency="JPY"), None),
    (a_row("dinar", "1.234", currency="KWD"), None),
    (a_row("long-title", title="x" * 100_000), None),
    (a_row("new-field", surprise={"deep": [1, {"er": None}]}), None),
    (a_row("beyond", "1e30"), "malformed"),
    (a_row("fraction", "1.234"), "malformed"),
    (a_row("word", "a lot"), "malformed"),
    (a_row("nan", "NaN"), "malformed"),
    (a_row("no-currency", currency="ZZZ"), "malformed"),
    (a_row("drift", {"value": 1}), "malformed"),
    (a_row("null", None), "malformed"),
    (a_row("cursed", title="cursed"), "unknown_word"),
    (a_row("naive", changed="2026-03-02T12:00:00"), "malformed"),
    (a_row("no-time", sold="yesterday"), "malformed"),
    (a_row(""), "malformed"),
    (a_row("i" * 201), "malformed"),
    ({"total": 1}, "malformed"),
]


@dataclass
class Shop:
    """What the platform has, and what it does wrong."""

    server: PlatformServer
    rows: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 2
    for_ever: bool = False  # page 1 again and again
    empty_page: int = 0  # this page is empty, and more follow
    after_page: Callable[[int], None] = lambda number: None
    asked: list[tuple[int, str]] = field(default_factory=list)  # (page, since) of each request

    def answer(self, seen: Seen) -> dict[str, Any]:
        """One page."""
        number = int(seen.query["page"][0])
        self.asked.append((number, seen.query.get("since", [""])[0]))
        start = 0 if self.for_ever else (number - 1 - (0 < self.empty_page < number)) * self.page_size
        rows = [] if number == self.empty_page else self.rows[start : start + self.page_size]
        more = self.for_ever or start + self.page_size < len(self.rows) or number == self.empty_page
        self.after_page(number)
        return {"rows": rows, "more": more, "page": number}


@contextmanager
def running() -> Iterator[Shop]:
    """The platform, registered, and its server on a free port."""
    with running_server() as server:
        shop = Shop(server)
        server.routes |= {"/sales": shop.answer, "/ageless": shop.answer}
        known = registry._all_commerce()
        known[HostileSales.key] = HostileSales()
        try:
            yield shop
        finally:
            del known[HostileSales.key]


def body_of(*rows: dict[str, Any]) -> bytes:
    """A page as it would be pushed: a JSON array."""
    return json.dumps(rows).encode()
