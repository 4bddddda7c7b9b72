"""Two changes of one book that did not know of each other, made into one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from msgspec import structs

from commerce_sync.configuration.fields import with_account
from ledger.book import Book, Policy

V = TypeVar("V")


def rebased(base: Book, mine: Book, theirs: Book) -> Book:
    """``theirs`` with all that ``mine`` changed of their common ``base``; where both changed the same, mine holds."""
    simple = ("mode", "suspense", "start_on", "customer", "supplier", "days")
    changed = {name: getattr(mine, name) for name in simple if getattr(mine, name) != getattr(base, name)}
    book = structs.replace(
        theirs,
        tax_codes=_merged(base.tax_codes, mine.tax_codes, theirs.tax_codes, lambda code: (code.tax, code.from_day)),
        tracking=_merged(base.tracking, mine.tracking, theirs.tracking, lambda each: each.dimension),
        policy=_policy(base.policy, mine.policy, theirs.policy),
        **changed,
    )
    moved = {role: mine.accounts.get(role, "") for role in base.accounts.keys() | mine.accounts.keys()}
    moved = {role: account for role, account in moved.items() if account != base.accounts.get(role, "")}
    for role, account in sorted(moved.items(), key=lambda each: each[1] != ""):  # what goes first, then what comes
        book = with_account(book, role, account)
    return book


def _policy(base: Policy, mine: Policy, theirs: Policy) -> Policy:
    names = [name for name in mine.__struct_fields__ if getattr(mine, name) != getattr(base, name)]
    return structs.replace(theirs, **{name: getattr(mine, name) for name in names})


def _merged(base: Iterable[V], mine: Iterable[V], theirs: Iterable[V], name: Callable[[V], Hashable]) -> tuple[V, ...]:
    old, own = ({name(each): each for each in found} for found in (base, mine))
    merged = {name(each): each for each in theirs}
    for key in old.keys() | own.keys():
        if own.get(key) == old.get(key):
            continue
        if key in own:
            merged[key] = own[key]
        else:
            merged.pop(key, None)
    return tuple(merged.values())
