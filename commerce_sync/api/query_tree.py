"""What a query of the published language is once it is read. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~"]


class BadQuery(ValueError):
    """The query cannot be followed. ``position`` is the index of the character that it fails at, from 0; None when the
    fault is no place in the text. The message is the published sentence and what was expected."""

    def __init__(self, message: str, position: int | None = None) -> None:
        self.position = position
        super().__init__(f"Error parsing query - {message}")


class Clause(Struct, frozen=True):
    """``path operator value``. ``value`` is as written, None for an unquoted ``null``."""

    path: str
    operator: Operator
    value: str | None
    position: int


class Group(Struct, frozen=True):
    """Parts of which all (``every``) or at least one must hold; two parts or more."""

    every: bool
    parts: tuple[Node, ...]


Node = Clause | Group


class Order(Struct, frozen=True):
    """One field to order by."""

    path: str
    descending: bool
