"""Clearing accounts explained: what waits in each of them, item by item, with its age.

`explained` gives the accounts of one company with their open items by day and kind (`Clearing`: ``open``, ``held``,
``ages(on)``), `open_items` those of one account one by one, and `settlements` the same for many companies, with their
payouts, in a constant number of statements. From the records in the books; amounts are minor units, positive for money
that waits for us.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from commerce_sync.clearing_open import Clearing, OpenItem, set_against
from commerce_sync.clearing_sql import BEGAN, EVERYTHING, HELD, ONE_BY_ONE
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


class PaidOut(Struct, frozen=True):
    """A payout: on which day, by which source, and how much; ``is_listed`` says that it names what it settles."""

    record: int
    source: int
    day: date
    amount: int
    is_listed: bool


class Gap(Struct, frozen=True):
    """Payments of days that no payout names, though later ones of their kind have been paid out."""

    source: int
    first: date
    last: date
    amount: int
    count: int
    records: tuple[tuple[int, str], ...]


Key = tuple[int, str, str]
"""(company, account, currency)"""


class Settlements(Struct, frozen=True):
    """All that is known of clearing accounts; ``known`` leads to the last day that (company, source) tells of."""

    since: date
    until: date
    clearings: list[Clearing]
    payouts: dict[Key, list[PaidOut]]
    gaps: dict[Key, list[Gap]]
    known: dict[tuple[int, int], date]


def settlements(company_ids: Sequence[int], at: datetime) -> Settlements:
    """The clearing accounts of companies that have something open or hold something, and their payouts."""
    since = at.date() - timedelta(days=WINDOW_DAYS)
    asked = {"companies": list(company_ids), "since": since, "at": at}
    items: dict[Key, list[OpenItem]] = {}
    found = Settlements(since, at.date(), [], {}, {}, {})
    for what, company, source, *where, day, through, kind, amount, count, records, names, is_listed in sql.rows_named(
        EVERYTHING, asked
    ):
        account, currency = where
        key, called = (company, account, currency), tuple(zip(records, names, strict=True))
        match what:
            case "open":
                items.setdefault(key, []).append(OpenItem(day, kind, amount, count, called))
            case "payout":
                found.payouts.setdefault(key, []).append(PaidOut(records[0], source, day, amount, is_listed))
            case "gap":
                found.gaps.setdefault(key, []).append(Gap(source, day, through, amount, count, called))
            case _:
                found.known[company, source] = day
    found.clearings.extend(_clearings(company_ids, since, items))
    return found


def _clearings(company_ids: Sequence[int], since: date, items: dict[Key, list[OpenItem]]) -> list[Clearing]:
    chosen = {(company, account) for company, book in books(company_ids) for account in clearing_accounts(book)}
    chosen |= {(company, account) for company, account, _ in items}
    held = held_on(chosen)
    began: dict[int, date] = dict(sql.rows_named(BEGAN, {"companies": list(company_ids)}))
    return [
        _clearing(key, since, held.get(key, 0), items.get(key, ()), began.get(key[0], since))
        for key in sorted(items.keys() | {key for key, amount in held.items() if amount})
    ]


def held_on(accounts: Collection[tuple[int, str]]) -> dict[Key, int]:
    """What the documents of each (company, account) hold there, by currency; debits are positive."""
    asked = {"of": [company for company, _ in accounts], "accounts": [account for _, account in accounts]}
    return {(company, account, currency): amount for company, account, currency, amount in sql.rows_named(HELD, asked)}


def explained(company: Company, account: str = "") -> list[Clearing]:
    """The clearing accounts of a company as of today, or the one with this id."""
    found = settlements([company.pk], now())
    return [each for each in found.clearings if account in ("", each.account)]


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
    taken = tuple(item for item in items if item.kind != "payout")
    return Clearing(*key, since, held, earlier, tuple(left), consumed, taken)
