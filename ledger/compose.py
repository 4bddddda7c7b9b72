"""Posting, last step: the sums of one group, already on accounts, become documents.

Journal mode makes one balanced journal. Invoice mode makes what accounting software shows in its sales reports: an
invoice with a line per account and tax treatment, a credit note for refunds, a payment per tender, a bill for fees
with its payment, deposits for payouts and fees given back, and a journal for what has no document of its own. Both
leave the same trial balance, because every leg ends on its account either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from itertools import groupby
from typing import NamedTuple

from ledger.book import MONEY_ROLES, Book, role_path
from ledger.documents import (
    Bill,
    CreditNote,
    Deposit,
    Document,
    DocumentKind,
    Header,
    Invoice,
    Journal,
    Line,
    Payment,
    TaxPart,
    reference_for,
)
from ledger.legs import About, Slot
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


def compose(sums: Iterable[Sum], naming: Naming, book: Book) -> list[Document]:
    """The documents for one group's ``sums`` (which balance) in the book's mode; none when everything cancels out."""
    live = sorted(_merged(sums), key=lambda s: (_ORDER[s.slot.about], s.slot, s.account))
    if book.mode in ("journal", "per_payout"):
        return _journal(live, naming, "all")
    documents: list[Document] = []
    for about, own in groupby(live, key=lambda s: s.slot.about):
        documents += _COMPOSERS.get(about, _plain)(list(own), naming, book)
    return documents


def _merged(sums: Iterable[Sum]) -> list[Sum]:
    """One sum per place, whichever version of the book led there; what cancels out is gone."""
    merged: dict[tuple[object, ...], Sum] = {}
    for item in sums:
        key = (item.slot[1:], item.account, item.tax_code, item.tracking)
        known = merged.get(key)
        amount = item.amount + (known.amount if known else 0)
        merged[key] = item._replace(slot=item.slot._replace(version=0), amount=amount)
    return [item for item in merged.values() if item.amount]


_IN_ORDER: tuple[About, ...] = (
    "sale",
    "refund",
    "fee",
    "fee_refund",
    "payout",
    "dispute",
    "gift_card",
    "cash",
    "cost",
)
_ORDER = {about: number for number, about in enumerate(_IN_ORDER)}


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


def _journal(sums: list[Sum], naming: Naming, slot: str) -> list[Document]:
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


def _is_money(item: Sum) -> bool:
    """Whether the sum settles the document rather than being on it: tenders, liabilities used, what is owed."""
    return item.slot.role in _SETTLING or _is_money_role(item.slot.role)


def _is_money_role(role: str) -> bool:
    return role.partition(":")[0] in MONEY_ROLES


def _document_lines(sums: list[Sum], sign: int) -> tuple[Line, ...]:
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
        lines.append(_line(item, sign, tuple(TaxPart(tax.account, sign * tax.amount) for tax in own)))
    lines += [_line(tax, sign) for orphans in taxes.values() for tax in orphans]
    return tuple(sorted(lines, key=lambda line: line.amount < 0))


def _place(item: Sum, role: str) -> tuple[str, ...]:
    """What a line and the tax on it have in common; ``role`` is the line's."""
    return role, item.slot.tax, item.tax_code, item.slot.location, item.slot.channel


def _sale(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    """An invoice and its payments; a credit note when more was taken back than sold, a journal when nothing is left."""
    about = sums[0].slot.about
    items, money = [s for s in sums if not _is_money(s)], [s for s in sums if _is_money(s)]
    total = -sum(s.amount for s in items)
    control = book.account(roles.RECEIVABLE, naming.currency) or book.suspense
    if total == 0 or not control:
        return _journal(sums, naming, about)
    draft = book.policy.draft_invoices
    if total > 0:
        lines = _document_lines(items, -1)
        invoice = Invoice(naming.header("invoice", about), book.customer, control, lines, draft)
        return [invoice, *_settle(invoice, money, naming, about, 1)]
    lines = _document_lines(items, 1)
    note = CreditNote(naming.header("credit_note", about), book.customer, control, lines, draft)
    return [note, *_settle(note, money, naming, about, -1)]


def _settle(
    document: Invoice | CreditNote | Bill, money: list[Sum], naming: Naming, about: About, sign: int
) -> list[Document]:
    """Payments up to the document's total, one per account; what goes the other way or beyond is a journal.

    ``sign`` is +1 where money comes in (a debit settles an invoice). What stays on the control account stays open.
    """
    documents: list[Document] = []
    rest: list[Sum] = []
    open_amount = document.total
    for number, item in enumerate(money):
        if item.account == document.control:
            continue
        paid = min(max(sign * item.amount, 0), open_amount)
        open_amount -= paid
        if paid:
            documents.append(
                Payment(
                    header=naming.header("payment", f"{about}/{number}", describe(item.slot)),
                    settles=document.header.key,
                    control=document.control,
                    account=item.account,
                    amount=paid,
                    direction="in" if sign > 0 else "out",
                    description=describe(item.slot),
                    role=item.slot.role,
                )
            )
        if sign * item.amount != paid:
            rest.append(item._replace(amount=item.amount - sign * paid))
    if rest:
        first = rest[0]
        role = roles.PAYABLE if isinstance(document, Bill) else roles.RECEIVABLE
        slot = first.slot._replace(role=role, tax="", of="")
        other = first._replace(slot=slot, account=document.control, amount=-sum(r.amount for r in rest), tax_code="")
        documents += _journal([*rest, other], naming, f"{about}/rest")
    return documents


def _fees(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    """A bill and its payment; a plain journal when fees given back outweigh, or there is no payable to bill through."""
    items, money = [s for s in sums if not _is_money(s)], [s for s in sums if _is_money(s)]
    control = book.account(roles.PAYABLE, naming.currency)
    if not control or not book.supplier or sum(s.amount for s in items) <= 0:
        return _journal(sums, naming, "fee")
    bill = Bill(naming.header("bill", "fee"), book.supplier, control, _document_lines(items, 1))
    return [bill, *_settle(bill, money, naming, "fee", -1)]


def _deposit(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    """Money into one account against everything else: the bank for a payout, the clearing account for a fee refund."""
    about = sums[0].slot.about
    head = roles.BANK if about == "payout" else "tender"
    into = {s.account for s in sums if s.slot.role.partition(":")[0] == head}
    rest = [s for s in sums if s.account not in into]
    if len(into) != 1 or sum(s.amount for s in rest) == 0:
        return _journal(sums, naming, about)
    account = into.pop()
    return [Deposit(naming.header("deposit", about), account, _document_lines(rest, -1))]


def _plain(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    return _journal(sums, naming, sums[0].slot.about)


_COMPOSERS: dict[About, Callable[[list[Sum], Naming, Book], list[Document]]] = {
    "sale": _sale,
    "refund": _sale,
    "fee": _fees,
    "fee_refund": _deposit,
    "payout": _deposit,
}
