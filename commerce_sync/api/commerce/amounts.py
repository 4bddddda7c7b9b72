"""Minor units as the decimal numbers of the contract, exactly; each worked out once for many rows. Pure."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Final

from ledger.money import exponent, to_decimal

MOST_KEPT: Final = 32_768
_SIX: Final = Decimal("0.000001")
_EXACT: Final = Context(prec=28, traps=[Inexact, InvalidOperation])

major = lru_cache(maxsize=MOST_KEPT)(to_decimal)
"""Major units of (minor units, currency) with all decimals of the currency."""


@lru_cache(maxsize=1_024)
def percentage(ppm: int) -> Decimal:
    """Millionths as a percentage: 99750 → 9.975."""
    return _plain(Decimal(ppm).scaleb(-4))


@lru_cache(maxsize=1_024)
def fraction(ppm: int) -> Decimal:
    """Millionths as a fraction: 99750 → 0.09975."""
    return _plain(Decimal(ppm).scaleb(-6))


@lru_cache(maxsize=MOST_KEPT)
def unit_price(minor: int, quantity: Decimal, currency: str) -> Decimal | None:
    """The price of one unit when it has at most six decimals; None when it has more, as then it is not known."""
    if not quantity:
        return None
    try:
        price = _EXACT.quantize(_EXACT.divide(to_decimal(minor, currency), quantity), _SIX)
    except ArithmeticError:
        return None
    price = price.normalize(_EXACT)
    places = -exponent(currency)
    exponent_now = price.as_tuple().exponent
    return (
        price.quantize(Decimal((0, (1,), places))) if isinstance(exponent_now, int) and exponent_now > places else price
    )


def _plain(value: Decimal) -> Decimal:
    """Without zeros at the end and without an exponent."""
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
