"""Orders: what was sold, what is owed for it, and the money that came in, each on its own day.

    Dr tender, receivable, discount, cost      Cr sales, shipping, tip, service charge, tax, gift card, inventory

Source of the patterns: accounting-patterns §§2, 4, 5, 9, 10, 11 (retold with numbers in docs/posting.md).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ledger.book import Book
from ledger.commerce import Line, Order, Tax, Tender, line_gross
from ledger.legs import About, Leg
from ledger.money import allocate
from ledger.rules import roles

CREDIT = -1
DEBIT = 1


def sale(order: Order, book: Book) -> list[Leg]:
    """The legs of ``order``: of its goods on the day it closed (or is fulfilled), of its money when captured."""
    day = book.calendar.day_of(order.closed_at)
    if order.state == "open" and book.policy.open_orders == "deposit":
        return _deposits(order, book)
    legs: list[Leg] = []
    for line in order.lines:
        legs += _sold(line, order, book, day)
    legs += _settled(order, book, day)
    legs += rounding_legs(order.lines, order.stated, day, "sale", book, CREDIT)
    return legs


def _deposits(order: Order, book: Book) -> list[Leg]:
    """Nothing is sold yet: what came in is owed to the customer."""
    legs = []
    for tender in order.tenders:
        day = book.calendar.day_of(tender.captured_at)
        legs.append(Leg(day, "sale", roles.tender_role(tender), tender.amount))
        legs.append(Leg(day, "sale", roles.DEPOSIT, -tender.amount))
    return legs


def _sold(line: Line, order: Order, book: Book, day: date) -> list[Leg]:
    returned = line.kind == "product" and line.net + line.discount < 0
    head = roles.REFUNDS if returned else roles.SALES
    role = roles.line_role(line, book.policy, order.location, order.channel, head)
    fulfilled: date | None = day
    if book.policy.recognize == "fulfillment" and line.kind in ("product", "shipping"):
        fulfilled = max(book.calendar.day_of(line.fulfilled_at), day) if line.fulfilled_at else None
    if fulfilled == day:
        legs = tax_legs(line.taxes, day, "sale", role, CREDIT)
    else:
        legs = tax_legs(line.taxes, day, "sale", roles.DEFERRED, CREDIT)
        legs.append(Leg(day, "sale", roles.DEFERRED, -line.net, roles.treatment(line.taxes)))
    if fulfilled is not None:
        if fulfilled != day:
            legs.append(Leg(fulfilled, "sale", roles.DEFERRED, line.net))
        legs += net_legs(line, role, book, fulfilled, "sale", CREDIT)
        legs += _cost(line, order, book, fulfilled)
    return legs


def rounding_legs(lines: tuple[Line, ...], stated: int, day: date, about: About, book: Book, sign: int) -> list[Leg]:
    """By how much the lines miss the stated total, where the book tolerates it: `adding_up` refuses the rest."""
    if not book.policy.record_tolerance:
        return []
    off = stated - sum(line_gross(line) for line in lines)
    return [Leg(day, about, roles.ROUNDING, sign * off)] if off else []


def net_legs(line: Line, role: str, book: Book, day: date, about: About, sign: int) -> list[Leg]:
    """The line without its tax: list price and discount apart, or net; a gift card at its face value.

    ``sign`` is CREDIT for a sale and DEBIT for its return.
    """
    tax = roles.treatment(line.taxes)
    if line.face is not None:
        legs = [Leg(day, about, role, sign * line.face, tax)]
        if line.face != line.net:
            legs.append(Leg(day, about, roles.PROMOTION, sign * (line.net - line.face)))
        return legs
    if line.discount and book.policy.discounts == "separate":
        return [
            Leg(day, about, role, sign * (line.net + line.discount), tax),
            Leg(day, about, roles.DISCOUNT, -sign * line.discount, tax),
        ]
    return [Leg(day, about, role, sign * line.net, tax)] if line.net else []


def tax_legs(taxes: tuple[Tax, ...] | None, day: date, about: About, of: str, sign: int) -> list[Leg]:
    """One leg per component. Marketplace-collected tax shows up too; `withheld` takes it out again."""
    if not taxes:
        return []
    tax = roles.treatment(taxes)
    return [
        Leg(day, about, roles.tax_role(part), sign * part.amount, tax, of)
        for part in taxes
        if part.amount and part.collected_by == "merchant"
    ]


def _cost(line: Line, order: Order, book: Book, day: date) -> list[Leg]:
    if not book.policy.cost or not line.cost:
        return []
    role = roles.line_role(line, book.policy, order.location, order.channel, roles.COST)
    return [Leg(day, "cost", role, line.cost), Leg(day, "cost", roles.INVENTORY, -line.cost)]


def _settled(order: Order, book: Book, day: date) -> list[Leg]:
    """The money side. A tender of another day passes through deposits (before) or what was open until then (after).

    A book that books open checks as sales has had what is paid later among its open checks.
    """
    legs = withheld(order.lines, order.tenders, day, "sale", book, CREDIT)
    owed = roles.OPEN_CHECK if order.state == "open" else roles.RECEIVABLE
    until_paid = roles.OPEN_CHECK if book.policy.open_orders == "receivable" else roles.RECEIVABLE
    grace = book.tender_grace
    for tender in order.tenders:
        if not tender.amount:
            continue
        captured = day if _one_event(order.closed_at, tender.captured_at, grace) else None
        captured = captured or book.calendar.day_of(tender.captured_at)
        if captured != day:
            through = roles.DEPOSIT if captured < day else until_paid
            legs.append(Leg(captured, "sale", through, -tender.amount))
            legs.append(Leg(day, "sale", through, tender.amount))
        legs += tender_legs(tender, captured, "sale", order.lines, book, DEBIT)
    due = order.due
    if order.state == "open":  # nobody has stated what is still to pay: it is what the tenders leave
        due = order.stated - sum(tender.amount for tender in order.tenders)
    if due:
        legs.append(Leg(day, "sale", owed, due))
    return legs


def _one_event(closed_at: datetime, captured_at: datetime, grace: timedelta) -> bool:
    """A card captured moments after midnight belongs to the sale that it pays."""
    return abs(captured_at - closed_at) <= grace


def tender_legs(tender: Tender, day: date, about: About, lines: tuple[Line, ...], book: Book, sign: int) -> list[Leg]:
    """A means of payment; ``sign`` DEBIT takes money in, CREDIT gives it back.

    A single-purpose voucher was taxed when it was sold: the tax inside what it now pays is taken back out.
    """
    role = roles.tender_role(tender)
    if role == roles.GIFT_CARD_REDEEMED and sign == CREDIT:
        role = roles.GIFT_CARD_REFUNDED
    if tender.method != "gift_card" or book.policy.voucher == "multi_purpose":
        return [Leg(day, about, role, sign * tender.amount)]
    taxes = [(line, tax) for line in lines for tax in line.taxes or () if tax.collected_by == "merchant"]
    net = sum(line.net for line in lines)
    parts = allocate(tender.amount, [max(net, 0), *(max(tax.amount, 0) for _, tax in taxes)])
    legs = [Leg(day, about, role, sign * parts[0])]
    for (line, tax), part in zip(taxes, parts[1:], strict=True):
        if part:
            legs.append(Leg(day, about, roles.tax_role(tax), sign * part, roles.treatment(line.taxes), role))
    return legs


def withheld(
    lines: tuple[Line, ...], tenders: tuple[Tender, ...], day: date, about: About, book: Book, sign: int
) -> list[Leg]:
    """Tax that a marketplace collected and keeps: never the company's liability, and money that never arrives.

    "exclude" lowers the money only; "in_and_out" shows the tax coming in and going out, as evidence.
    """
    taxes = [
        (line, tax) for line in lines for tax in line.taxes or () if tax.collected_by == "marketplace" and tax.amount
    ]
    if not taxes:
        return []
    money = roles.tender_role(tenders[0]) if tenders else roles.RECEIVABLE
    total = sum(tax.amount for _, tax in taxes)
    legs = [Leg(day, about, money, sign * total)]
    if book.policy.marketplace_tax == "in_and_out":
        for _, tax in taxes:
            legs.append(Leg(day, about, roles.tax_role(tax), sign * tax.amount))
            legs.append(Leg(day, about, "tax_withheld", -sign * tax.amount))
    return legs
