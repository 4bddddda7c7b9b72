"""Clearing accounts explained: what waits in each of them, item by item, with its age.

`explained` gives the accounts of one company with their open items by day and kind (`Clearing`: ``open``, ``held``,
``ages(on)``), `open_items` those of one account one by one, and `clearings` the same as `explained` for many companies
in a constant number of statements. From the records in the books; amounts are minor units, positive for money that
waits for us.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from commerce_sync.clearing_open import Clearing, OpenItem, set_against
from commerce_sync.clearing_sql import BEGAN, BY_DAY, HELD, ONE_BY_ONE
from ledger import sql
from ledger.book import Book, decode_book
from ledger.clearing import clearing_accounts
from ledger.models import Company
from ledger.services import now

WINDOW_DAYS: Final = 92
"""So far back records are read one by one: a quarter, and processors keep nothing back for longer than that. What was
open before is one amount."""
MOST_ITEMS: Final = 200

_BOOKS: Final = """
    SELECT DISTINCT ON (company_id) company_id, body FROM ledger_bookversion
    WHERE company_id = ANY(%s) ORDER BY company_id, number DESC
"""


class Waiting(Struct, frozen=True):
    """One open item. ``record`` is the row id of the record, ``name`` the platform's id of the payment."""

    kind: str
    record: int
    name: str
    at: datetime
    day: date
    order_id: str
    amount: int


def clearings(company_ids: Sequence[int], on: date) -> list[Clearing]:
    """The clearing accounts of companies that have something open or hold something, as of ``on``."""
    since = on - timedelta(days=WINDOW_DAYS)
    asked = {"companies": list(company_ids), "since": since}
    found: dict[tuple[int, str, str], list[OpenItem]] = {}
    for company, account, currency, day, kind, amount, count, _, records in sql.rows_named(BY_DAY, asked):
        item = OpenItem(day, kind, amount, count, tuple(records))
        found.setdefault((company, account, currency), []).append(item)
    chosen = {(company, account) for company, book in books(company_ids) for account in clearing_accounts(book)}
    chosen |= {(company, account) for company, account, _ in found}
    held = {
        (company, account, currency): amount
        for company, account, currency, amount in sql.rows_named(
            HELD, {**asked, "of": [each for each, _ in chosen], "accounts": [each for _, each in chosen]}
        )
    }
    began: dict[int, date] = dict(sql.rows_named(BEGAN, asked))
    return [
        _clearing(key, since, held.get(key, 0), found.get(key, ()), began.get(key[0], since))
        for key in sorted(found.keys() | {key for key, amount in held.items() if amount})
    ]


def explained(company: Company, account: str = "") -> list[Clearing]:
    """The clearing accounts of a company as of today, or the one with this id."""
    found = clearings([company.pk], now().date())
    return [each for each in found if account in ("", each.account)]


def open_items(clearing: Clearing, limit: int = MOST_ITEMS) -> list[Waiting]:
    """What is open in an account one by one, the oldest first, ``limit`` at most."""
    parameters = {
        "companies": [clearing.company_id], "since": clearing.since, "account": clearing.account,
        "currency": clearing.currency, "consumed": clearing.consumed, "limit": limit,
    }  # fmt: skip
    return [
        Waiting(kind, record, name or "", at, day, order_id or "", amount)
        for kind, record, name, at, day, order_id, amount in sql.rows_named(ONE_BY_ONE, parameters)
    ]


def books(company_ids: Sequence[int]) -> list[tuple[int, Book]]:
    """(company, the book in force)."""
    return [(company, decode_book(bytes(body))) for company, body in sql.rows(_BOOKS, (list(company_ids),))]


def _clearing(key: tuple[int, str, str], since: date, held: int, items: Sequence[OpenItem], began: date) -> Clearing:
    """What our documents hold beyond the items is from before ``since``, where anything was posted before."""
    before = held - sum(item.amount for item in items) if began < since else 0
    left, earlier, consumed = set_against(items, before)
    return Clearing(*key, since, held, earlier, tuple(left), consumed)
