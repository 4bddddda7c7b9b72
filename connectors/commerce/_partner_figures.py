"""Decimals that know their minor units, each worked out once for many rows.

Tills say the same amounts again and again (0.00, 3.50, 12.99), and making a `Decimal` and scaling it costs more than
all else that is done with it. So the text of a JSON number leads through a bounded memory to a `Figure`. Exact by
construction: text to text to integer, and only for plain numbers; what is not plain becomes an ordinary `Decimal`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ledger.money import MAX_DIGITS

MOST_FIGURES: Final = 32_768
"""About 10 MB for each number of decimals at most; then all is forgotten, and what is still said comes back."""
LONGEST_TEXT: Final = 24


class Figure(Decimal):
    """An amount in major units with its minor units at hand, for currencies of the `places` it was made for."""

    __slots__ = ("units",)
    units: int


class Figures(dict[str, Decimal]):
    """The text of a JSON number with a point or an exponent → its exact value; a `Figure` where that is plain.

    `places` is the number of decimals of the currency whose minor units are meant. Looking up never changes a value:
    it only makes it. Raises ``ValueError`` for a text too long to be an amount, ``ArithmeticError`` for one that no
    Decimal can hold.
    """

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def __missing__(self, text: str) -> Decimal:
        if len(text) > LONGEST_TEXT:
            raise ValueError("too long for an amount")
        whole, _, decimals = text.partition(".")
        places = self.places
        if len(decimals) != places:
            decimals = decimals[:places].ljust(places, "0") + decimals[places:].rstrip("0")
        digits = whole + decimals
        # Neither "1e3" nor "1.5E3": these are no plain digits. A sign can only be in front.
        if len(decimals) == places and len(digits) <= MAX_DIGITS and (digits.isdigit() or digits[1:].isdigit()):
            figure = Figure(text)
            figure.units = int(digits)
            value: Decimal = figure
        else:
            value = Decimal(text)
        if len(self) >= MOST_FIGURES:
            self.clear()
        self[text] = value
        return value
