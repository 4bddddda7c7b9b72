"""Lists of Django rows by the published query language: what a caller may ask of them, and nothing else.

A list declares its fields: the published path, what Django calls it, what kind of value it is. A path that is not
declared does not exist, so nothing that is not published can be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request

from commerce_sync.api.errors import invalid
from commerce_sync.api.query import parse, parse_order
from commerce_sync.api.query_tree import BadQuery, Clause, Node
from commerce_sync.api.query_values import Kind, clauses, unresolved, value_of

Rows = TypeVar("Rows", bound=Model)
_LOOKUPS: Final = {"=": "exact", "!=": "exact", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "~": "icontains"}


class Field(NamedTuple):
    """``lookup`` is Django's path to the value. ``many``: it leads over rows of which there may be several; the query
    then holds for any of them (``!=``: for none of them), and the list cannot be ordered by it."""

    lookup: str
    kind: Kind = "text"
    many: bool = False


Fields = Mapping[str, Field]


def filtered(queryset: QuerySet[Rows], fields: Fields, request: Request, noun: str = "") -> QuerySet[Rows]:
    """`queryset` narrowed by ``query`` and ordered by ``orderBy`` of `request`, in one fixed order.

    `noun` is what the rows are called in a refusal, by default the model's name. Without ``orderBy`` the order is the
    queryset's own; rows that it leaves equal come by their key, so that pages never overlap. Raises `ApiError` (400).
    """
    noun = noun or queryset.model.__name__
    try:
        text = request.query_params.get("query", "").strip()
        if text:
            queryset = _narrowed(queryset, parse(text), fields, noun)
        return _ordered(queryset, request.query_params.get("orderBy", "").strip(), fields, noun)
    except BadQuery as refusal:
        raise invalid(str(refusal)) from None


def as_q(node: Node, fields: Fields, noun: str) -> Q:
    """The condition that `node` is in Django's terms; raises `BadQuery`."""
    if isinstance(node, Clause):
        return _condition(node, fields, noun)
    whole = Q()
    for part in node.parts:
        whole = whole & as_q(part, fields, noun) if node.every else whole | as_q(part, fields, noun)
    return whole


def _condition(clause: Clause, fields: Fields, noun: str) -> Q:
    field = fields.get(clause.path)
    if field is None:
        raise unresolved(clause.path, noun)
    value = value_of(clause, field.kind)
    if value is None:
        return Q(**{f"{field.lookup}__isnull": clause.operator == "="})
    if isinstance(value, str) and "\0" in value:  # no text of PostgreSQL can hold it
        return Q(pk__in=()) if clause.operator != "!=" else ~Q(pk__in=())
    condition = Q(**{f"{field.lookup}__{_LOOKUPS[clause.operator]}": value})
    return ~condition if clause.operator == "!=" else condition


def _narrowed(queryset: QuerySet[Rows], node: Node, fields: Fields, noun: str) -> QuerySet[Rows]:
    condition = as_q(node, fields, noun)
    if not any(fields[clause.path].many for clause in clauses(node)):
        return queryset.filter(condition)
    # Over a join to many a row would come once for each of them.
    matching: QuerySet[Any] = queryset.model._default_manager.filter(condition)
    return queryset.filter(pk__in=matching.order_by().values("pk"))


def _ordered(queryset: QuerySet[Rows], text: str, fields: Fields, noun: str) -> QuerySet[Rows]:
    if not text:
        own = [*queryset.query.order_by] or [*(queryset.model._meta.ordering or ())]
        return queryset.order_by(*own, "pk")
    lookups = []
    for order in parse_order(text):
        field = fields.get(order.path)
        if field is None or field.many:
            raise unresolved(order.path, noun)
        lookups.append(f"-{field.lookup}" if order.descending else field.lookup)
    return queryset.order_by(*lookups, "pk")
