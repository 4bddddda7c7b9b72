"""What a row states by itself: its own totals, read apart from the mapping, so that what the mapping loses shows. Pure.

A stream of a platform file declares for each kind of record where in the row the platform prints its total. The reader
made of that declaration decodes these fields and nothing else; it shares no line with the mapping, whose records are
held to it by the reconciliation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ledger.money import EXPONENTS

if TYPE_CHECKING:
    from ledger.commerce import RecordKind

_MOST_REMEMBERED: Final = 20_000  # texts of amounts: prices repeat
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, ArithmeticError)
_TIMES: Final = (1, -1, 2)  # how often an amount of `either` may be in a total or missing from it
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


class Reader:
    """Reads the stated totals of one stream. ``rows`` is the path of the list in a page, "" for the page itself."""

    def __init__(self, stated: Sequence[Stated], row_id: str, rows: str) -> None:
        self._plans: dict[str, list[_Plan]] = {}
        tree: dict[str, Any] = {}
        for each in stated:
            plan = _Plan(each, row_id)
            for path in plan.paths:
                _grow(tree, path)
            for kind in each.kinds:
                self._plans.setdefault(kind, []).append(plan)
        row = _shape("Row", tree)
        page: Any = list[row]  # type: ignore[valid-type]
        for name in reversed(list(filter(None, rows.split(".")))):
            page = msgspec.defstruct("Page", [("inner", page, None)], rename={"inner": name}, gc=False)
        self._depth = len(list(filter(None, rows.split("."))))
        remembered = _Amounts()
        self._page = msgspec.json.Decoder(page, float_hook=remembered.__getitem__)
        self._row = msgspec.json.Decoder(row, float_hook=remembered.__getitem__)

    def page(self, body: bytes) -> list[Any] | None:
        """The rows of a page, decoded as far as they state something; None when one of them cannot be."""
        try:
            found = self._page.decode(body)
            for _ in range(self._depth):
                found = found.inner
        except (*_UNREADABLE, AttributeError):
            return None
        return found if isinstance(found, list) else None

    def row(self, row: bytes) -> Any:
        """One row; None when it cannot be read."""
        try:
            return self._row.decode(row)
        except _UNREADABLE:
            return None

    def total(self, row: Any, kind: str, external_id: str, currency: str, held: int) -> int | None:
        """What ``row`` states as the total of a record, in minor units; None: it does not say.

        ``held`` is what the record has: the answer where the platform may mean one or the other, and it is one of them.
        """
        for plan in self._plans.get(kind, ()):
            try:
                found = plan.total(row, external_id, currency, held)
            except (ArithmeticError, ValueError, TypeError):
                return None
            if found is not None:
                return found
        return None


class _Amounts(dict[str, Decimal]):
    """Numbers as they are written, exact."""

    def __missing__(self, text: str) -> Decimal:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        value = self[text] = Decimal(text)
        return value


class _Plan:
    """One declaration, made ready to be asked for every record of its kinds."""

    def __init__(self, said: Stated, row_id: str) -> None:
        self.said = said
        inner = f"{said.each}[]." if said.each else ""
        conditions = [_split(each) for each in (*said.when, *said.unless)]
        own = [*said.plus, *said.minus, *said.either, said.id, *(path for path, _, _ in conditions)]
        self.paths = [inner + path for path in own] + [path for path in (row_id, said.currency) if path]
        self._elements = _walker(f"{said.each}[]") if said.each else None
        self._id, self._row_id = _walker(said.id), _walker(row_id)
        self._plus, self._minus = [*map(_walker, said.plus)], [*map(_walker, said.minus)]
        self._either = [*map(_walker, said.either)]
        self._currency = _walker(said.currency) if said.currency else None
        self._when = [_test(*_split(each)) for each in said.when]
        self._unless = [_test(*_split(each)) for each in said.unless]
        self._is_plain = said.names == ("{id}",) and not said.numbered

    def total(self, row: Any, external_id: str, currency: str, held: int) -> int | None:
        """As `Reader.total`."""
        if self._currency is not None:
            told = next(iter(self._currency(row)), None)
            if told and told != currency and told != NO_CURRENCY and str(told).upper() != currency:
                return None
        for number, element in enumerate(self._elements(row) if self._elements else (row,)):
            if self._is(element, row, number, external_id):
                return self._of(element, currency, held)
        return None

    def _is(self, element: Any, row: Any, number: int, external_id: str) -> bool:
        found = next(iter(self._id(element)), None)
        if self._is_plain:
            return found == external_id or str(found) == external_id
        own = next(iter(self._row_id(row)), None)
        end = f":{number}" if self.said.numbered and number else ""
        return any(f"{name.format(id=found, row=own)}{end}" == external_id for name in self.said.names)

    def _of(self, element: Any, currency: str, held: int) -> int | None:
        if not all(test(element) for test in self._when) or any(test(element) for test in self._unless):
            return None
        parts = [(1, amount) for walk in self._plus for amount in walk(element)]
        parts += [(-1, amount) for walk in self._minus for amount in walk(element)]
        if not parts or parts[0][1] is None:
            return None
        found = sum([sign * self._units(amount, currency) for sign, amount in parts if amount is not None])
        if self.said.unsigned and abs(found) == abs(held):
            return held
        if found != held:
            for walk in self._either:
                other = sum([self._units(amount, currency) for amount in walk(element) if amount is not None])
                if any(found + times * other == held for times in _TIMES):
                    return held
        return -abs(found) if self.said.unsigned and held < 0 else found

    def _units(self, amount: Any, currency: str) -> int:
        """Minor units; what has more decimals than the currency is no total of it."""
        exponent = EXPONENTS[currency]
        if self.said.in_minor:
            exponent -= (self.said.decimals or {}).get(currency, exponent)
        value = amount if type(amount) in (int, Decimal) else Decimal(amount)
        units = value * 10**exponent if exponent >= 0 else value / 10**-exponent
        whole = int(units)
        if whole != units:
            raise ValueError(f"{amount} is no whole number of minor units")
        return whole


_Walk = Callable[[Any], Iterable[Any]]


def _walker(path: str) -> _Walk:
    """What is at ``path`` of a decoded row: no, one or several values."""
    steps = [(name.removesuffix("[]"), name.endswith("[]")) for name in path.split(".")]
    if len(steps) == 1 and not steps[0][1]:
        field = steps[0][0]
        return lambda value: (getattr(value, field),)

    def walk(value: Any) -> Iterable[Any]:
        found = [value]
        for name, is_list in steps:
            inner = [getattr(each, name, None) for each in found]
            found = [item for each in inner if isinstance(each, list) for item in each] if is_list else inner
        return found

    return walk


def _split(condition: str) -> tuple[str, str, str]:
    """Path, "=" or "<" or "", and what it is compared with."""
    for sign in ("<", "="):
        path, found, other = condition.partition(sign)
        if found:
            return path, sign, other
    return condition, "", ""


def _test(path: str, sign: str, other: str) -> Callable[[Any], bool]:
    walk = _walker(path)
    if sign == "<":
        return lambda element: any(value is not None and Decimal(value) < 0 for value in walk(element))
    if sign == "=":
        words = frozenset(other.split("|"))
        return lambda element: any(value in words for value in walk(element))
    return lambda element: any(bool(value) for value in walk(element))


def _grow(tree: dict[str, Any], path: str) -> None:
    name, _, rest = path.partition(".")
    inner = tree.setdefault(name, {})
    if rest:
        _grow(inner, rest)


def _shape(name: str, tree: Mapping[str, Any]) -> Any:
    """The struct of a tree of fields; one that is both a value and a list is a list of values."""
    fields = []
    for field, inner in tree.items():
        kind = _shape(field, inner) if inner else Any
        # Where a platform may send an id in the place of the thing, the id is read and says nothing.
        many: Any = list[kind] | str | int | None  # type: ignore[valid-type]
        shape = many if field.endswith("[]") else (kind | str | int | None if inner else Any)
        fields.append((field.removesuffix("[]"), shape, None))
    return msgspec.defstruct(name.removesuffix("[]").title(), fields, gc=False)
