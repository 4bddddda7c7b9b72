"""Which accounts of a book are clearing accounts: money waits there for a payout. Pure."""

from __future__ import annotations

from ledger.book import Book
from ledger.rules import roles


def clearing_accounts(book: Book) -> frozenset[str]:
    """The accounts that take means of payment which are paid out later: not cash, and not where payouts arrive."""
    found = {
        account
        for name, account in book.accounts.items()
        if is_clearing(name.partition("@")[0]) and account and account not in bank_accounts(book)
    }
    return frozenset(found)


def bank_accounts(book: Book) -> frozenset[str]:
    """The accounts that payouts arrive in."""
    heads = {name: name.partition("@")[0].partition(":")[0] for name in book.accounts}
    return frozenset(book.accounts[name] for name, head in heads.items() if head == roles.BANK)


def is_clearing(role: str) -> bool:
    """Whether money of this role waits for a payout."""
    return role.partition(":")[0] == "tender" and role != roles.CASH and not role.startswith(f"{roles.CASH}:")
