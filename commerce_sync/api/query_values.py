"""What the values of a query mean for properties of a kind, and which properties there are. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from commerce_sync.api.query_tree import BadQuery, Clause, Node

Kind = Literal["text", "number", "instant", "boolean", "uuid"]
Value = str | Decimal | datetime | bool | UUID
Resolve = Callable[[str], Kind | None]

_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,10})?", re.ASCII)
_ORDERED: Final = frozenset({">", ">=", "<", "<="})


def unresolved(path: str, noun: str) -> BadQuery:
    """The refusal of a property that rows of `noun` do not have, in the published words."""
    return BadQuery(f"Could not resolve property {path[:100]} on {noun}")


def check(node: Node, kind_of: Resolve, noun: str) -> None:
    """Refuse properties that `noun` does not have and values that are not of their property's kind (`BadQuery`)."""
    for clause in clauses(node):
        kind = kind_of(clause.path)
        if kind is None:
            raise unresolved(clause.path, noun)
        value_of(clause, kind)


def clauses(node: Node) -> Sequence[Clause]:
    """All clauses of the tree, from left to right."""
    if isinstance(node, Clause):
        return [node]
    return [clause for part in node.parts for clause in clauses(part)]


def value_of(clause: Clause, kind: Kind) -> Value | None:
    """The clause's value as what its property is, None for null. Raises `BadQuery` when it is not one, or when the
    operator has no meaning there: text has no order, only text contains."""
    operator, text = clause.operator, clause.value
    if operator == "~" and kind != "text" or operator in _ORDERED and kind not in ("number", "instant"):
        raise BadQuery(f"Malformed query. {operator} cannot be used with {clause.path} ({kind})", clause.position)
    if text is None:
        if operator not in ("=", "!="):
            raise BadQuery("Malformed query. null goes with = and != only", clause.position)
        return None
    if kind == "text":
        return text
    try:
        return _READ[kind](text)
    except (ValueError, OverflowError):
        shown = text[:60]
        raise BadQuery(
            f"Malformed query. {clause.path} is compared with {shown!r}, which is {_WANTED[kind]}", clause.position
        ) from None


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _instant(text: str) -> datetime:
    # "+02:00" arrives with a space when the plus sign was not URL-encoded: the commonest slip of all.
    date, separator, time = text.partition("T")
    moment = datetime.fromisoformat(date + separator + time.replace(" ", "+"))
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_READ: Final[dict[str, Callable[[str], Value]]] = {
    "number": _number,
    "instant": _instant,
    "boolean": _boolean,
    "uuid": UUID,
}
_WANTED: Final = {
    "number": "no number",
    "instant": "no date (2021-01-28) or time (2021-01-28T09:30:00Z)",
    "boolean": "neither true nor false",
    "uuid": "no identifier",
}
