"""The published query language: what ``query=`` and ``orderBy=`` of a list mean. Pure.

    query   := all ("||" all)*
    all     := part ("&&" part)*          && binds tighter than ||
    part    := "{" query "}" | "(" query ")" | clause
    clause  := path operator value        path: names joined by dots;  operator: = != > >= < <= ~ (contains)

A value runs to the next ``&&``, ``||`` or closing bracket and may contain spaces and brackets of its own that match
(``name=Till (old)``); in quotes, single or double, it may contain anything, ``\\`` before a quote or a backslash.
Unquoted ``null`` with ``=`` or ``!=`` asks whether there is a value at all. Text compares exactly with ``=``, without
regard to case with ``~``. A date without a time is its midnight in UTC, as is a time without a zone.

A query is at most `LONGEST` characters long, has at most `MOST_CLAUSES` clauses and is nested `DEEPEST` levels at most.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, NoReturn

from commerce_sync.api.query_tree import BadQuery, Clause, Group, Node, Order

LONGEST: Final = 2_048  # characters, as published
MOST_CLAUSES: Final = 50
DEEPEST: Final = 10
MOST_ORDERS: Final = 5

_PATH: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_OPERATOR: Final = re.compile(r"!=|>=|<=|=|>|<|~")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"' r"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_ESCAPED: Final = re.compile(r"""\\([\\'"])""")
_SPACE: Final = re.compile(r"\s*")
_CLOSES: Final = {"{": "}", "(": ")"}


def parse(text: str) -> Node:
    """The tree of a query; raises `BadQuery`."""
    if len(text) > LONGEST:
        raise BadQuery(f"Malformed query. It has {len(text):,} characters; at most {LONGEST:,} are allowed", LONGEST)
    return _Reader(text).whole()


def parse_order(text: str) -> tuple[Order, ...]:
    """The fields of an ``orderBy``, first the most important; raises `BadQuery`."""
    fields = [field.strip() for field in text.split(",")]
    if len(text) > LONGEST or len(fields) > MOST_ORDERS:
        raise BadQuery(f"Malformed orderBy. At most {MOST_ORDERS} fields are allowed")
    orders = [Order(field.removeprefix("-").strip(), field.startswith("-")) for field in fields]
    for order in orders:
        if not _PATH.fullmatch(order.path):
            raise BadQuery(f"Malformed orderBy. Expected a property name, not {order.path[:40]!r}")
    return tuple(orders)


class _Reader:
    """Reads a query from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.count = text, 0, 0

    def whole(self) -> Node:
        node = self.either(0)
        if self.at < len(self.text):
            self.refuse("&&, || or the end")
        return node

    def either(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise BadQuery(f"Malformed query. It is nested deeper than {DEEPEST} levels", self.at)
        return self.joined("||", lambda: self.joined("&&", lambda: self.part(depth)))

    def joined(self, word: Literal["&&", "||"], one: Callable[[], Node]) -> Node:
        parts = [one()]
        while self.takes(word):
            parts.append(one())
        return parts[0] if len(parts) == 1 else Group(word == "&&", tuple(parts))

    def part(self, depth: int) -> Node:
        for opening, closing in _CLOSES.items():
            if self.takes(opening):
                node = self.either(depth + 1)
                if not self.takes(closing):
                    self.refuse(f"&&, || or {closing}")
                return node
        return self.clause()

    def clause(self) -> Clause:
        position = self.skip()
        path = _PATH.match(self.text, self.at)
        if path is None:
            self.refuse("a property name")
        self.at = path.end()
        self.skip()
        operator = _OPERATOR.match(self.text, self.at)
        if operator is None:
            self.refuse("one of = != > >= < <= ~")
        self.at = operator.end()
        self.skip()
        self.count += 1
        if self.count > MOST_CLAUSES:
            raise BadQuery(f"Malformed query. It has more than {MOST_CLAUSES} conditions", position)
        value = self.quoted() if self.text[self.at : self.at + 1] in ("'", '"') else self.bare()
        return Clause(path.group(), operator.group(), value, position)  # type: ignore[arg-type]  # by _OPERATOR

    def quoted(self) -> str:
        quoted = _QUOTED.match(self.text, self.at)
        if quoted is None:
            quote, self.at = self.text[self.at], len(self.text)
            self.refuse(f"the closing {quote}")
        self.at = quoted.end()
        return _ESCAPED.sub(r"\1", quoted.group()[1:-1])

    def bare(self) -> str | None:
        start, at, opened = self.at, self.at, list[str]()
        if _OPERATOR.match(self.text, at):
            self.refuse("a value")
        while at < len(self.text) and not self.text.startswith(("&&", "||"), at):
            character = self.text[at]
            if character in _CLOSES:
                opened.append(_CLOSES[character])
            elif character in _CLOSES.values() and (not opened or opened.pop() != character):
                break
            at += 1
        self.at = at
        value = self.text[start:at].strip()
        if not value:
            self.at = start
            self.refuse("a value")
        return None if value == "null" else value

    def takes(self, word: str) -> bool:
        self.skip()
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def skip(self) -> int:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def refuse(self, expected: str) -> NoReturn:
        rest = self.text[self.at : self.at + 20]
        found = repr(rest) if rest else "the end"
        raise BadQuery(f"Malformed query. Expected {expected} at position {self.at}, found {found}", self.at)
