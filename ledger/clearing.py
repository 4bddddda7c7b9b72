"""Which accounts of a book are looked at in the accounting software, and why: clearing accounts, where money waits for
a payout, those that it arrives in, and those on which another tool could book the same. Pure."""

from __future__ import annotations

from typing import Final

from ledger.book import Book
from ledger.rules import roles

_TWICE: Final = frozenset({"sales", "refunds", "tax", "shipping", "tip", "gift_card", "discount"})


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


def watched_accounts(book: Book) -> frozenset[str]:
    """The accounts on which an entry of somebody else's may book the same as we do. Not the bank's: what the bank
    brings is booked there, by others, of course."""
    found = {account for role, account in book.accounts.items() if role.partition("@")[0].partition(":")[0] in _TWICE}
    return (frozenset(found) | clearing_accounts(book)) - bank_accounts(book)


def is_clearing(role: str) -> bool:
    """Whether money of this role waits for a payout."""
    return role.partition(":")[0] == "tender" and role != roles.CASH and not role.startswith(f"{roles.CASH}:")
