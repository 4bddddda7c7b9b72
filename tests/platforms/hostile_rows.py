"""Rows that no careful platform sends, made of rows that it does send: one thing is wrong with each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

# What takes the place of a value, one after the other.
POISONS: tuple[Any, ...] = (
    *(None, "", " ", "\x00", "nonsense", "\U0001f9cb", "9" * 400, -1, 0, 10**30, 1.5, True, False),
    *([], {}, [None], {"amount": "much"}, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"),
    *("2026-03-02T12:00:00", "ZZZ"),
)
BROKEN = (b"", b"{", b"null", b"[]", b'"row"', b"\xff\xfe", b"[" * 5_000, b'{"id": "\\ud800"}', b"{}")


def spoiled(row: bytes) -> Iterator[bytes]:
    """The row with each of its fields gone, and with each of its values something else."""
    yield from BROKEN
    value = json.loads(row)
    for path in _paths(value):
        yield _with(value, path, _GONE)
        for poison in POISONS:
            yield _with(value, path, poison)


_GONE = object()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, (*path, name))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0))


def _with(value: Any, path: tuple[Any, ...], poison: Any) -> bytes:
    copied = json.loads(json.dumps(value))
    level = copied
    for step in path[:-1]:
        level = level[step]
    if poison is _GONE:
        del level[path[-1]]
    else:
        level[path[-1]] = poison
    return json.dumps(copied).encode()


def with_word(row: bytes, word: str) -> Iterator[bytes]:
    """The row with `word` in the place of each of its texts."""
    value = json.loads(row)
    for path in _paths(value):
        inner = value
        for step in path:
            inner = inner[step]
        if isinstance(inner, str):
            yield _with(value, path, word)
