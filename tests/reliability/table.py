"""The tables of docs/reliability.md and docs/security.md, between their marks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.reliability import limits, load, money, processes, reading, security, storage, tokens, webhooks, writing
from tests.reliability.case import Case
from tests.reliability.shown import by_case

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final = {
    "reliability.md": (writing, reading, tokens, webhooks, money, limits, processes, storage, load),
    "security.md": (security,),
}
BEGINS, ENDS = "<!-- cases begin: python -m tests.reliability -->", "<!-- cases end -->"


def every_case() -> list[Case]:
    """All cases, in the order of the pages."""
    return [case for groups in PAGES.values() for group in groups for case in group.CASES]


def page(name: str) -> str:
    """The document `name` as it should be, with its tables made anew."""
    shown = by_case()
    parts = []
    for group in PAGES[name]:
        rows = [_row(case, shown.get(case.id, [])) for case in group.CASES]
        parts += [f"### {group.TITLE}", "", "| | what happens | what must come of it | shown by |", "|---|---|---|---|"]
        parts += [*rows, ""]
    between = "\n".join([BEGINS, "", *parts, ENDS])
    return re.sub(f"{re.escape(BEGINS)}.*{re.escape(ENDS)}", lambda _: between, (DOCS / name).read_text(), flags=re.S)


def _row(case: Case, tests: list[str]) -> str:
    by = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests)
    return f"| {case.id} | {case.happens} | {case.must} | {'<br>'.join(filter(None, [by, case.note]))} |"
