"""A merchant with sales in its books, for the tests of what proves them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import psycopg

from commerce_sync.models import Sync
from commerce_sync.services import receive_sales
from connectors import registry
from connectors.push_local import deliver_local
from connectors.session import Session
from ledger.models import Company, Partner
from ledger.post_due import post_due
from ledger.services import now
from tests.api.cast import FIRST_DAY, an_order, books_of, ready_company, shop_of


def push(company: Company, *orders: dict[str, Any]) -> None:
    """Bring published orders in, as the shop does."""
    results = receive_sales(connection=shop_of(company), dataset="orders", body=msgspec.json.encode(list(orders)))
    assert {result.status for result in results} <= {"new", "changed", "unchanged", "refused"}, results


def a_sync(company: Company, through: date = FIRST_DAY) -> Sync:
    """A sync that brings everything through a day into the books and to the built-in ledger."""
    sync = Sync.objects.create(
        company=company, trigger="request", through_day=through, started_at=now(), stage="done", code=2000,
        finished_at=now(), public_id=uuid4(),
    )  # fmt: skip
    post_due(company_id=company.pk, through=through, act=sync.public_id)
    deliver_local(registry.accounting("books"), Session(books_of(company).pk, company.pk), lambda _: None)
    return sync


def a_shop_with_sales(partner: Partner, name: str = "Rose & Crown", orders: int = 2) -> tuple[Company, Sync]:
    """A merchant with so many orders of £12 on the first day, in the books."""
    company = ready_company(partner, name)
    push(company, *[an_order(number) for number in range(1, orders + 1)])
    return company, a_sync(company)


def later(day: date = FIRST_DAY, days: int = 1) -> str:
    """An instant some days after, as a sales system writes it."""
    return f"{datetime(day.year, day.month, day.day) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"  # noqa: DTZ001


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that is sent meanwhile: Django's, and those that go to psycopg directly."""
    sent: list[str] = []
    execute, stream = psycopg.Cursor.execute, psycopg.Cursor.stream

    def noted(original: Any) -> Any:
        def call(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
            sent.append(str(query))
            return original(self, query, *args, **kwargs)

        return call

    psycopg.Cursor.execute, psycopg.Cursor.stream = noted(execute), noted(stream)  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute, psycopg.Cursor.stream = execute, stream  # type: ignore[method-assign]
