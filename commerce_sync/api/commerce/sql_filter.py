"""A query of the published language as a condition in SQL, over the columns that a dataset declares. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from commerce_sync.api.commerce.datasets import Column
from commerce_sync.api.query import parse, parse_order
from commerce_sync.api.query_tree import Clause, Node
from commerce_sync.api.query_values import unresolved, value_of

_COMPARE: Final = {"=": "=", "!=": "IS DISTINCT FROM", ">": ">", ">=": ">=", "<": "<", "<=": "<="}


class Sort(NamedTuple):
    """An expression to sort by."""

    sql: str
    descending: bool


class Asked(NamedTuple):
    """What is asked of a dataset. ``where`` has ``parameters``; without ``order`` it is the dataset's own order, which
    ``descending`` turns round. ``indexed``: no row is read in vain."""

    where: str = ""
    parameters: tuple[Any, ...] = ()
    order: tuple[Sort, ...] = ()
    descending: bool = False
    indexed: bool = True


def asked(query: str, order_by: str, fields: Mapping[str, Column], noun: str) -> Asked:
    """The meaning of ``query`` and ``orderBy`` ("" for none); raises `BadQuery`."""
    where, parameters, indexed = "", list[Any](), True
    if query:
        node = parse(query)
        where = _condition(node, fields, noun, parameters)
        indexed = _is_indexed(node, fields)
    order: list[Sort] = []
    descending = False
    found = parse_order(order_by) if order_by else ()
    for each in found:
        column = fields.get(each.path)
        if column is None:
            raise unresolved(each.path, noun)
        order.append(Sort(column.sql, each.descending))
    if found and found[0].path == "modifiedDate":
        # Their own order, in which no two rows are equal: what else was asked for cannot matter.
        order, descending = [], found[0].descending
    return Asked(where, tuple(parameters), tuple(order), descending, indexed and not order)


def _condition(node: Node, fields: Mapping[str, Column], noun: str, parameters: list[Any]) -> str:
    if isinstance(node, Clause):
        return _comparison(node, fields, noun, parameters)
    parts = [_condition(part, fields, noun, parameters) for part in node.parts]
    return f"({(' AND ' if node.every else ' OR ').join(parts)})"


def _comparison(clause: Clause, fields: Mapping[str, Column], noun: str, parameters: list[Any]) -> str:
    column = fields.get(clause.path)
    if column is None:
        raise unresolved(clause.path, noun)
    value = value_of(clause, column.kind)
    if value is None:
        return f"{column.sql} IS {'NOT ' if clause.operator == '!=' else ''}NULL"
    if isinstance(value, str) and "\0" in value:  # no text of PostgreSQL can hold it
        return "true" if clause.operator == "!=" else "false"
    parameters.append(value)
    if clause.operator == "~":
        return f"position(lower(%s::text) IN lower({column.sql})) > 0"
    return f"{column.sql} {_COMPARE[clause.operator]} %s"


def _is_indexed(node: Node, fields: Mapping[str, Column]) -> bool:
    """Whether every condition is a range or a value of an index, and all must hold."""
    if isinstance(node, Clause):
        return node.operator not in ("!=", "~") and fields[node.path].indexed
    return node.every and all(_is_indexed(part, fields) for part in node.parts)
