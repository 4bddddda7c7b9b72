"""Decimal texts of WooCommerce as whole minor units: read exactly, and rounded together, never one by one.

A shop keeps amounts without tax to more decimals than its currency has, and prints totals that are rounded once. So
each amount goes to one of its two neighbors in minor units, such that the totals are met (largest remainders). What
then still differs is a rounding of the shop's own up to half a unit for each amount; more is something that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from connectors.errors import MappingProblem
from ledger.money import EXPONENTS

PLACES: Final = 12  # of the exact amounts: whole numbers of 10⁻¹² of the major unit
_MOST: Final = Decimal(10) ** 13
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]{1,13})(?:\.([0-9]{0,30}))?").fullmatch


def step_of(currency: str) -> int:
    """How much one minor unit is. Raises `MappingProblem` for a currency that does not exist."""
    places = EXPONENTS.get(currency)
    if places is None:
        raise MappingProblem("unknown_currency", "$.currency", facts={"currency": currency[:60]})
    return int(10 ** (PLACES - places))


def exact(text: str | None, path: str) -> int:
    """An amount exactly; blank is none of it. Raises `MappingProblem` for what is no plain number."""
    if not text:
        return 0
    match = _AMOUNT(text)
    if match is None:
        raise MappingProblem("malformed", path, f"not an amount: {text[:60]}")
    sign, whole, decimals = match.groups()
    value = int(whole + (decimals or "")[:PLACES].ljust(PLACES, "0"))
    return -value if sign == "-" else value


def needed(text: str | None, path: str) -> int:
    """An amount that a row cannot do without."""
    if not text:
        raise MappingProblem("malformed", path, "the amount is not said")
    return exact(text, path)


def of_number(value: Decimal | None, path: str) -> int | None:
    """A number of JSON exactly, None for none. Raises `MappingProblem` for what is no amount."""
    if value is None:
        return None
    if not value.is_finite() or not -_MOST < value < _MOST:
        raise MappingProblem("malformed", path, f"not an amount: {str(value)[:60]}")
    return int(value.scaleb(PLACES))


def whole(value: int, step: int, path: str, currency: str) -> int:
    """The minor units of a total, which has no fraction of one. Raises `MappingProblem`."""
    units, rest = divmod(value, step)
    if rest:
        facts = {"amount": f"{Decimal(value).scaleb(-PLACES).normalize():f}", "currency": currency}
        raise MappingProblem("not_exact", path, facts=facts)
    return units


def nearest(value: int, step: int) -> int:
    """Minor units, halves away from zero, as PHP rounds."""
    units = (2 * abs(value) + step) // (2 * step)
    return units if value >= 0 else -units


def spread(values: Sequence[int], total: int, step: int) -> list[int]:
    """Each of the exact values as one of its two neighbors in minor units, as near to `total` together as they get."""
    units = [value // step for value in values]
    left = total - sum(units)
    if left > 0:
        fractions = sorted((-(value % step), index) for index, value in enumerate(values) if value % step)
        for _, index in fractions[:left]:
            units[index] += 1
    return units
