"""Accounting platforms that are called, each with a fake of its own: the cast of their conformance suite.

A platform takes part by having a folder `tests/platforms/<key>/` with a `fake.py`, whose `running()` yields

    place           host:port of its `server`, `settings` and `secrets` of a connection to it
    documents()     [(reference, {code of the default chart: debits less credits in minor units})] of what stands there
    lock(through)   closes the books through a day; `archive(code)` makes an account unusable
    fail(kind, times)   the next writes meet a fault: lose_answer_after_commit, lose_before, 429, 429_retry_after (one
                    second), 5xx, 401 (the access ended), repeated (a proxy sends it on twice)
    delete_tax_code(code)   what a mapping names as a tax code is gone
    take_number(reference)  a person's invoice has this number; where a platform can insist on unique numbers, it does
    revoke()        the merchant ends our access there; `connect_again()` grants new secrets
    enter(day, amounts, reference)   a person books an entry (code → debits less credits); its id there
    bank_brings(day, amount, text)   the bank's statement has this line, on the account with the code 1000
    expire_mid_page()   the access ends between two pages of customers; how many customers there are
    in_currency(word)   keeps the books in another currency than pounds, without tax codes
    tax_codes       tax treatment → the platform's tax code, for the mapping; `offer_tax_codes()` where a company has
                    none from the start
    client          optional: our app at an OAuth platform

A fake that has several interfaces names them in `INTERFACES` and takes one as the argument of `running`: whatever holds
for every platform is then shown by each.
"""

from __future__ import annotations

import importlib
from collections import Counter
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
from django.db import connection as database
from msgspec.structs import replace

from connectors import credentials, registry
from connectors.auth import Secrets
from connectors.general_ledger.chart import CUSTOMER, SUPPLIER, default_book
from connectors.http import open_door
from connectors.models import Connection, PushItem
from connectors.models import Option as OptionRow
from connectors.options import refresh_options
from connectors.platform import AccountingPlatform
from connectors.push import Delivery, deliver, prepare
from connectors.push_result import PushResult
from connectors.session import Session
from ledger import commerce
from ledger.book import Book, Mode, TaxCode
from ledger.calendar import DayRule
from ledger.models import Company, Document
from ledger.post_due import post_due
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, a_merchant, an_order, books_of, sell
from tests.connectors.server import PlatformServer

FOLDERS = Path(__file__).parent
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 31)
MODES: dict[str, str] = {"journal": "Journal", "invoice": "Invoice"}
"""A mode of books, and the kind of document that a platform must take for it."""


class Fake(Protocol):
    """What `running()` of a fake yields."""

    place: str
    server: PlatformServer
    settings: dict[str, Any]
    secrets: Secrets
    tax_codes: dict[str, str]

    def documents(self) -> list[tuple[str, dict[str, int]]]: ...
    def in_currency(self, currency: str) -> None: ...
    def lock(self, through: date) -> None: ...
    def archive(self, account: str) -> None: ...
    def fail(self, kind: str, times: int = 1) -> None: ...
    def delete_tax_code(self, code: str) -> None: ...
    def take_number(self, reference: str) -> None: ...
    def enter(self, day: date, amounts: dict[str, int], reference: str) -> str: ...
    def bank_brings(self, day: date, amount: int, text: str) -> None: ...
    def revoke(self) -> None: ...
    def connect_again(self) -> Secrets: ...
    def expire_mid_page(self) -> int: ...


def targets() -> list[str]:
    """Every accounting platform that is called and has a fake."""
    found = (registry.accounting(key) for key in registry.accounting_keys())
    return [each.key for each in found if not each.local and (FOLDERS / each.key / "fake.py").exists()]


class Interface(str):
    """A platform's key, and by which of the interfaces of its fake (`INTERFACES`) it is called."""

    name: str

    def __new__(cls, key: str, name: str) -> Interface:
        found = super().__new__(cls, key)
        found.name = name
        return found


def interfaces() -> list[Any]:
    """Every accounting platform as `targets` has it, once for each interface of its own that it is called by."""
    modules = {key: importlib.import_module(f"tests.platforms.{key}.fake") for key in targets()}
    names = [(key, name) for key, module in modules.items() for name in getattr(module, "INTERFACES", ("",))]
    return [pytest.param(Interface(key, name), id=f"{key}-{name}".rstrip("-")) for key, name in names]


def running(key: str) -> AbstractContextManager[Fake]:
    """The platform's fake."""
    chosen = (key.name,) if isinstance(key, Interface) and key.name else ()
    found: AbstractContextManager[Fake] = importlib.import_module(f"tests.platforms.{key}.fake").running(*chosen)
    return found


def a_month() -> list[commerce.Record]:
    """Sales on three days, one of them partly refunded, a fee, a fee given back, and two payouts."""
    at = datetime(2026, 3, 4, 15, tzinfo=UTC)
    tax = commerce.Tax("vat20", "VAT 20 %", 50, 200_000)
    back = commerce.Line("product", "Tea", 251, (tax,))
    refund = commerce.Refund("r1", "o1", "GBP", at, at, (back,), (commerce.Tender("rt1", "card", 301, at),), 301)
    fee = commerce.Fee("f1", "GBP", at, at, 73)
    given = commerce.Fee("f2", "GBP", at + timedelta(days=1), at, -11)
    payout = commerce.Payout("p1", "GBP", at + timedelta(days=1), at, 2_500)
    taken = commerce.Payout("p2", "GBP", at + timedelta(days=3), at, -120)
    orders = [an_order(n, day=FIRST + timedelta(days=n), amount=1_199 + n) for n in range(3)]
    return [*orders, refund, fee, given, payout, taken]


def opened(connection: Connection, fake: Fake) -> Connection:
    """The connection, with the address of the fake and access to it, and what can be chosen there."""
    Connection.objects.filter(pk=connection.pk).update(settings=dict(fake.settings))
    connection.refresh_from_db()
    credentials.store(connection_id=connection.pk, secrets=fake.secrets)
    refresh_options(connection)
    connection.refresh_from_db()
    return connection


def book_on(
    connection: Connection, fake: Fake, mode: Mode, currency: str = "GBP", days: tuple[DayRule, ...] = DAYS
) -> Book:
    """The default book, on the ids that the platform gives the accounts with those codes."""
    rows = list(OptionRow.objects.filter(connection=connection, active=True))
    accounts = {row.code: row.external_id for row in rows if row.kind == "account" and row.code}
    people = {(row.kind, row.name): row.external_id for row in rows}
    codes = tuple(TaxCode(tax, code) for tax, code in getattr(fake, "tax_codes", {}).items())
    book = default_book(currency, days, mode, tax_codes=codes)
    return replace(
        book,
        accounts={role: accounts.get(code, code) for role, code in book.accounts.items()},
        suspense=accounts.get(book.suspense, book.suspense),
        customer=people.get(("customer", CUSTOMER), CUSTOMER),
        supplier=people.get(("supplier", SUPPLIER), SUPPLIER),
    )


class Linked:
    """A company that is linked to a fake, with a book on its accounts."""

    def __init__(self, key: str, fake: Fake, mode: Mode = "journal") -> None:
        self.key, self.fake = key, fake
        self.platform: AccountingPlatform = registry.accounting(key)
        self.company: Company = a_merchant(f"Shop at {key}", platform=key)
        self.connection = opened(books_of(self.company), fake)
        save_book(company=self.company, book=book_on(self.connection, fake, mode), author="test", reason="target")

    def post(self, *records: commerce.Record) -> None:
        """Bring records in, and post them."""
        sell(self.company, *records)
        post_due(company_id=self.company.pk, through=LAST, act=uuid4())

    def deliver(self) -> PushResult:
        """One round of delivery, as the engine does it."""
        prepare(company_id=self.company.pk, connection_id=self.connection.pk)
        with open_door(self.connection, self.platform) as door:
            session = Session(self.connection.pk, self.company.pk, self.connection.settings, door)
            return deliver(Delivery(self.platform, session, seconds=60))

    def settle(self, rounds: int = 6) -> PushResult:
        """Rounds, an hour between them, until nothing is left that time alone can do."""
        for _ in range(rounds):
            result = self.deliver()
            if result.next_seconds is None:
                break
            self.an_hour_passes()
        return result

    def an_hour_passes(self) -> None:
        """For what is open."""
        with database.cursor() as cursor:
            cursor.execute(
                """UPDATE connectors_pushitem SET claimed_at = claimed_at - interval '1 hour',
                   deadline_at = deadline_at - interval '1 hour', waits_until = waits_until - interval '1 hour'
                   WHERE company_id = %s""",
                [self.company.pk],
            )

    def retry(self) -> None:
        """Look again at what was refused, as a person asks."""
        PushItem.objects.filter(company=self.company, state="refused").update(state="prepared")

    def void(self, remote_id: str, kind: str) -> None:
        """Take a document back."""
        with open_door(self.connection, self.platform) as door:
            session = Session(self.connection.pk, self.company.pk, self.connection.settings, door)
            self.platform.void(session, remote_id, kind)


def linked(key: str, fake: Fake, mode: Mode = "journal") -> Linked:
    """A company at the fake; skips what the platform does not take."""
    found = Linked(key, fake, mode)
    if MODES[mode] not in found.platform.document_kinds:
        pytest.skip(f"{key} takes no {MODES[mode]}")
    return found


def references(fake: Fake) -> list[str]:
    """Of what stands there."""
    return sorted(reference for reference, _ in fake.documents())


def ours(shop: Linked) -> list[str]:
    """The references of our documents."""
    return sorted(Document.objects.filter(company=shop.company).values_list("reference", flat=True))


def balances(documents: list[tuple[str, dict[str, int]]]) -> dict[str, int]:
    """The trial balance of documents: account → debits less credits."""
    total: Counter[str] = Counter()
    for _, sums in documents:
        total.update(sums)
    return {account: amount for account, amount in sorted(total.items()) if amount}


def as_books_keep_them(mode: Mode, *records: commerce.Record) -> Company:
    """A company whose books are our own, with the same records."""
    company = a_merchant("Shop with books", book=default_book("GBP", DAYS, mode))
    sell(company, *records)
    post_due(company_id=company.pk, through=LAST, act=uuid4())
    link = books_of(company)
    deliver(Delivery(registry.accounting("books"), Session(link.pk, company.pk)))
    return company
