"""Months of commerce platforms that are told to the engine: the cast of the stories of each source at each target.

A commerce platform takes part by having a folder `tests/platforms/<key>/` with a `story.py`, which has

    CURRENCY, ZONE, THROUGH   of the company, and the last day that is posted
    SETTINGS, SECRETS         of the connection, beside the address
    opened()                  a stateful stand-in of the platform before the month; its `answer` serves the calls
    PARTS                     what happens to it, chapter by chapter: a sync follows each
    prices(fake)              the ways in which it has told prices so far: "inclusive", "exclusive"
    CANNOT                    case → why this platform can tell no such thing
    NEEDS                     optional: a file without which the stand-in cannot work

What `running()` of an accounting platform's `fake.py` yields has, beside what `targets` says,

    offer_taxes(rates)        has a tax for each combination of taxes (→ the percentage of each), and its code
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec.structs import replace

from commerce_sync import services, work
from commerce_sync.models import Job, Sync
from connectors import credentials, registry
from connectors.auth import Secrets
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.models import PushItem
from connectors.services import connect_accounting, connect_commerce
from ledger.book import Mode
from ledger.calendar import DayRule
from ledger.commerce import Dispute, Fee, Order, Payout, Record, Refund
from ledger.models import Company, Partner, RecordRow
from ledger.rules.roles import treatment
from ledger.services import create_company, save_book
from tests.connectors.server import Seen
from tests.platforms import targets
from tests.platforms.targets import FOLDERS, book_on

CASES: Final = (
    "mixed tenders", "a tip", "two taxes", "inclusive prices", "exclusive prices", "an order discount",
    "a gift card sold", "a gift card used", "a part refunded to another tender", "a fee", "a payout in the next month",
    "a dispute lost", "a dispute won", "an order edited", "an order deleted",
)  # fmt: skip
Rates = dict[str, tuple[Decimal, ...]]
"""Combinations of taxes, as a mapping knows them → the percentage of each tax of them."""
SYNCS_A_PART: Final = 10
"""Rounds of work after which a part has to be done, whatever had to wait."""


class Source(Protocol):
    """A stand-in of a commerce platform."""

    def answer(self, seen: Seen) -> Any: ...


class Target(targets.Fake, Protocol):
    """A stand-in of an accounting platform."""

    def offer_taxes(self, rates: Rates) -> None: ...


class Story(Protocol):
    """The module `story` of a folder."""

    CURRENCY: str
    ZONE: str
    THROUGH: date
    SETTINGS: Mapping[str, Any]
    SECRETS: Secrets
    PARTS: tuple[Callable[[Any], None], ...]
    CANNOT: Mapping[str, str]

    def opened(self) -> Source: ...
    def prices(self, fake: Any) -> set[str]: ...


def sources() -> list[str]:
    """Every commerce platform that has a story."""
    return [key for key in registry.commerce_keys() if (FOLDERS / key / "story.py").exists()]


def story_of(key: str) -> Story:
    """The story of a platform."""
    found: Any = importlib.import_module(f"tests.platforms.{key}.story")
    return found  # type: ignore[no-any-return]


def missing(story: Story) -> str:
    """The name of the file without which a story cannot be told here; empty when it can."""
    needed: Path | None = getattr(story, "NEEDS", None)
    return "" if needed is None or needed.exists() else needed.name


class Merchant:
    """A company with a shop at the platform of a story, and its books at a target (None: our own)."""

    def __init__(
        self, key: str, url: str, mode: Mode, target: str = "", fake: Any = None, *, books_costs: bool = False
    ) -> None:
        self.story, self.key = story_of(key), key
        partner, _ = Partner.objects.get_or_create(name="Till Systems")
        name = f"{key} at {target or 'books'}{' with costs' * books_costs}"
        currency, zone = self.story.CURRENCY, self.story.ZONE
        self.company: Company = create_company(partner=partner, name=name, currency=currency, zone=zone, actor="test")
        self.shop = connect_commerce(company=self.company, platform=key, actor="test")
        self.shop.settings = {**self.story.SETTINGS, "base_url": url}
        self.shop.save()
        credentials.store(connection_id=self.shop.pk, secrets=self.story.SECRETS)
        self.books = connect_accounting(company=self.company, platform=target or "books", actor="test")
        days = (DayRule(date(2026, 1, 1), zone, 0),)
        if target:
            book = book_on(targets.opened(self.books, fake), fake, mode, currency, days)
        else:
            install_chart(connection_id=self.books.pk)
            book = default_book(currency, days, mode)
        book = replace(book, policy=replace(book.policy, cost=books_costs))
        save_book(company=self.company, book=book, author="test", reason="story")

    def sync(self) -> None:
        """One sync, with all that it has to wait for."""
        made = services.request_sync(company=self.company, through=self.story.THROUGH, trigger="historic")
        for _ in range(SYNCS_A_PART):
            Job.objects.filter(state="ready").update(next_at="2026-01-01T00:00Z")
            if not work.drain(20).later:
                break
        made.refresh_from_db()
        refused = PushItem.objects.filter(company=self.company).exclude(state__in=("pushed", "voided"))
        assert [(item.failure_sentence, item.document.document) for item in refused] == []
        assert (made.stage, made.failure_sentence) == ("done", ""), made.failure_sentence

    def versions(self) -> list[RecordRow]:
        """All versions of all records, in the order in which they came."""
        rows = RecordRow.objects.filter(source__company=self.company)
        return list(rows.order_by("kind", "external_id", "revision"))


def an_american(platform: str, settings: Mapping[str, Any], secrets: Secrets, mode: Mode = "journal") -> Company:
    """A company in New York with this platform and our own books, linked; named after the way its books are kept."""
    partner, _ = Partner.objects.get_or_create(name="Till Systems")
    company = create_company(partner=partner, name=mode, currency="USD", zone="America/New_York", actor="test")
    shop = connect_commerce(company=company, platform=platform, actor="test")
    shop.settings = dict(settings)
    shop.save()
    credentials.store(connection_id=shop.pk, secrets=secrets)
    install_chart(connection_id=connect_accounting(company=company, platform="books", actor="test").pk)
    book = default_book("USD", (DayRule(date(2026, 1, 1), "America/New_York", 0),), mode)
    save_book(company=company, book=book, author="test", reason="story")
    return company


def synced(company: Company, through: date) -> Sync:
    """One sync of these days, which ends well."""
    made = services.request_sync(company=company, through=through, trigger="historic")
    work.drain()
    made.refresh_from_db()
    assert (made.stage, made.failure_sentence) == ("done", ""), made.failure_sentence
    return made


def treatments_in(rows: Iterable[RecordRow]) -> Rates:
    """Each combination of taxes that is on a line or a fee, as a mapping knows it, and the percentage of each."""
    found: Rates = {}
    for row in rows:
        match row.record:
            case Order() | Refund() as record:
                taxed = [line.taxes or () for line in record.lines or ()]
            case Fee() as record:
                taxed = [record.taxes]
            case _:
                taxed = []
        for taxes in filter(None, taxed):
            rates = [Decimal(200_000 if tax.rate_ppm is None else tax.rate_ppm) / 10_000 for tax in taxes]
            found[treatment(taxes)] = tuple(sorted(rates))
    return found


def costs_in(rows: Iterable[RecordRow], kind: str) -> list[int]:
    """What the goods of the sales cost that stand in the end, or those of refunds that went back to the shelf."""
    standing = [row.record for row in rows if row.kind == kind and not (row.superseded or row.deleted)]
    moved = [
        record for record in standing if isinstance(record, Order) or (isinstance(record, Refund) and record.restocked)
    ]
    return [line.cost for record in moved for line in record.lines or () if line.cost]


def cases_in(rows: Iterable[RecordRow]) -> set[str]:
    """The cases of which records tell. How prices are written is none of it: a record has no tax in its nets."""
    versions: dict[tuple[str, str], list[RecordRow]] = {}
    for row in rows:
        versions.setdefault((row.kind, row.external_id), []).append(row)
    orders = {row.external_id: row.record for each in versions.values() for row in each if row.kind == "order"}
    found: set[str] = set()
    for each in versions.values():
        for row in each:
            found |= _of_record(row.record, orders)
        if each[0].kind == "order":
            found |= _of_life(each)
    return found


def _of_life(versions: list[RecordRow]) -> set[str]:
    """What became of an order that was sold, version after version."""
    found = set()
    sold = [isinstance(row.record, Order) and row.record.state == "completed" for row in versions]
    for before, row in enumerate(versions[1:]):
        if sold[before] and sold[before + 1] and versions[before].total != row.total:
            found.add("an order edited")
        if row.deleted and not versions[before].deleted:
            found.add("an order deleted")
    return found


def _of_record(record: Record, orders: Mapping[str, Record]) -> set[str]:
    match record:
        case Order():
            methods = {tender.method for tender in record.tenders}
            told = {
                "mixed tenders": len(methods) > 1,
                "a tip": any(line.kind == "tip" for line in record.lines),
                "two taxes": any(len(line.taxes or ()) > 1 for line in record.lines),
                "an order discount": sum(line.discount > 0 for line in record.lines) > 1,
                "a gift card sold": any(line.kind == "gift_card" for line in record.lines),
                "a gift card used": "gift_card" in methods,
            }
        case Refund():
            sale = orders.get(record.order_id)
            paid = {tender.method for tender in sale.tenders} if isinstance(sale, Order) else set()
            back = {tender.method for tender in record.tenders}
            is_part = isinstance(sale, Order) and record.stated < sale.stated
            told = {"a part refunded to another tender": bool(is_part and paid and back - paid)}
        case Fee():
            told = {"a fee": record.amount > 0}
        case Payout():
            months = {item.at.month for item in record.items or () if item.at is not None and item.kind == "charge"}
            told = {"a payout in the next month": record.arrives_on.month - 1 in months}
        case Dispute():
            told = {"a dispute lost": record.outcome == "lost", "a dispute won": record.outcome == "won"}
        case _:
            told = {}
    return {case for case, is_told in told.items() if is_told}
