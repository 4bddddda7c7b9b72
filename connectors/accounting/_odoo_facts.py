"""What Odoo's ledger holds: sums of its items, the items themselves, and the lines of its bank statements.

Amounts are in the currency of each item. Sums are asked for by `formatted_read_group` (JSON-2, 19 and later) or
`read_group` (JSON-RPC, which later versions keep for old callers).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from connectors.accounting._odoo_items import of_float
from connectors.accounting._odoo_reading import ITEM
from connectors.accounting._odoo_wire import JSON2, Ref, call, decoded, id_of, interface, place_of, search, text
from connectors.ledger_facts import BankLine, LedgerBalance, LedgerEntry
from connectors.session import Session

STATEMENT_LINE = "account.bank.statement.line"


class _Sum(msgspec.Struct, rename={"amount": "amount_currency:sum"}):
    """A group of items by account and currency."""

    account_id: Ref
    currency_id: Ref
    amount: Decimal


class _OldSum(msgspec.Struct, rename={"amount": "amount_currency"}):
    """The same as JSON-RPC names it."""

    account_id: Ref
    currency_id: Ref
    amount: Decimal


class _Item(msgspec.Struct):
    """An item of a posted move."""

    id: int
    move_id: Ref
    account_id: Ref
    date: date
    amount_currency: Decimal
    currency_id: Ref
    ref: str | bool = False
    name: str | bool = False


class _StatementLine(msgspec.Struct):
    """A line of a bank statement; its move is what it books."""

    id: int
    date: date
    amount: Decimal
    journal_id: Ref
    currency_id: Ref = False
    payment_ref: str | bool = False


class _Journal(msgspec.Struct):
    id: int
    default_account_id: Ref


def balances(session: Session, through: date) -> list[LedgerBalance]:
    """Of every account with posted items, at the end of a day, by currency."""
    domain = [*_posted(session), ["date", "<=", through.isoformat()]]
    groups = ["account_id", "currency_id"]
    if interface(session) == JSON2:
        params: dict[str, Any] = {"groupby": groups, "aggregates": ["amount_currency:sum"]}
        rows = call(session, ITEM, "formatted_read_group", list[msgspec.Raw], safe=True, domain=domain, **params)
        sums: list[_Sum | _OldSum] = [decoded(bytes(row), _Sum) for row in rows]
    else:
        params = {"fields": ["amount_currency:sum"], "groupby": groups, "lazy": False}
        rows = call(session, ITEM, "read_group", list[msgspec.Raw], safe=True, domain=domain, **params)
        sums = [decoded(bytes(row), _OldSum) for row in rows]
    found = [(str(id_of(each.account_id)), _named(each.currency_id, session), each.amount) for each in sums]
    return [
        LedgerBalance(account, currency, minor)
        for account, currency, amount in found
        if (minor := of_float(amount, currency))
    ]


def entries(session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[LedgerEntry]:
    """The items on these accounts in a span of days."""
    ids = [int(each) for each in sorted(accounts) if each.isdigit()]
    days = [["date", ">=", first.isoformat()], ["date", "<=", last.isoformat()]]
    for item in search(session, ITEM, _Item, [*_posted(session), ["account_id", "in", ids], *days]):
        currency = _named(item.currency_id, session)
        amount = of_float(item.amount_currency, currency)
        yield LedgerEntry(
            str(id_of(item.move_id)), str(id_of(item.account_id)), item.date, currency, amount, text(item.ref),
            text(item.name),
        )  # fmt: skip


def bank_lines(session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[BankLine]:
    """The lines of the statements of the bank journals on these accounts."""
    company = ["company_id", "=", place_of(session).company.id]
    ids = [int(each) for each in sorted(accounts) if each.isdigit()]
    found = search(session, "account.journal", _Journal, [company, ["default_account_id", "in", ids]])
    journals = {each.id: str(id_of(each.default_account_id)) for each in found}
    if not journals:
        return
    days = [["date", ">=", first.isoformat()], ["date", "<=", last.isoformat()]]
    domain = [company, ["journal_id", "in", sorted(journals)], *days]
    for line in search(session, STATEMENT_LINE, _StatementLine, domain):
        currency = _named(line.currency_id, session)
        yield BankLine(
            str(line.id), journals[id_of(line.journal_id)], line.date, currency, of_float(line.amount, currency),
            text(line.payment_ref),
        )  # fmt: skip


def _posted(session: Session) -> list[Any]:
    return [["parent_state", "=", "posted"], ["company_id", "=", place_of(session).company.id]]


def _named(currency: Ref, session: Session) -> str:
    """The currency's code; the company's own where none is said."""
    return currency[1] if isinstance(currency, tuple) else place_of(session).currency
