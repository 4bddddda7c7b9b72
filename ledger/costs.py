"""What goods cost where the record itself does not say it. Pure.

A catalog tells what a thing costs now. An order keeps what was told when its cost was first known, for good: a later
edit of the order, or of the catalog, changes nothing of what has been sold. A return goes back at what its sale was
booked at; what was sold without a known cost comes back without one. Such costs are marked `cost_of_catalog`: a cost
that the record states is never touched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, TypeVar

import msgspec

from ledger.commerce import Line, Order, Record, Refund

R = TypeVar("R", Order, Refund)
_PLAIN: Final = re.compile(r"-?\d{1,15}(\.\d{1,12})?")


def waits_for_original(record: Record) -> bool:
    """Whether the cost of something that came back is to be taken from the order by which it was sold."""
    return (
        type(record) is Refund
        and bool(record.order_id)
        and any(line.kind == "product" and (line.cost is None or line.cost_of_catalog) for line in record.lines or ())
    )


def cost_of(unit: int | Fraction, line: Line) -> int | None:
    """What the units of `line` cost at `unit` each, half to even, negative for goods that come back; None: how many?"""
    count = quantity_of(line)
    if count is None:
        return None
    cost = round(unit * abs(count))
    return -cost if line.net + line.discount < 0 else cost


def quantity_of(line: Line) -> Fraction | None:
    """How many; None when the platform did not say, or said zero."""
    found = Fraction(line.quantity) if _PLAIN.fullmatch(line.quantity) else None
    return found or None


def kept(order: Order, former: Order) -> Order:
    """`order` with the costs that `former`, its version before, has from the catalog of its time."""
    known: dict[str, list[Line]] = defaultdict(list)
    for line in former.lines:
        if line.kind == "product" and line.cost is not None:
            known[_key(line)].append(line)
    if not known:
        return order
    lines = []
    for line in order.lines:
        before = known.get(_key(line), [])
        if line.kind != "product" or not before or not _may_be_kept(line, before):
            lines.append(line)
            continue
        same = next((each for each in before if each.quantity == line.quantity), None)
        cost = same.cost if same is not None else _shared(line, before)
        if same is not None and len(before) > 1:
            before.remove(same)
        lines.append(_with(line, cost))
    return msgspec.structs.replace(order, lines=tuple(lines))


def _may_be_kept(line: Line, before: Iterable[Line]) -> bool:
    """A cost that the platform states itself counts; only one of a catalog, now or before, gives way."""
    return line.cost_of_catalog or (line.cost is None and all(each.cost_of_catalog for each in before))


def of_original(refund: Refund, order: Order) -> Refund:
    """`refund` with the costs at which `order` sold what comes back."""
    if refund.lines is None:
        return refund
    sold: dict[str, list[Line]] = defaultdict(list)
    for line in order.lines:
        if line.kind == "product" and line.net + line.discount >= 0:
            sold[_key(line)].append(line)
    lines = []
    for line in refund.lines:
        before = sold.get(_key(line))
        if line.kind == "product" and before and (line.cost is None or line.cost_of_catalog):
            whole = len(before) == 1 and (before[0].net, before[0].quantity) == (line.net, line.quantity)
            lines.append(_with(line, before[0].cost if whole else _shared(line, before)))
        else:
            lines.append(line)
    return msgspec.structs.replace(refund, lines=tuple(lines))


def _shared(line: Line, before: Iterable[Line]) -> int | None:
    """The share of `line` in what the lines `before` cost together, by how many; None where one does not say."""
    costs, counts = [each.cost for each in before], [quantity_of(each) for each in before]
    if None in costs or None in counts:
        return None
    total = sum(abs(count) for count in counts if count is not None)
    return cost_of(Fraction(sum(abs(cost) for cost in costs if cost is not None)) / total, line)


def _with(line: Line, cost: int | None) -> Line:
    return msgspec.structs.replace(line, cost=cost, cost_of_catalog=cost is not None)


def _key(line: Line) -> str:
    return line.sku or line.label


def stated(record: Record) -> Record:
    """`record` with only the costs that it states itself: what a second reading of its row can be compared with."""
    if not isinstance(record, Order | Refund) or not any(line.cost_of_catalog for line in record.lines or ()):
        return record
    lines = tuple(
        msgspec.structs.replace(line, cost=None, cost_of_catalog=False) if line.cost_of_catalog else line
        for line in record.lines or ()
    )
    return msgspec.structs.replace(record, lines=lines)
