"""Refunds: the sale undone, with the tax that the original carried; and how to derive parts that were not stated.

    Dr refunds, tax, tip, shipping, gift card sold      Cr tender (or gift card, store credit, receivable)

Source of the patterns: accounting-patterns §§3, 9 (retold with numbers in docs/posting.md).
"""

from __future__ import annotations

from datetime import date

import msgspec

from ledger.book import Book
from ledger.commerce import Line, Order, Refund, line_gross
from ledger.legs import Leg
from ledger.money import allocate
from ledger.parts import BEYOND_SALE
from ledger.rules import roles
from ledger.rules.sales import CREDIT, DEBIT, net_legs, rounding_legs, tax_legs, tender_legs, withheld


def refund(record: Refund, book: Book) -> list[Leg]:
    """The legs of a refund, on the day the money went back; cost goes back to stock only if the goods did."""
    day = book.calendar.day_of(record.refunded_at)
    lines = record.lines
    if lines is None:  # the original is not known: the whole is a return, and a notice says so
        lines = (Line("product", "Refund", record.stated),)
    legs: list[Leg] = []
    for line in lines:
        role = roles.line_role(line, book.policy, record.location, record.channel, roles.REFUNDS)
        legs += net_legs(line, role, book, day, "refund", DEBIT)
        legs += tax_legs(line.taxes, day, "refund", role, DEBIT)
        legs += _cost(line, record, book, day)
    legs += withheld(lines, record.tenders, day, "refund", book, DEBIT)
    for tender in record.tenders:
        legs += tender_legs(tender, day, "refund", lines, book, CREDIT)
    if record.due:
        legs.append(Leg(day, "refund", roles.RECEIVABLE, -record.due))
    legs += rounding_legs(lines, record.stated, day, "refund", book, DEBIT)
    return legs


def _cost(line: Line, record: Refund, book: Book, day: date) -> list[Leg]:
    if not book.policy.cost or not line.cost:
        return []
    role = roles.line_role(line, book.policy, record.location, record.channel, roles.COST)
    if record.restocked:
        return [Leg(day, "cost", roles.INVENTORY, line.cost), Leg(day, "cost", role, -line.cost)]
    if book.policy.shrinkage:
        return [Leg(day, "cost", roles.SHRINKAGE, line.cost), Leg(day, "cost", role, -line.cost)]
    return []


def derive(record: Refund, original: Order) -> Refund:
    """``record`` with the parts that the platform left out, taken from the original's stored lines.

    The whole of an order gives back exactly what was charged. Of a part, each net and tax of the original gets its
    share by largest remainder, so the parts sum to the refund exactly and no tax is ever recalculated; what goes
    beyond the sale is a line of its own without tax. A record stays as it is when the original has nothing to share.
    """
    lines = original.lines if record.stated == original.stated else _shares(record.stated, original)
    if not lines:
        return record
    return msgspec.structs.replace(
        record,
        lines=lines,
        location=record.location or original.location,
        channel=record.channel or original.channel,
        customer=record.customer or original.customer,
    )


def _shares(stated: int, original: Order) -> tuple[Line, ...]:
    """The original's lines with their shares of ``stated``; () when there is nothing to go by."""
    lines = [line for line in original.lines if line.kind != "rounding" and line_gross(line) > 0]
    weights = [part for line in lines for part in (line.net, *(tax.amount for tax in line.taxes or ()))]
    if not lines or min(weights) < 0:
        return ()
    shared = min(stated, sum(weights))
    parts = iter(allocate(shared, weights))
    derived = []
    for line in lines:
        net = next(parts)
        taxes = tuple(msgspec.structs.replace(tax, amount=next(parts)) for tax in line.taxes or ())
        if net or any(tax.amount for tax in taxes):
            derived.append(msgspec.structs.replace(line, net=net, taxes=taxes, discount=0, cost=None, face=None))
    if stated > shared:
        derived.append(Line("product", BEYOND_SALE, stated - shared))
    return tuple(derived)
