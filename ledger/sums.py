"""The sums of one group on their accounts, and how they become the lines of documents and plain journals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from ledger.book import MONEY_ROLES, role_path
from ledger.documents import Document, DocumentKind, Header, Journal, Line, TaxPart, reference_for
from ledger.legs import Slot
from ledger.rules import roles

_SETTLING = frozenset(
    {
        roles.GIFT_CARD_REDEEMED,
        roles.GIFT_CARD_REFUNDED,
        roles.STORE_CREDIT,
        roles.DEPOSIT,
        roles.RECEIVABLE,
        roles.OPEN_CHECK,
        "tax_withheld",
    }
)


class Sum(NamedTuple):
    """One amount of a group on its account: debit positive, in minor units."""

    slot: Slot
    account: str
    amount: int
    tax_code: str
    tracking: tuple[tuple[str, str], ...]


class Naming(NamedTuple):
    """What the documents of one group are called and dated. ``stem`` is the deterministic beginning of their keys."""

    stem: str
    date: date
    currency: str
    title: str

    def header(self, kind: DocumentKind, slot: str, narration: str = "") -> Header:
        """The header of one document of the group; ``slot`` tells documents of one kind apart."""
        key = f"{self.stem}/{kind}/{slot}"
        title = f"{narration}, {self.title}" if narration else self.title
        return Header(key, reference_for(key, self.date), self.date, self.currency, title)


def merge(sums: Iterable[Sum]) -> list[Sum]:
    """One sum per place, whichever version of the book led there; what cancels out is gone."""
    merged: dict[tuple[object, ...], Sum] = {}
    for item in sums:
        key = (item.slot[1:], item.account, item.tax_code, item.tracking)
        known = merged.get(key)
        amount = item.amount + (known.amount if known else 0)
        merged[key] = item._replace(slot=item.slot._replace(version=0), amount=amount)
    return [item for item in merged.values() if item.amount]


def describe(slot: Slot) -> str:
    """A role in a person's words: "Sales: Food", "Card: Stripe", "Tax: vat20"."""
    head, _, rest = slot.role.partition(":")
    if head == "tender":
        head, _, rest = (rest or "payments").partition(":")
    words = head.replace("_", " ").capitalize()
    return f"{words}: {rest}" if rest else words


def _line(item: Sum, sign: int, taxes: tuple[TaxPart, ...] = ()) -> Line:
    slot = item.slot
    return Line(
        account=item.account,
        amount=sign * item.amount,
        description=describe(slot),
        role=slot.role,
        about=slot.about,
        tax_code=item.tax_code,
        taxes=taxes,
        tracking=item.tracking,
    )


def journal(sums: list[Sum], naming: Naming, slot: str) -> list[Document]:
    """One line per account, kind of event, role and tax code; debits first, as a person reads it. [] for nothing.

    Money is one line per account and comes first, so that it reads like the till roll or the bank statement; what a
    payout has settled is gone.
    """
    merged: dict[tuple[object, ...], Sum] = {}
    for item in sums:
        own = item.slot
        place = () if _is_money_role(own.role) else (own.about, own.role, item.tax_code)
        key = (item.account, item.tracking, *place)
        known = merged.get(key)
        if known is None:
            merged[key] = item
        else:
            role = _common_role(known.slot.role, own.role)
            both = known.slot._replace(role=role)
            merged[key] = known._replace(slot=both, amount=known.amount + item.amount)
    lines = [_line(item, 1) for item in merged.values() if item.amount]
    lines.sort(key=lambda line: (line.amount < 0, line.amount > 0 and not _is_money_role(line.role)))
    return [Journal(naming.header("journal", slot), tuple(lines))] if lines else []


def _common_role(one: str, other: str) -> str:
    """The nearest role that both fall back to; the first where there is none (a bank and a till on one account)."""
    paths = list(role_path(other))
    return next((path for path in role_path(one) if path in paths), one)


def is_money(item: Sum) -> bool:
    """Whether the sum settles the document rather than being on it: tenders, liabilities used, what is owed."""
    return item.slot.role in _SETTLING or _is_money_role(item.slot.role)


def _is_money_role(role: str) -> bool:
    return role.partition(":")[0] in MONEY_ROLES


def document_lines(sums: list[Sum], sign: int) -> tuple[Line, ...]:
    """Lines with the tax that belongs to each beside it (`Slot.of`); tax without its line stands as its own line."""
    taxes: dict[tuple[str, ...], list[Sum]] = {}
    for item in sums:
        if item.slot.of:
            taxes.setdefault(_place(item, item.slot.of), []).append(item)
    lines = []
    for item in sums:
        if item.slot.of:
            continue
        own = taxes.pop(_place(item, item.slot.role), [])
        lines.append(_line(item, sign, tuple(TaxPart(tax.account, sign * tax.amount, tax.slot.role) for tax in own)))
    lines += [_line(tax, sign) for orphans in taxes.values() for tax in orphans]
    return tuple(sorted(lines, key=lambda line: line.amount < 0))


def _place(item: Sum, role: str) -> tuple[str, ...]:
    """What a line and the tax on it have in common; ``role`` is the line's."""
    return role, item.slot.tax, item.tax_code, item.slot.location, item.slot.channel
