"""The cast of the tests: one partner with three merchants, and an outsider who must never see any of it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

from ledger.book import Book, Policy
from ledger.calendar import DayRule
from ledger.models import Company, Partner, Source
from ledger.services import create_company, create_source, save_book

MONEY = ("tender", "tender:card", "tender:cash", "bank", "carried_balance")
ROLES = (
    *("sales", "refunds", "discount", "shipping", "service_charge", "tip", "tax", "gift_card", "store_credit"),
    *("deposit", "receivable", "open_check", "fee", "fee_tax", "fee_refund", "rounding", "dispute", "dispute_loss"),
)
SUSPENSE = "suspense"
START = date(2026, 1, 1)


class Merchant(NamedTuple):
    """A company, the source of its sales, and where and in what it trades."""

    company: Company
    source: Source
    currency: str
    zone: str

    @property
    def id(self) -> int:
        """The company's row id."""
        return self.company.pk


def a_book(currency: str = "GBP", zone: str = "Europe/London", *, cutoff_hour: int = 0, **changes: object) -> Book:
    """A book with an account of the role's own name for every role, and for money one per currency."""
    accounts = {role: role for role in (*ROLES, *MONEY)}
    accounts |= {f"{role}@{code}": f"{role} {code}" for role in MONEY for code in ("GBP", "CAD", "JPY")}
    book = Book(
        currency,
        (DayRule(START, zone, cutoff_hour),),
        accounts=accounts,
        policy=Policy(sales_by=""),
        suspense=SUSPENSE,
        customer="Daily sales",
    )
    return msgspec.structs.replace(book, **changes)


def without(book: Book, *roles: str) -> Book:
    """``book`` with no account for these roles, in any currency."""
    kept = {name: account for name, account in book.accounts.items() if name.partition("@")[0] not in roles}
    return msgspec.structs.replace(book, accounts=kept)


def keep(merchant: Merchant, book: Book, reason: str = "test") -> None:
    """Save ``book`` as the merchant's book in force."""
    save_book(company=merchant.company, book=book, author="amy", reason=reason)


def the_partner() -> Partner:
    """The partner of the three merchants."""
    return Partner.objects.get_or_create(name="Till Systems")[0]


def a_merchant(
    name: str, currency: str = "GBP", zone: str = "Europe/London", *, partner: Partner | None = None, **book: object
) -> Merchant:
    """A company with a source and a book. The second of a name is called so: no partner has two of one name."""
    partner = partner or the_partner()
    namesakes = Company.objects.filter(partner=partner, name__startswith=name).count()
    name = f"{name} {namesakes + 1}" if namesakes else name
    company = create_company(partner=partner, name=name, currency=currency, zone=zone, actor="test")
    merchant = Merchant(company, create_source(company=company, label="Till"), currency, zone)
    keep(merchant, a_book(currency, zone, **book))
    return merchant


def london(**book: object) -> Merchant:
    """A pub that trades in pounds."""
    return a_merchant("Rose & Crown", **book)


def montreal(**book: object) -> Merchant:
    """A café that trades in Canadian dollars, under two taxes."""
    return a_merchant("Café Mélisse", "CAD", "America/Toronto", **book)


def tokyo(**book: object) -> Merchant:
    """A shop that trades in yen, which have no minor unit."""
    return a_merchant("ハナ書店", "JPY", "Asia/Tokyo", **book)


def outsider(**book: object) -> Merchant:
    """A merchant of another partner."""
    return a_merchant("Elsewhere Ltd", partner=Partner.objects.get_or_create(name="Other Tills")[0], **book)
