"""A merchant with lifelike sales in its books, without the queue: all of it happens in the test's transaction."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from django.db import connection as database

from commerce_sync import demo_set_up
from commerce_sync.demo.merchants import LONDON, Merchant
from commerce_sync.demo_set_up import Shop, Span
from connectors import registry
from connectors.push_local import deliver_local
from connectors.session import Session
from ledger.models import Company, Partner
from ledger.post_due import post_due
from tests.commerce_sync.cast import books_of

LAST_DAY = date(2026, 3, 4)


def a_shop(merchant: Merchant = LONDON, days: int = 2) -> Shop:
    """A merchant of the demo whose sales have been pushed, and nothing more."""
    partner, _ = Partner.objects.get_or_create(name="Till Systems")
    shop = demo_set_up.ensure_shop(partner, merchant)
    demo_set_up.push_sales(shop, Span(LAST_DAY, days), lambda _: None)
    return shop


def settle(company: Company, through: date) -> None:
    """Bring the company's sales into the books, and the documents to the built-in ledger."""
    post_due(company_id=company.pk, through=through, act=uuid4())
    session = Session(books_of(company).pk, company.pk)
    deliver_local(registry.accounting("books"), session, lambda _: None)


def post(shop: Shop, through: date = LAST_DAY) -> None:
    """The same for a merchant of the demo."""
    settle(shop.company, through)


def a_posted_shop(merchant: Merchant = LONDON, days: int = 2) -> Shop:
    """A merchant with books."""
    shop = a_shop(merchant, days)
    post(shop)
    return shop


def tamper(table: str, statement: str, *parameters: object) -> None:
    """Write past the guards, as no code of ours can."""
    with database.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
