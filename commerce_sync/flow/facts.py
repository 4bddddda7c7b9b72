"""The facts of a problem as the page writes them: amounts, days, and what accounts are for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.formats import date_format

from commerce_sync.configuration.role_names import role_name
from commerce_sync.flow.figures import money, number
from ledger.money import EXPONENTS

_AMOUNT: Final = re.compile(r"-?[\d,]{1,30}(\.\d{1,6})?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def written(facts: Mapping[str, str | int], locale: str) -> dict[str, str]:
    """Every fact as a text: amounts in minor units beside a currency as money, roles by their names, days as days."""
    currency = str(facts.get("currency", ""))
    found = {}
    for name, fact in facts.items():
        if isinstance(fact, int):
            found[name] = money(fact, currency, locale) if currency in EXPONENTS else str(fact)
        elif name == "role":
            found[name] = role_name(fact)
        else:
            found[name] = _figure(fact, locale) if name == "amount" else _dated(str(fact))
    return found


def _figure(fact: str, locale: str) -> str:
    """An amount that was written for nobody in particular, as the page writes them."""
    return number(Decimal(fact.replace(",", "")), locale) if _AMOUNT.fullmatch(fact) else fact


def _dated(fact: str) -> str:
    """A day as the page writes days; everything else as it is."""
    if not _DAY.fullmatch(fact):
        return fact
    try:
        return date_format(date.fromisoformat(fact))
    except ValueError:
        return fact


class Facts(dict[str, str]):
    """A missing fact shows as "?" instead of breaking the one message that explains a failure."""

    def __missing__(self, key: str) -> str:
        return "?"
