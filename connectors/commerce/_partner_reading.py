"""Reading a row, and saying what is wrong with one and where.

``null``, an absent field and, as in the published examples (``"taxAmount": ""``), a blank string all mean
that nothing was said. Reading fails in two ways only: ``msgspec.ValidationError`` with the path of the
value that has the wrong type, or `RowProblem` for everything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from connectors.commerce._partner_wire import Wire
from connectors.errors import MappingProblem
from ledger.problems import CATALOG

T = TypeVar("T")


class RowProblem(MappingProblem):
    """A `MappingProblem` that also keeps the facts which the catalog's sentence of its code is made of."""

    def __init__(self, code: str, path: str, facts: Mapping[str, str | int]) -> None:
        self.facts = dict(facts)
        super().__init__(code, path, CATALOG[code].sentence.format_map(self.facts))


class Unfit(Exception):
    """Internal: `node`, a value somewhere in the row, cannot be used. `at` finds where it is.

    The mapping carries no paths along: that would cost every good row for the sake of the bad ones.
    """

    def __init__(self, code: str, node: object, field: str = "", facts: Mapping[str, str | int] | None = None) -> None:
        super().__init__(code)
        self.code, self.node, self.field, self.facts = code, node, field, facts or {}

    def at(self, row: Wire) -> RowProblem:
        """The problem, with the path of the value in `row`."""
        return RowProblem(self.code, (_path(self.node, row, "$") or "$") + self.field, self.facts)


_loose: Final = msgspec.json.Decoder(float_hook=Decimal)
# The character NUL is JSON, but no text of PostgreSQL can hold it: one row would take its whole batch down.
_nul: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000").search


def without_nul(body: bytes) -> bool:
    """Whether no text in the JSON of `body` contains the character NUL."""
    # Most rows escape nothing at all, and one character is found faster than six.
    return b"\\" not in body or b"\\u0000" not in body or not _nul(body)


def read(decoder: msgspec.json.Decoder[T], row: bytes | msgspec.Raw) -> T:
    """`row` in the shape of `decoder`; raises ``msgspec.ValidationError`` with a path, or `RowProblem`."""
    body = bytes(row)
    if not without_nul(body):
        raise RowProblem("malformed", "$", {"message": "a text contains the character NUL"})
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as refusal:
        return _read_blanks(decoder, body, refusal)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RowProblem("malformed", "$", {"message": str(error)}) from None
    except RecursionError:
        raise RowProblem("malformed", "$", {"message": "it is nested too deeply"}) from None


def _read_blanks(decoder: msgspec.json.Decoder[T], body: bytes, refusal: msgspec.ValidationError) -> T:
    """A second, slower reading in which blank strings say nothing; the first refusal if there is none."""
    try:
        value = _loose.decode(body)
        said = _without_blanks(value)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError):
        raise refusal from None
    return msgspec.convert(said, decoder.type)


def _without_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_blanks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_blanks(item) for item in value]
    return None if value == "" else value


def _path(node: object, tree: object, path: str) -> str | None:
    """Where `node` (the very object) is in `tree`."""
    if tree is node:
        return path
    if isinstance(tree, Struct):
        pairs = zip(tree.__struct_encode_fields__, tree.__struct_fields__, strict=True)
        children = [(f"{path}.{name}", getattr(tree, attribute)) for name, attribute in pairs]
    elif isinstance(tree, list):
        children = [(f"{path}[{index}]", item) for index, item in enumerate(tree)]
    else:
        return None
    found = (_path(node, child, where) for where, child in children)
    return next((where for where in found if where), None)
