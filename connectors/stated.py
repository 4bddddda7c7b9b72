"""What a row states by itself: its own totals, read apart from the mapping, so that what the mapping loses shows. Pure.

A stream of a platform file declares for each kind of record where in the row the platform prints its total. The reader
made of that declaration decodes these fields and nothing else; it shares no line with the mapping, whose records are
held to it by the reconciliation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ledger.commerce import RecordKind

NO_CURRENCY: Final = "XXX"


@dataclass(frozen=True, slots=True)
class Stated:
    """The total of records of ``kinds``, in the convention of the record (a refund of 9.90 is positive).

    Paths are dotted; ``list[]`` goes through a list. The total is the sum of ``plus`` less that of ``minus``; without
    the first of them nothing is stated. ``each`` is the list of which every element is a record. The record's id is one
    of ``names``, formats over ``{id}`` (at the path ``id`` of the element) and ``{row}`` (of the row); with
    ``numbered`` every element but the first has its number behind it.

    ``either``: amounts that this platform counts in at one time and leaves out at another. ``unsigned``: the sign is
    told by something else than the amount. ``when`` must all hold and ``unless`` must not, else nothing is stated:
    ``path`` (there is something), ``path<0``, ``path=word|word``.
    ``currency`` is the path of the currency; in another than the record's nothing is stated. ``in_minor``: amounts are
    in minor units, which are those of ISO 4217 but for ``decimals``.
    """

    kinds: tuple[RecordKind, ...]
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    each: str = ""
    id: str = "id"
    names: tuple[str, ...] = ("{id}",)
    numbered: bool = False
    either: tuple[str, ...] = ()
    unsigned: bool = False
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    currency: str = ""
    in_minor: bool = False
    decimals: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        if not self.kinds or not (self.plus or self.minus):
            raise ValueError("a stated total is of some kind of record, and somewhere in the row")
