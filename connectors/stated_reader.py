"""The reader of what rows state: decodes the declared fields (`connectors.stated`) and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from connectors.stated import NO_CURRENCY, Stated
from connectors.stated_paths import grow, shape, split, test_of, walker
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
                grow(tree, path)
            for kind in each.kinds:
                self._plans.setdefault(kind, []).append(plan)
        self._steps = list(filter(None, rows.split(".")))
        row, plain = shape("Row", tree), [plans[0] for plans in self._plans.values() if plans[0].plain is not None]
        few: dict[str, Any] = {path: {} for plan in plain for path in (plan.said.id, *plan.said.plus)}
        places = sorted({*EXPONENTS.values()})
        self._rows = {each: _decoder(row, each) for each in places}
        self._pages = {each: _decoder(self._page_of(row), each) for each in places}
        self._glances = {each: _decoder(self._page_of(shape("Row", few)), each) for each in places} if plain else {}
        self._plain = {kind: plans[0].plain for kind, plans in self._plans.items() if plans[0].plain is not None}

    def _page_of(self, row: Any) -> Any:
        page: Any = list[row]
        for name in reversed(self._steps):
            page = msgspec.defstruct("Page", [("inner", page, None)], rename={"inner": name}, gc=False)
        return page

    def glance(self, body: bytes, places: int) -> list[Any] | None:
        """The rows of a page with no more than `is_stated` asks for; None where that is not enough for any kind."""
        return self._read(self._glances[places], body) if self._glances else None

    def page(self, body: bytes, places: int) -> list[Any] | None:
        """The rows of a page, decoded as far as they state something, for amounts of so many decimals; None when one
        of them cannot be."""
        return self._read(self._pages[places], body)

    def _read(self, decoder: msgspec.json.Decoder[Any], body: bytes) -> list[Any] | None:
        try:
            found = decoder.decode(body)
            for _ in self._steps:
                found = found.inner
        except (*_UNREADABLE, AttributeError):
            return None
        return found if isinstance(found, list) else None

    def row(self, row: bytes, places: int) -> Any:
        """One row; None when it cannot be read."""
        try:
            return self._rows[places].decode(row)
        except _UNREADABLE:
            return None

    def is_stated(self, row: Any, kind: str, external_id: str, held: int) -> bool:
        """The quick look at the many: whether a row, glanced at or read, certainly states just what the record has."""
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

    def all_stated(self, rows: Sequence[Any], kind: str, held: Sequence[tuple[str, int]]) -> bool:
        """The same of many rows and records at once, for totals of one or two amounts: whether all of them certainly
        are."""
        plain = self._plain.get(kind)
        if plain is None or not rows:
            return False
        told = [*map(plain, rows)]
        found: list[tuple[Any, int]]
        if len(told[0]) == 2:
            found = [(own, amount) for own, amount in told if type(amount) is Units]
        elif len(told[0]) == 3:
            found = [(own, one + two) for own, one, two in told if type(one) is Units and type(two) is Units]
        else:
            return False
        return found == held

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
        conditions = [split(each) for each in (*said.when, *said.unless)]
        own = [*said.plus, *said.minus, *said.either, said.id, *(path for path, _, _ in conditions)]
        self.paths = [inner + path for path in own] + [path for path in (row_id, said.currency) if path]
        self._elements = walker(f"{said.each}[]") if said.each else None
        self._id, self._row_id = walker(said.id), walker(row_id)
        self._plus, self._minus = [*map(walker, said.plus)], [*map(walker, said.minus)]
        self._either = [*map(walker, said.either)]
        self._currency = walker(said.currency) if said.currency else None
        self._when = [test_of(*split(each)) for each in said.when]
        self._unless = [test_of(*split(each)) for each in said.unless]
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
