"""Single values of the published shapes, made exact: amounts, quantities, percentages, instants, words.

The amounts of 100,000 orders come through `minor`, so it is written for speed; what it cannot do at once
goes to `ledger.money.to_minor`, whose verdict is then told as an `Unfit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from typing import Final, TypeVar

from connectors.commerce._partner_figures import Figure
from connectors.commerce._partner_reading import Unfit
from connectors.commerce._partner_wire import Amount, Dated, Wire
from ledger.calendar import localize
from ledger.money import EXPONENTS, LIMIT, NotExact, round_half_even, to_minor
from ledger.zones import FIRST_YEAR, LAST_YEAR

V = TypeVar("V")
_NOTHING_SAID: Final = "XXX"  # ISO 4217's "no currency", by which the contract says that the source gave none
_YEARS: Final = range(FIRST_YEAR + 1, LAST_YEAR)  # inside of the calendar of books, in whatever zone

# Small on purpose: 1E+999999 overflows here instead of becoming a number of a million digits.
_EXACT: Final = Context(prec=28, Emax=28, Emin=-28, traps=[Inexact, InvalidOperation, Overflow])
_times: Final = _EXACT.multiply
_PERCENT_STEP: Final = Decimal("0.001")


class Scale:
    """A currency with its minor units ready for multiplying; one instance per currency."""

    __slots__ = ("currency", "factor", "units")

    def __init__(self, currency: str, exponent: int) -> None:
        self.currency = currency
        self.units = 10**exponent
        self.factor = Decimal(self.units)


_SCALES: Final = {code: Scale(code, exponent) for code, exponent in EXPONENTS.items()}


def scale_of(row: Wire, said: str | None, otherwise: str) -> Scale:
    """The scale of the currency that the row says, else of the company's."""
    code = otherwise if not said or said == _NOTHING_SAID else said
    scale = _SCALES.get(code)
    if scale is None:
        raise Unfit("unknown_currency", row, ".currency", {"currency": code[:40]})
    return scale


def minor(value: Amount | None, scale: Scale) -> int:
    """Minor units of an amount in major units; 0 when it was not said."""
    if type(value) is Figure:
        return value.units
    if type(value) is int:
        units: int = value * scale.units
        if -LIMIT < units < LIMIT:
            return units
    elif value is None:
        return 0
    elif type(value) is not Decimal:
        raise Unfit("malformed", value)  # only `_partner_plain` lets such a value come here, and then reads again
    else:
        try:
            product = _times(value, scale.factor)
            units = int(product)
            if units == product and -LIMIT < units < LIMIT:
                return units
        except (ArithmeticError, ValueError):
            pass
    try:
        return to_minor(value, scale.currency)
    except ValueError as refusal:
        code = "not_exact" if isinstance(refusal, NotExact) else "out_of_range"
        facts = {"amount": _shown(value), "currency": scale.currency}
        raise Unfit(code, value, facts=facts) from None


def priced(unit_price: Amount, quantity: Amount | None, scale: Scale) -> int:
    """Quantity times unit price in minor units, half to even: unit prices have more decimals than money."""
    if type(unit_price) is Figure and type(quantity) is int:
        units: int = unit_price.units * quantity
        if -LIMIT < units < LIMIT:
            return units
    try:
        product = _times(Decimal(unit_price), Decimal(1 if quantity is None else quantity))
        return round_half_even(product, scale.currency)
    except (ArithmeticError, ValueError):
        raise Unfit("out_of_range", unit_price, facts={"amount": _shown(unit_price)}) from None


def quantity_text(value: Amount | None) -> str:
    """The quantity as plain text ("1", "0.350"); "" when it was not said."""
    if value is None:
        return ""
    if type(value) is int:
        if -LIMIT < value < LIMIT:
            return str(value)
    elif (
        isinstance(value, Decimal)
        and value.is_finite()
        and abs(value.adjusted()) <= 12
        and len(value.as_tuple().digits) <= 28
    ):
        return f"{value:f}"
    raise Unfit("out_of_range", value, facts={"amount": _shown(value)})


def percent(value: Amount) -> tuple[str, int]:
    """A percentage as its name and in millionths: 20 → ("20%", 200000), 9.975 → ("9.975%", 99750).

    To three decimals: platforms derive it from rounded amounts (a published example has 19.9999), and one
    rate must not become many keys. No rate of tax that we know has more.
    """
    try:
        return _percent(value)
    except (ArithmeticError, ValueError, TypeError):  # TypeError: a signaling NaN has no hash
        raise Unfit("out_of_range", value, facts={"amount": _shown(value)}) from None


@lru_cache(maxsize=1024)
def _percent(value: Amount) -> tuple[str, int]:
    # Ten digits are ten million percent.
    rounded = Context(prec=10, traps=[InvalidOperation]).quantize(Decimal(value), _PERCENT_STEP)
    millionths = int(rounded * 10_000)
    text = f"{rounded:f}".rstrip("0").rstrip(".")
    return f"{'0' if text in ('-0', '') else text}%", millionths


def instant(text: str | None, zone: str, row: Wire, field: str) -> datetime | None:
    """The instant in UTC; naive text is on the company's clock. None when absent, or in the empty year 1."""
    if not text:
        return None
    try:
        return _instant(text, zone)
    except (ValueError, OverflowError):
        raise Unfit("bad_time", row, field, {"value": text[:60]}) from None


# Creation, closing and payment of an order often bear the same text.
@lru_cache(maxsize=8192)
def _instant(text: str, zone: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    if moment.year == 1:
        return None
    # Held here and not on the record, since what is remembered need not be held again.
    if moment.year in _YEARS:
        found = (localize(moment, zone) if moment.tzinfo is None else moment).astimezone(UTC)
        if found.year in _YEARS:
            return found
    raise ValueError(f"the year {moment.year} is not one of a sale")


def created(row: Dated, zone: str) -> datetime | None:
    """When the row's fact happened, as far as it says."""
    return instant(row.created_date, zone, row, ".createdDate")


def updated(row: Dated, zone: str) -> datetime | None:
    """When the row changed last: at its source, else in the partner's data."""
    return instant(row.source_modified_date, zone, row, ".sourceModifiedDate") or instant(
        row.modified_date, zone, row, ".modifiedDate"
    )


def known(words: Mapping[str, V], word: str | None, row: Wire, field: str) -> V:
    """What `word` means; raises `Unfit` for a word on which accounting depends and that we do not know."""
    try:
        return words[word or ""]
    except KeyError:
        name = field.lstrip(".")
        raise Unfit("unknown_word", row, field, {"word": (word or "")[:60], "field": name}) from None


def _shown(value: Amount | None) -> str:
    text = str(Decimal(value)) if value is not None else ""
    return text if len(text) <= 40 else f"{text[:40]}…"
