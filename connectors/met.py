"""Names that no list of a platform tells, met on records: ways of paying, and components of tax. Pure.

What a mapping may choose from has to be known by name; a platform that lists none of a kind says so by
`CommercePlatform.met`, and its sales tell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from connectors.named import Thing
from ledger.commerce import Order, Record, Refund, Tax, Tender

MOST_MET: Final = 500  # of a kind: beyond it, somebody writes free text where names should be
_LONGEST: Final = 200  # characters of an id
_NOTHING: Final[Mapping[str, Any]] = {}

Met = dict[tuple[str, str], Thing]


def meet(records: Iterable[Record], kinds: frozenset[str], known: Mapping[str, Mapping[str, Any]], found: Met) -> None:
    """Add to ``found`` what ``records`` name for the first time; ``known`` leads from a kind to what has an id."""
    for record in records:
        if not isinstance(record, Order | Refund):
            continue
        if "tender" in kinds:
            for tender in record.tenders:
                _add(_tender(tender), known, found)
        if "tax_rate" in kinds:
            for line in record.lines or ():
                for tax in line.taxes or ():
                    _add(_tax(tax), known, found)


def _tender(tender: Tender) -> tuple[str, str, str, dict[str, Any]]:
    """A way of paying: its label, by which books map it, is its id; where there is none, what kind of money it is."""
    words = f"{tender.method}:{tender.provider}" if tender.provider else tender.method
    name = tender.label or words.replace("_", " ").replace(":", " ").capitalize()
    return "tender", tender.label or words, name, {"method": tender.method, "provider": tender.provider}


def _tax(tax: Tax) -> tuple[str, str, str, dict[str, Any]]:
    facts = {} if tax.rate_ppm is None else {"rate_ppm": tax.rate_ppm}
    return "tax_rate", tax.key, tax.name, facts


def _add(told: tuple[str, str, str, dict[str, Any]], known: Mapping[str, Mapping[str, Any]], found: Met) -> None:
    kind, identity, name, facts = told
    listed = known.get(kind, _NOTHING)
    if (
        identity in listed
        or (kind, identity) in found
        or not 0 < len(identity) <= _LONGEST
        or "\x00" in identity + name
    ):
        return
    if len(listed) + len(found) < MOST_MET:
        found[kind, identity] = Thing(kind, identity, name, facts)
