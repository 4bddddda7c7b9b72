"""What a book has chosen at the accounting software, held against what there is to choose from now. Pure.

The one truth for saving a configuration and for the start of a sync.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple, Protocol

from connectors.session import Option
from ledger.book import TaxCode

ChoiceKind = Literal["account", "tax_rate", "customer", "supplier"]

WORDS: Final[dict[ChoiceKind, str]] = {
    "account": "account",
    "tax_rate": "tax rate",
    "customer": "customer",
    "supplier": "supplier",
}


class Chooser(Protocol):
    """What of a `ledger.book.Book` names things at the accounting software."""

    @property
    def accounts(self) -> dict[str, str]: ...
    @property
    def suspense(self) -> str: ...
    @property
    def tax_codes(self) -> tuple[TaxCode, ...]: ...
    @property
    def customer(self) -> str: ...
    @property
    def supplier(self) -> str: ...


class Choice(NamedTuple):
    """One thing that is chosen, by the platform's id."""

    kind: ChoiceKind
    id: str


class Unavailable(NamedTuple):
    """A choice that cannot be used now. ``name`` is what the thing was called when it was last seen, or empty."""

    choice: Choice
    name: str
    archived: bool

    @property
    def sentence(self) -> str:
        """What is wrong, for people: the id, and the name where there is one."""
        named = f" “{self.name}”" if self.name and self.name != self.choice.id else ""
        state = "is archived in" if self.archived else "does not exist in"
        return f"The {WORDS[self.choice.kind]} {self.choice.id}{named} {state} the accounting software."


def choices(book: Chooser, on: date) -> list[Choice]:
    """All that ``book`` has chosen, each once, in a stable order; tax codes that are in force on ``on`` or later."""
    found: dict[Choice, None] = {Choice("account", account): None for account in book.accounts.values()}
    if book.suspense:
        found[Choice("account", book.suspense)] = None
    for code in _from(book.tax_codes, on):
        found[Choice("tax_rate", code)] = None
    if book.customer:
        found[Choice("customer", book.customer)] = None
    if book.supplier:
        found[Choice("supplier", book.supplier)] = None
    return sorted(found)


def _from(codes: Iterable[TaxCode], on: date) -> Iterable[str]:
    """The codes that are in force on ``on`` or begin later."""
    last: dict[str, TaxCode] = {}
    for code in sorted(codes, key=lambda each: each.from_day):
        if code.from_day > on:
            yield code.code
        else:
            last[code.tax] = code
    yield from (code.code for code in last.values())


def unavailable(chosen: Iterable[Choice], offered: Sequence[Option]) -> list[Unavailable]:
    """Those of ``chosen`` that are gone or archived.

    Of a kind of which the platform offers nothing at all, nothing can be said, and nothing is refused.
    """
    known: Mapping[tuple[str, str], Option] = {(option.kind, option.id): option for option in offered}
    kinds = {option.kind for option in offered}
    found = []
    for choice in chosen:
        option = known.get((choice.kind, choice.id))
        if choice.kind in kinds and (option is None or not option.active):
            found.append(Unavailable(choice, option.name if option else "", option is not None))
    return found
