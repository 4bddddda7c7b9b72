"""Dotted paths into decoded rows: how they are walked, tested, and made into shapes that decode nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

Walk = Callable[[Any], Iterable[Any]]


def walker(path: str) -> Walk:
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


def split(condition: str) -> tuple[str, str, str]:
    """Path, "=" or "<" or "", and what it is compared with."""
    for sign in ("<", "="):
        path, found, other = condition.partition(sign)
        if found:
            return path, sign, other
    return condition, "", ""


def test_of(path: str, sign: str, other: str) -> Callable[[Any], bool]:
    """The test that a split condition makes of an element."""
    walk = walker(path)
    if sign == "<":
        return lambda element: any(value is not None and Decimal(value) < 0 for value in walk(element))
    if sign == "=":
        words = frozenset(other.split("|"))
        return lambda element: any(value in words for value in walk(element))
    return lambda element: any(bool(value) for value in walk(element))


def grow(tree: dict[str, Any], path: str) -> None:
    """Add the fields along ``path`` to a tree of fields."""
    name, _, rest = path.partition(".")
    inner = tree.setdefault(name, {})
    if rest:
        grow(inner, rest)


def shape(name: str, tree: Mapping[str, Any]) -> Any:
    """The struct of a tree of fields; one that is both a value and a list is a list of values."""
    fields = []
    for field, inner in tree.items():
        kind = shape(field, inner) if inner else Any
        # Where a platform may send an id in the place of the thing, the id is read and says nothing.
        many: Any = list[kind] | str | int | None  # type: ignore[valid-type]
        own = many if field.endswith("[]") else (kind | str | int | None if inner else Any)
        fields.append((field.removesuffix("[]"), own, None))
    return msgspec.defstruct(name.removesuffix("[]").title(), fields, gc=False)
