"""The reader of what rows state: decodes the declared fields (`connectors.stated`) and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from connectors.stated import NO_CURRENCY, Stated
from ledger.money import EXPONENTS

_MOST_REMEMBERED: Final = 20_000  # texts of amounts for each number of decimals: prices repeat
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, ArithmeticError)
_TIMES: Final = (1, -1, 2)  # how often an amount of `either` may be in a total or missing from it


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
        steps = list(filter(None, rows.split(".")))
        for name in reversed(steps):
            page = msgspec.defstruct("Page", [("inner", page, None)], rename={"inner": name}, gc=False)
        self._depth = len(steps)
        self._decoders = {
            places: (_decoder(page, places), _decoder(row, places)) for places in sorted({*EXPONENTS.values()})
        }
        self._plain = {kind: plans[0].plain for kind, plans in self._plans.items() if plans[0].plain is not None}

    def page(self, body: bytes, places: int) -> list[Any] | None:
        """The rows of a page, decoded as far as they state something, for amounts of so many decimals; None when one
        of them cannot be."""
        try:
            found = self._decoders[places][0].decode(body)
            for _ in range(self._depth):
                found = found.inner
        except (*_UNREADABLE, AttributeError):
            return None
        return found if isinstance(found, list) else None

    def row(self, row: bytes, places: int) -> Any:
        """One row; None when it cannot be read."""
        try:
            return self._decoders[places][1].decode(row)
        except _UNREADABLE:
            return None

    def is_stated(self, row: Any, kind: str, external_id: str, held: int) -> bool:
        """The quick look at the many: whether the row certainly states just what the record has."""
        plain = self._plain.get(kind)
        if plain is None:
            return False
        own, *amounts = plain(row)
        found = 0
        for amount in amounts:
            if type(amount) is not Units:
                return False
            found += amount
        return found == held and own == external_id

    def total(self, row: Any, kind: str, external_id: str, currency: str, held: int, places: int) -> int | None:
        """What ``row``, read for so many ``places``, states as the total of a record in minor units; None: it does not
        say.

        ``held`` is what the record has: the answer where the platform may mean one or the other, and it is one of them.
        """
        for plan in self._plans.get(kind, ()):
            try:
                found = plan.total(row, external_id, Money(currency, places), held)
            except (ArithmeticError, ValueError, TypeError):
                return None
            if found is not None:
                return found
        return None


class Units(int):
    """A number of a row, in minor units of so many decimals as its page was read for."""

    __slots__ = ()


class _Amounts(dict[str, Any]):
    """Numbers as they are written, exact: `Units` where they have no more than so many decimals, else a decimal."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self.scale = Decimal(10) ** places

    def __missing__(self, text: str) -> Units | Decimal:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        value = Decimal(text)
        scaled = value * self.scale
        whole = Units(scaled)
        found = self[text] = whole if whole == scaled else value
        return found


class Money(NamedTuple):
    """The currency of a record, and the decimals that `Units` of its row have."""

    currency: str
    places: int


def _decoder(shape: Any, places: int) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape, float_hook=_Amounts(places).__getitem__)


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
        is_simple = self._is_plain and not (said.minus or said.each or said.when or said.unless or said.in_minor)
        flat = is_simple and not any("." in path or "[" in path for path in (said.id, *said.plus))
        self.plain = attrgetter(said.id, *said.plus) if flat else None

    def total(self, row: Any, external_id: str, money: Money, held: int) -> int | None:
        """As `Reader.total`."""
        if self._currency is not None:
            told = next(iter(self._currency(row)), None)
            if told and told != money.currency and told != NO_CURRENCY and str(told).upper() != money.currency:
                return None
        for number, element in enumerate(self._elements(row) if self._elements else (row,)):
            if self._is(element, row, number, external_id):
                return self._of(element, money, held)
        return None

    def _is(self, element: Any, row: Any, number: int, external_id: str) -> bool:
        found = next(iter(self._id(element)), None)
        if self._is_plain:
            return found == external_id or str(found) == external_id
        own = next(iter(self._row_id(row)), None)
        end = f":{number}" if self.said.numbered and number else ""
        return any(f"{name.format(id=found, row=own)}{end}" == external_id for name in self.said.names)

    def _of(self, element: Any, money: Money, held: int) -> int | None:
        if not all(test(element) for test in self._when) or any(test(element) for test in self._unless):
            return None
        parts = [(1, amount) for walk in self._plus for amount in walk(element)]
        parts += [(-1, amount) for walk in self._minus for amount in walk(element)]
        if not parts or parts[0][1] is None:
            return None
        found = sum([sign * self._units(amount, money) for sign, amount in parts if amount is not None])
        if self.said.unsigned and abs(found) == abs(held):
            return held
        if found != held:
            for walk in self._either:
                other = sum([self._units(amount, money) for amount in walk(element) if amount is not None])
                if any(found + times * other == held for times in _TIMES):
                    return held
        return -abs(found) if self.said.unsigned and held < 0 else found

    def _units(self, amount: Any, money: Money) -> int:
        """Minor units; what has more decimals than the currency is no total of it."""
        exponent = EXPONENTS[money.currency]
        if self.said.in_minor:
            exponent -= (self.said.decimals or {}).get(money.currency, exponent)
        value = Decimal(amount)
        if type(amount) is Units:
            exponent -= money.places
        units = value * Decimal(10) ** exponent
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
