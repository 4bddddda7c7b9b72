"""Amounts, rates and numbers as each locale writes them. Pure: from minor units to text, never through a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from ledger.money import to_decimal

MINUS: Final = "\N{MINUS SIGN}"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
NARROW: Final = "\N{NARROW NO-BREAK SPACE}"


class Style(NamedTuple):
    """How a locale groups thousands, marks decimals, and sets off the percent sign and a currency."""

    group: str
    point: str
    percent: str
    sign_after: bool


STYLES: Final = {
    "en-us": Style(",", ".", "", sign_after=False),
    "fr-fr": Style(NARROW, ",", NARROW, sign_after=True),
    "fr-ca": Style(NO_BREAK, ",", NO_BREAK, sign_after=True),
}
_SIGNS: Final = {"USD": "$", "CAD": "$", "GBP": "£", "EUR": "€", "JPY": "¥", "AUD": "$", "NZD": "$"}
_OWN_DOLLAR: Final = {"en-us": "USD", "fr-ca": "CAD", "fr-fr": ""}


def number(value: Decimal | int, locale: str) -> str:
    """``value`` with its own decimals: 1,234.50 or 1 234,50."""
    style = STYLES[locale]
    shown = f"{abs(value):,f}" if isinstance(value, Decimal) else f"{abs(value):,}"
    text = shown.replace(",", "\0").replace(".", style.point).replace("\0", style.group)
    return f"{MINUS}{text}" if value < 0 else text


def amount(minor: int, currency: str, locale: str) -> str:
    """Minor units as a figure without its currency, for columns that name it above."""
    return number(to_decimal(minor, currency), locale)


def money(minor: int, currency: str, locale: str) -> str:
    """Minor units with their currency: $1,234.50, CA$1,234.50, 1 234,50 €; ¥1,200 has no decimals."""
    sign = sign_of(currency, locale)
    text = amount(abs(minor), currency, locale)
    if STYLES[locale].sign_after:
        shown = f"{text}{NO_BREAK}{sign}"
    else:
        shown = f"{sign}{text}" if len(sign) < 3 or sign.endswith("$") else f"{sign}{NO_BREAK}{text}"
    return f"{MINUS}{shown}" if minor < 0 else shown


def sign_of(currency: str, locale: str) -> str:
    """The sign of a currency where it is plain whose it is, else its code: a dollar is the country's own."""
    sign = _SIGNS.get(currency, currency)
    if sign != "$" or currency == _OWN_DOLLAR[locale]:
        return sign
    return {"USD": "$US", "CAD": "$CA"}.get(currency, currency) if STYLES[locale].sign_after else _before(currency)


def _before(currency: str) -> str:
    return {"CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "USD": "US$"}[currency]


def percent(ppm: int, locale: str) -> str:
    """A rate in millionths: 8.875%, 20 %."""
    value = (Decimal(ppm) / 10_000).normalize()
    if value == value.to_integral_value():
        value = value.quantize(Decimal(1))
    return f"{number(value, locale)}{STYLES[locale].percent}%"
