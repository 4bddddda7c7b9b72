"""The failure catalogue is whole: each case is shown by a test that is there, and the documents say which."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.reliability.shown import by_case
from tests.reliability.table import DOCS, PAGES, every_case, page


def test_each_case_is_there_once() -> None:
    assert [name for name, n in Counter(case.id for case in every_case()).items() if n > 1] == []


def test_each_case_is_shown_by_a_test_or_says_why_not() -> None:
    shown = by_case()
    assert [case.id for case in every_case() if case.id not in shown and not case.note] == []


def test_no_test_names_a_case_that_is_not_there() -> None:
    assert sorted(set(by_case()) - {case.id for case in every_case()}) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_document_is_current(name: str) -> None:
    assert (DOCS / name).read_text() == page(name), "python -m tests.reliability writes it anew"
