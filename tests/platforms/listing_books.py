"""Accounting software on the loopback that has a chart of accounts: what it lists is `Listing.rows` of its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors import registry
from connectors.platform import CompanyFacts, Option, Session
from connectors.wire import Request
from tests.connectors.server import PlatformServer, Seen
from tests.platforms import hostile_books


class Row(msgspec.Struct):
    """One thing to choose from, as it comes over the wire."""

    kind: str
    id: str
    name: str
    type: str = ""
    active: bool = True
    rate_ppm: int | None = None


class Rows(msgspec.Struct):
    """Everything to choose from."""

    rows: list[Row]


class Facts(msgspec.Struct):
    """What the company says of itself."""

    currency: str
    name: str


class ListingBooks(hostile_books.Hostile):
    """As `Hostile`, with facts and options."""

    key = "listing"

    published_key = "lstg"
    name = "Listing Books"

    def facts(self, session: Session) -> CompanyFacts:
        facts = session.send(Request("GET", "/company")).decode(Facts)
        return CompanyFacts(facts.currency, name=facts.name)

    def options(self, session: Session) -> list[Option]:
        return [
            Option(row.kind, row.id, row.name, row.id, row.type, active=row.active,
                   detail={} if row.rate_ppm is None else {"rate_ppm": row.rate_ppm})
            for row in session.send(Request("GET", "/options")).decode(Rows).rows
        ]  # fmt: skip


def _row(kind: str, id: str, name: str, type: str = "", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "id": id, "name": name, "type": type, **more}


def usual_rows() -> list[dict[str, Any]]:
    """A small shop's chart, tax rates, customers and suppliers."""
    return [
        _row("account", "A1", "Sales", "income"),
        _row("account", "A2", "Card clearing", "bank"),
        _row("account", "A3", "Business checking", "bank"),
        _row("account", "A4", "Suspense", "asset"),
        _row("account", "A5", "VAT", "liability"),
        _row("account", "A6", "Merchant fees", "expense"),
        _row("tax_rate", "T20", "Standard 20 %", rate_ppm=200_000),
        _row("tax_rate", "T0", "Zero", rate_ppm=0),
        _row("customer", "C1", "Daily sales"),
        _row("supplier", "S1", "Stripe"),
    ]


@dataclass
class Listing:
    """What the software says at the moment."""

    server: PlatformServer
    rows: list[dict[str, Any]] = field(default_factory=usual_rows)
    currency: str = "EUR"
    name: str = "Rose SARL"

    def asked(self, path: str = "/options") -> int:
        """How often it was asked."""
        return sum(seen.path == path for seen in self.server.log)

    def row(self, id: str) -> dict[str, Any]:
        """One row, to be changed."""
        return next(row for row in self.rows if row["id"] == id)


@contextmanager
def running() -> Iterator[Listing]:
    """The software's server; the platform is registered as long as it runs."""
    with hostile_books.running() as (server, _):
        listing = Listing(server)
        server.routes["/options"] = lambda seen: _rows(seen, listing)
        server.routes["/company"] = lambda seen: {"currency": listing.currency, "name": listing.name}
        known = registry._all_accounting()
        known[ListingBooks.key] = ListingBooks()
        try:
            yield listing
        finally:
            del known[ListingBooks.key]


def _rows(seen: Seen, listing: Listing) -> Any:
    return {"rows": listing.rows}
