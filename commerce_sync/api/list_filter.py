"""Lists that are in memory by the published query language; `orm_filter` is the same for rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from rest_framework.request import Request

from commerce_sync.api.errors import invalid
from commerce_sync.api.query import parse, parse_order
from commerce_sync.api.query_tree import BadQuery, Clause, Node
from commerce_sync.api.query_values import Kind, check, unresolved, value_of

T = TypeVar("T")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": lambda found, wanted: wanted.lower() in found.lower(),
}


class Listed(NamedTuple):
    """``attribute`` of an item, which is never absent, under its published name."""

    attribute: str
    kind: Kind = "text"


def filtered_list(items: Sequence[T], fields: Mapping[str, Listed], request: Request, noun: str) -> list[T]:
    """The items that ``query`` of ``request`` asks for, as ``orderBy`` does; equal ones stay in their order.

    Raises `ApiError` 400.
    """
    found = list(items)
    try:
        text = request.query_params.get("query", "").strip()
        if text:
            node = parse(text)
            check(node, lambda path: fields[path].kind if path in fields else None, noun)
            found = [item for item in found if _holds(node, item, fields)]
        order = request.query_params.get("orderBy", "").strip()
        for field in reversed(parse_order(order) if order else ()):
            if field.path not in fields:
                raise unresolved(field.path, noun)
            found.sort(key=operator.attrgetter(fields[field.path].attribute), reverse=field.descending)
    except BadQuery as refusal:
        raise invalid(str(refusal)) from None
    return found


def _holds(node: Node, item: object, fields: Mapping[str, Listed]) -> bool:
    if not isinstance(node, Clause):
        parts = (_holds(part, item, fields) for part in node.parts)
        return all(parts) if node.every else any(parts)
    field = fields[node.path]
    wanted = value_of(node, field.kind)
    found = getattr(item, field.attribute)
    if wanted is None:
        return node.operator == "!="
    return _COMPARE[node.operator](found, wanted)
