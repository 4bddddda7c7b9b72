"""What is open in a clearing account, set against each other and by age. Pure; amounts are minor units."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

AGES: Final = ((0, 7), (8, 30), (31, None))
"""Days that money has waited, both ends included: fresh, slow, and what nobody expects any more."""


class OpenItem(Struct, frozen=True):
    """What is open of one day and kind (order, refund, fee, dispute; payout: what was paid out and named nothing).

    ``amount`` is positive for money that waits for us; ``records`` are the greatest of ``count`` records: row id and
    what the platform calls it.
    """

    day: date
    kind: str
    amount: int
    count: int = 1
    records: tuple[tuple[int, str], ...] = ()


class Clearing(Struct, frozen=True):
    """One clearing account in one currency: what is open, the oldest first.

    ``held`` is what our documents have on it; ``earlier`` what of that was open before ``since``, the first day that is
    looked at (0 where the books began later); ``consumed`` how much of the payments was set against what was paid out
    without naming them; ``taken`` are the items without payouts, before anything was set against them.
    """

    company_id: int
    account: str
    currency: str
    since: date
    held: int
    earlier: int
    items: tuple[OpenItem, ...]
    consumed: int = 0
    taken: tuple[OpenItem, ...] = ()

    @property
    def open(self) -> int:
        """All that is open, the earlier among it."""
        return self.earlier + sum(item.amount for item in self.items)

    @property
    def unexplained(self) -> int:
        """By how much our own documents hold something else than what is open."""
        return self.held - self.open

    def ages(self, on: date) -> list[tuple[int, int | None, int]]:
        """(from, through, amount) of each of `AGES`; what is from before ``since`` is the oldest."""
        found = []
        for first, last in AGES:
            days = [(on - item.day).days for item in self.items]
            inside = [
                item.amount
                for item, age in zip(self.items, days, strict=True)
                if (age >= first or first == 0) and (last is None or age <= last)
            ]
            found.append((first, last, sum(inside) + (self.earlier if last is None else 0)))
        return found


def set_against(items: Iterable[OpenItem], earlier: int) -> tuple[list[OpenItem], int, int]:
    """(what stays open, what stays of ``earlier``, how much of the payments was consumed).

    Where payouts name what they settle, everything else stands for itself. Where one does not, all that went out is set
    against the oldest that came in, as processors pay it out; if more went out than came in, the rest is what is open.
    """
    ordered = sorted(items, key=lambda item: (item.day, item.kind, item.amount < 0))
    if not any(item.kind == "payout" and item.amount for item in ordered):
        return ordered, earlier, 0
    out = -sum(item.amount for item in ordered if item.amount < 0) - min(earlier, 0)
    before = max(earlier, 0)
    taken = min(out, before)
    out, before, consumed = out - taken, before - taken, 0
    left: list[OpenItem] = []
    for item in ordered:
        if item.amount < 0:
            continue
        taken = min(out, item.amount)
        out, consumed = out - taken, consumed + taken
        if item.amount > taken:
            left.append(replace(item, amount=item.amount - taken))
    if out:
        last = max((item for item in ordered if item.amount < 0), key=lambda item: item.day, default=None)
        if last is None:
            return left, before - out, consumed
        left.append(replace(last, amount=-out))
    return left, before, consumed
