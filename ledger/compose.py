"""Posting, last step: the sums of one group, already on accounts, become documents.

Journal mode makes one balanced journal. Invoice mode makes what accounting software shows in its sales reports: an
invoice with a line per account and tax treatment, a credit note for refunds, a payment per tender, a bill for fees
with its payment, deposits for payouts and fees given back, and a journal for what has no document of its own. Both
leave the same trial balance, because every leg ends on its account either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from ledger.book import Book
from ledger.documents import Bill, CreditNote, Deposit, Document, Invoice, Payment
from ledger.legs import About
from ledger.rules import roles
from ledger.sums import Naming, Sum, describe, document_lines, is_money, journal, merge

__all__ = ["Naming", "Sum", "compose", "describe"]

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


def compose(sums: Iterable[Sum], naming: Naming, book: Book) -> list[Document]:
    """The documents for one group's ``sums`` (which balance) in the book's mode; none when everything cancels out."""
    live = sorted(merge(sums), key=lambda s: (_ORDER[s.slot.about], s.slot, s.account))
    if book.mode in ("journal", "per_payout"):
        return journal(live, naming, "all")
    documents: list[Document] = []
    for about, own in groupby(live, key=lambda s: s.slot.about):
        documents += _COMPOSERS.get(about, _plain)(list(own), naming, book)
    return documents


def _sale(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    """An invoice and its payments; a credit note when more was taken back than sold, a journal when nothing is left."""
    about = sums[0].slot.about
    items, money = [s for s in sums if not is_money(s)], [s for s in sums if is_money(s)]
    total = -sum(s.amount for s in items)
    control = book.account(roles.RECEIVABLE, naming.currency) or book.suspense
    if total == 0 or not control:
        return journal(sums, naming, about)
    draft = book.policy.draft_invoices
    if total > 0:
        lines = document_lines(items, -1)
        invoice = Invoice(naming.header("invoice", about), book.customer, control, lines, draft)
        return [invoice, *_settle(invoice, money, naming, about, 1)]
    lines = document_lines(items, 1)
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
        documents += journal([*rest, other], naming, f"{about}/rest")
    return documents


def _fees(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    """A bill and its payment; a plain journal when fees given back outweigh, or there is no payable to bill through."""
    items, money = [s for s in sums if not is_money(s)], [s for s in sums if is_money(s)]
    control = book.account(roles.PAYABLE, naming.currency)
    if not control or not book.supplier or sum(s.amount for s in items) <= 0:
        return journal(sums, naming, "fee")
    bill = Bill(naming.header("bill", "fee"), book.supplier, control, document_lines(items, 1))
    return [bill, *_settle(bill, money, naming, "fee", -1)]


def _deposit(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    """Money into one account against everything else: the bank for a payout, the clearing account for a fee refund."""
    about = sums[0].slot.about
    head = roles.BANK if about == "payout" else "tender"
    into = {s.account for s in sums if s.slot.role.partition(":")[0] == head}
    rest = [s for s in sums if s.account not in into]
    if len(into) != 1 or sum(s.amount for s in rest) == 0:
        return journal(sums, naming, about)
    account = into.pop()
    return [Deposit(naming.header("deposit", about), account, document_lines(rest, -1))]


def _plain(sums: list[Sum], naming: Naming, book: Book) -> list[Document]:
    return journal(sums, naming, sums[0].slot.about)


_COMPOSERS: dict[About, Callable[[list[Sum], Naming, Book], list[Document]]] = {
    "sale": _sale,
    "refund": _sale,
    "fee": _fees,
    "fee_refund": _deposit,
    "payout": _deposit,
}
