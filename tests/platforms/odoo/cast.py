"""A merchant at the fake Odoo, and what tests of it ask."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from connectors import credentials, registry
from connectors.general_ledger.chart import default_book
from connectors.http import Door, open_door
from connectors.models import Connection, PushItem
from connectors.platform import Session
from connectors.push import Delivery, deliver, prepare
from ledger.book import TaxCode
from ledger.documents import Header, decode_document, reference_for
from ledger.models import Company, Document
from ledger.post_due import post_due
from tests.commerce_sync.cast import DAYS, a_merchant, an_order, books_of, sell, trial_balance
from tests.platforms.odoo.fake import Fake
from tests.platforms.odoo.orm import CUSTOMER, SUPPLIER, VAT20

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)


def book_for(mode: Any, *, codes: bool | None = None) -> Any:
    wanted = mode == "invoice" if codes is None else codes
    taxes = (TaxCode("vat20", str(VAT20), date(2026, 1, 1)),) if wanted else ()
    book = default_book("GBP", DAYS, mode, tax_codes=taxes)
    return msgspec.structs.replace(book, customer=str(CUSTOMER), supplier=str(SUPPLIER))


def a_shop(
    fake: Fake,
    mode: Any = "journal",
    *,
    days: int = 3,
    codes: bool | None = None,
    name: str = "Rose & Crown",
    **settings: str,
) -> Company:
    """A merchant with a sale on each of the days, posted here and not delivered."""
    company = a_merchant(name, platform="odoo", book=book_for(mode, codes=codes))
    link = books_of(company)
    Connection.objects.filter(pk=link.pk).update(settings=fake.settings | settings)
    credentials.store(connection_id=link.pk, secrets=fake.secrets)
    told(company, days)
    return company


def told(company: Company, days: int) -> None:
    sell(company, *(an_order(n, day=FIRST + timedelta(days=n), amount=1_201 + n) for n in range(days)))
    post_due(company_id=company.pk, through=LAST, act=uuid4())


def delivered(company: Company) -> Any:
    connection = books_of(company)
    platform = registry.accounting("odoo")
    prepare(company_id=company.pk, connection_id=connection.pk)
    with open_door(connection, platform) as door:
        return deliver(Delivery(platform, session_of(company, door)))


def session_of(company: Company, door: Door) -> Session:
    connection = books_of(company)
    return Session(connection.pk, company.pk, connection.settings, door)


def asked(company: Company, verb: str, *given: Any, **named: Any) -> Any:
    """What a verb of the platform answers."""
    connection = books_of(company)
    platform = registry.accounting("odoo")
    with open_door(connection, platform) as door:
        return getattr(platform, verb)(session_of(company, door), *given, **named)


def balances(fake: Fake) -> dict[str, int]:
    total: Counter[str] = Counter()
    for _, legs in fake.documents():
        total.update(legs)
    return {account: amount for account, amount in sorted(total.items()) if amount}


def codes_of(company: Company) -> list[tuple[str, str, str]]:
    rows = PushItem.objects.filter(company=company).order_by("document_id")
    return list(rows.values_list("state", "failure_code", "failure_turn"))


def in_own_books(mode: Any) -> dict[str, int]:
    """What the built-in books say of the same sales."""
    company = a_merchant("Twin", book=default_book("GBP", DAYS, mode))
    told(company, 3)
    connection = books_of(company)
    prepare(company_id=company.pk, connection_id=connection.pk)
    deliver(Delivery(registry.accounting("books"), Session(connection.pk, company.pk)))
    return dict(sorted(trial_balance(company).items()))


def decoded(company: Company) -> Any:
    return decode_document(bytes(Document.objects.filter(posting__company=company).order_by("id")[0].body))


def header(number: int = 1, currency: str = "GBP") -> Header:
    key = f"k{number}"
    return Header(key, reference_for(key, FIRST), FIRST, currency, "By hand")
