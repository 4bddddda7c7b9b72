"""The bulk path's own small tools."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import sql

pytestmark = pytest.mark.django_db

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


@given(st.lists(TEXTS))
def test_an_array_literal_of_texts_reads_back_as_it_was(values: list[str]) -> None:
    assert sql.rows("SELECT %s::text[]", (sql.texts(values),))[0][0] == values


@pytest.mark.parametrize("value", ['"', '","', "\\", '\\"', "{}", "NULL", "", " a ", 'a"b', "','"])
def test_what_has_a_meaning_in_literals_is_taken_as_text(value: str) -> None:
    for values in ([value], [value, "x"], ["x", value, value]):
        assert sql.rows("SELECT %s::text[]", (sql.texts(values),))[0][0] == values


def test_numbers_read_back_as_they_were() -> None:
    assert sql.rows("SELECT %s::bigint[]", (sql.bigints([1, -2, 2**62]),))[0][0] == [1, -2, 2**62]


def test_plans_are_forgotten_in_time() -> None:
    """After enough statements of one connection its kept plans are planned anew, and the statements go on."""
    for _ in range(35):
        assert sql.rows("SELECT count(*) FROM ledger_source WHERE id = %s", (1,), keep_plan=True) == [(0,)]
