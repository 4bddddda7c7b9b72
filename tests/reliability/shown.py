"""Which tests show which cases: read from the marks in the source, so that nothing has to be run or imported."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]


def by_case() -> dict[str, list[str]]:
    """``path::Class::test`` (or ``path::Class``) of each case, in the order of the paths."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("*.py")):
        text = path.read_text()
        if "mark.case(" in text:
            for place, case in _marks(ast.parse(text).body, str(path.relative_to(TESTS.parent))):
                found[case].append(place)
    return dict(found)


def _marks(body: list[ast.stmt], within: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            place = f"{within}::{node.name}"
            cases = {case for decorator in node.decorator_list for case in _named(decorator)}
            yield from ((place, case) for case in sorted(cases))
            if isinstance(node, ast.ClassDef):
                yield from _marks(node.body, place)


def _named(decorator: ast.expr) -> Iterator[str]:
    for node in ast.walk(decorator):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.case"):
            yield from (argument.value for argument in node.args if isinstance(argument, ast.Constant))
