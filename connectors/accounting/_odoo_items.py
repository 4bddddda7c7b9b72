"""The items of moves as Odoo tells them, and how it books another currency than the company's. Pure.

Amounts come as floats, which are rounded to the currency's minor unit: no amount within our limits loses one by that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, NamedTuple

import msgspec

from connectors.accounting._odoo_wire import Ref, id_of
from connectors.errors import BadAnswer
from ledger.money import round_half_even, to_decimal

_RATES: Final = Context(prec=34, rounding=ROUND_HALF_UP)


class Rate(NamedTuple):
    """How Odoo books another currency (its id there): so much of it is worth one of the company's own, `base`."""

    currency: int
    base: str
    per_base: Decimal

    def in_base(self, minor: int, currency: str) -> int:
        """An amount of the other currency in minor units of the company's own."""
        return round_half_even(_RATES.divide(to_decimal(minor, currency), self.per_base), self.base)


class MoveLine(msgspec.Struct):
    """One item of a move, as Odoo has it."""

    id: int
    account_id: Ref
    balance: Decimal
    amount_currency: Decimal
    currency_id: Ref = False
    tax_line_id: Ref = False
    group_tax_id: Ref = False
    display_type: str | bool = False
    partner_id: Ref = False
    reconciled: bool = False
    matched_debit_ids: list[int] = []
    matched_credit_ids: list[int] = []

    @property
    def account(self) -> str:
        """The account's id; empty for a line of text."""
        found = id_of(self.account_id)
        return str(found) if found else ""

    @property
    def currency(self) -> str:
        """The currency of `amount_currency`."""
        return self.currency_id[1] if isinstance(self.currency_id, tuple) else ""

    @property
    def tax(self) -> str:
        """The code of the tax that this item is, as a line names it: the group, for a part of one; else empty."""
        found = id_of(self.group_tax_id) or id_of(self.tax_line_id)
        return str(found) if found else ""

    @property
    def minor(self) -> int:
        """The signed amount (a debit is positive) in minor units of its currency; 0 for a line of text."""
        if not self.account:
            return 0
        return of_float(self.amount_currency, self.currency)

    @property
    def is_matched(self) -> bool:
        """Whether it is settled by, or settles, another item."""
        return bool(self.matched_debit_ids or self.matched_credit_ids)


def of_float(amount: Decimal, currency: str) -> int:
    """Minor units of an amount as Odoo tells it. Raises `BadAnswer`."""
    try:
        return round_half_even(amount, currency)
    except ValueError as error:
        raise BadAnswer(f"the amount {amount} of Odoo cannot be read: {error}") from None


def sums(lines: Iterable[MoveLine], currency: str) -> dict[str, int]:
    """Account → signed amount in minor units; what is in another currency than the document's stands apart."""
    total: Counter[str] = Counter()
    for line in lines:
        if line.account:
            total[line.account if line.currency == currency else f"{line.account} {line.currency}"] += line.minor
    return {account: amount for account, amount in sorted(total.items()) if amount}
