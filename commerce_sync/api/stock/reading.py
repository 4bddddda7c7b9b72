"""What is sent about stock, held to what can be kept: each refusal names its field. Pure."""

from __future__ import annotations

from decimal import Decimal

from commerce_sync.api.errors import invalid
from connectors.stock import MOST, MOST_COST, PLACES
from ledger.money import EXPONENTS, to_minor


def quantity(value: Decimal, field: str, *, above_zero: bool = False) -> Decimal:
    """A quantity of at most six decimals; raises `ApiError` 400."""
    exponent = value.normalize().as_tuple().exponent if value.is_finite() else None
    if not isinstance(exponent, int) or exponent < -PLACES or not 0 <= value < MOST or (above_zero and not value):
        least = "above zero" if above_zero else "of zero or more"
        raise invalid(f"{field} must be a quantity {least}, with at most {PLACES} decimals.", (field, "it is not"))
    return value


def maybe_quantity(value: Decimal | None, field: str, *, above_zero: bool = False) -> Decimal | None:
    """As `quantity`; None stays."""
    return None if value is None else quantity(value, field, above_zero=above_zero)


def currency(code: str, field: str) -> str:
    """A currency of ISO 4217; raises `ApiError` 400."""
    if code not in EXPONENTS:
        raise invalid(f"{field} must be a currency of ISO 4217.", (field, f"{code[:10]!r} is not"))
    return code


def amount(value: Decimal, code: str, field: str) -> int:
    """Minor units of an amount in major units of the currency ``code``; raises `ApiError` 400."""
    try:
        minor = to_minor(value, code)
    except (ValueError, ArithmeticError) as error:
        raise invalid(f"{field} is not an amount in {code}.", (field, str(error)[:200])) from None
    if not 0 <= minor < MOST_COST:
        raise invalid(f"{field} is negative, or larger than any we keep.", (field, "out of range"))
    return minor


def plain(value: Decimal) -> Decimal:
    """Without zeros at the end and without an exponent."""
    return Decimal(f"{value.normalize():f}") if value else Decimal(0)
