"""Money as whole minor units: the only arithmetic on amounts that the ledger knows.

An amount is an ``int`` of minor units (pence, cents, whole yen, fils) that always travels beside its
ISO 4217 currency code. Platforms speak decimals, so everything enters through :func:`to_minor`, which
is exact or raises, and leaves through :func:`to_decimal` or :func:`format_minor`. Nothing here rounds
unless its name says so, and floats are refused.

Currencies are those of ISO 4217 list one as published on 2026-01-01 that have a minor unit. Codes for
which the standard gives none (gold ``XAU``, test ``XTS``, "no currency" ``XXX``, ...) are unknown here:
an amount in them has no minor unit to count. Codes are upper-case; ``gbp`` is unknown, because guessing
is the mapping's business.

No function depends on the decimal context of the calling thread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from typing import Final, NoReturn, TypeAlias

Minor: TypeAlias = int
"""A count of minor units of the currency named beside it."""

MAX_DIGITS: Final = 15
"""An amount has at most this many digits of minor units: ten million million pounds. A bigint column holds
the sum of nine thousand such amounts."""

LIMIT: Final = 10**MAX_DIGITS
"""Every amount that :func:`to_minor` lets in is nearer to zero than this."""

_TWO_DECIMALS: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
    CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
    RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
    USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_OTHER_DECIMALS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: Final[dict[str, int]] = dict.fromkeys(_TWO_DECIMALS.split(), 2) | {
    code: places for places, codes in _OTHER_DECIMALS.items() for code in codes.split()
}
"""Every known currency code and the number of decimals of its minor unit."""

# One quantize() in this context is the whole check: InvalidOperation when the result needs more than
# MAX_DIGITS, Inexact when a non-zero digit would be dropped. It also keeps 1E+999999 from becoming a
# million-digit integer.
_EXACT: Final = Context(prec=MAX_DIGITS, traps=[Inexact, InvalidOperation])
_ROUNDING: Final = Context(prec=MAX_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_STEPS: Final = {code: (Decimal((0, (1,), -places)), Decimal((0, (1,), places))) for code, places in EXPONENTS.items()}
_quantize: Final = _EXACT.quantize
_multiply: Final = _EXACT.multiply

# Plain or scientific, ASCII. No grouping: "1,234" is a thousand in London and one and a bit in Lisbon.
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?").fullmatch
_NOT_FINITE: Final = frozenset({"nan", "snan", "inf", "infinity"})


class UnknownCurrency(ValueError):
    """The code is not an ISO 4217 currency with a minor unit."""


class NotANumber(ValueError):
    """The text is not a plain decimal number."""


class NotExact(ValueError):
    """The value has a fraction of a minor unit, which would be lost."""


class OutOfRange(ValueError):
    """The value is not finite, or is :data:`LIMIT` minor units or more from zero."""


def exponent(currency: str) -> int:
    """The number of decimals of ``currency``: 0 for JPY, 2 for GBP, 3 for KWD, 4 for CLF.

    Raises :class:`UnknownCurrency`.
    """
    places = EXPONENTS.get(currency)
    if places is None:
        _refuse_currency(currency)
    return places


def to_minor(value: Decimal | str | int, currency: str) -> Minor:
    """Minor units of an amount given in major units: ``to_minor("12.50", "GBP") == 1250``.

    Exact: trailing zeros are fine at any length, a fraction of a minor unit is not. ``int`` means whole
    major units. Text is a plain ASCII number with a point and without grouping.

    Raises :class:`UnknownCurrency`, :class:`NotExact`, :class:`OutOfRange` (also for NaN and infinity),
    :class:`NotANumber` for other text, and ``TypeError`` for a float or anything else that is not exact
    by nature.
    """
    steps = _STEPS.get(currency)
    if steps is None:
        _refuse_currency(currency)
    number = value if type(value) is Decimal else _as_decimal(value)
    try:
        return int(_multiply(_quantize(number, steps[0]), steps[1]))
    except (ArithmeticError, ValueError):
        pass
    shown = _shown(number)
    if not number.is_finite() or number.adjusted() + EXPONENTS[currency] >= MAX_DIGITS:
        raise OutOfRange(f"{shown} {currency} is beyond what an amount can be")
    raise NotExact(f"{shown} {currency} has a fraction of a minor unit ({currency} has {EXPONENTS[currency]} decimals)")


def round_half_even(value: Decimal, currency: str) -> Minor:
    """Minor units of a value with more decimals than the currency has, rounded half to even.

    For platforms that state unit prices or tax to four or six places. The caller has decided that the
    lost fraction does not matter; everywhere else use :func:`to_minor`.

    Raises :class:`UnknownCurrency`, :class:`OutOfRange`, and ``TypeError`` for anything but a ``Decimal``.
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"a Decimal is needed to round money, not {type(value).__name__}")
    places = exponent(currency)
    quantum, factor = _STEPS[currency]
    try:
        return int(_multiply(_ROUNDING.quantize(value, quantum), factor))
    except (ArithmeticError, ValueError):
        raise OutOfRange(f"{_shown(value)} {currency} is beyond what an amount can be ({places} decimals)") from None


def to_decimal(minor: Minor, currency: str) -> Decimal:
    """The amount in major units with all decimals of its currency, so 1250 GBP is ``Decimal("12.50")``.

    Exact for totals of any size, which may lie beyond :data:`LIMIT`. Raises :class:`UnknownCurrency`.
    """
    # From text, because every operation on Decimals rounds to the precision of somebody's context.
    return Decimal(f"{_whole(minor)}E-{exponent(currency)}")


def format_minor(minor: Minor, currency: str) -> str:
    """The amount for people, without its currency: ``"1,234.50"``, ``"-0.05"``, yen ``"1,234"``.

    Raises :class:`UnknownCurrency`.
    """
    places = exponent(currency)
    sign = "-" if _whole(minor) < 0 else ""
    if not places:
        return f"{minor:,}"
    major, rest = divmod(abs(minor), 10**places)
    return f"{sign}{major:,}.{rest:0{places}d}"


def format_money(minor: Minor, currency: str) -> str:
    """Like :func:`format_minor`, with the currency in front: ``"GBP 1,234.50"``.

    Raises :class:`UnknownCurrency`.
    """
    return f"{currency} {format_minor(minor, currency)}"


def allocate(total: Minor, weights: Sequence[int]) -> list[Minor]:
    """Spread ``total`` over ``weights`` by largest remainder, so that the parts sum to ``total`` exactly.

    Each part lies within one unit of its exact share; a left-over unit goes to the largest remainder,
    and among equals to the earliest. ``allocate(-t, w)`` is ``allocate(t, w)`` negated, so that a
    refund undoes a sale. A weight of zero receives nothing, unless all are zero: then there is nothing
    to go by and all count as equal.

    Raises ``ValueError`` for a negative weight, or when there is no weight to carry a total that is not zero;
    ``TypeError`` when the total or a weight is not an integer.
    """
    whole = sum(weights)
    # The sum of weights is an int only if every weight is one.
    if not isinstance(total, int) or not isinstance(whole, int):
        raise TypeError("allocate() needs integers: minor units and whole weights")
    if not weights:
        if total:
            raise ValueError(f"{total} minor units cannot be spread over no weights")
        return []
    if min(weights) < 0:
        raise ValueError(f"a weight is negative: {min(weights)}")
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    size = abs(total)
    parts = [size * weight // whole for weight in weights]
    left_over = size - sum(parts)
    if left_over:
        # sorted() is stable, so equal remainders keep their order. Remainders sum to left_over * whole
        # and each is below whole, so more than left_over of them are positive: a zero weight is never
        # reached.
        remainders = [-(size * weight % whole) for weight in weights]
        for index in sorted(range(len(parts)), key=remainders.__getitem__)[:left_over]:
            parts[index] += 1
    return parts if total >= 0 else [-part for part in parts]


def _as_decimal(value: object) -> Decimal:
    """An exact Decimal of what is not a plain Decimal yet; raises as :func:`to_minor` documents."""
    if isinstance(value, str):
        if _NUMBER(value):
            return Decimal(value)
        if value.strip().lstrip("+-").lower() in _NOT_FINITE:
            raise OutOfRange(f"{_shown(value)} is not an amount")
        raise NotANumber(f"{_shown(value)} is not a plain decimal number")
    if isinstance(value, Decimal):
        return value
    return Decimal(_whole(value))


def _whole(value: object) -> int:
    """``value`` if it is a true integer; a bool is an int to Python, but never an amount."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"money is a Decimal, a str or an int, never {type(value).__name__}")


def _shown(value: object) -> str:
    """Enough of a hostile value to recognize it in a message."""
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _refuse_currency(currency: object) -> NoReturn:
    """Raise :class:`UnknownCurrency` with the likely reason."""
    hint = ""
    if isinstance(currency, str) and currency.strip().upper() in EXPONENTS:
        hint = f"; did you mean {currency.strip().upper()}?"
    raise UnknownCurrency(f"{_shown(currency)} is not an ISO 4217 currency with a minor unit{hint}")
