"""Every code that a merchant can meet has words, in which the facts of the case stand."""

from __future__ import annotations

import re

import pytest

from commerce_sync.flow import problem_words
from commerce_sync.status import CODES
from connectors import credentials, errors
from connectors.errors import RefusalReason
from ledger.problems import CATALOG


def test_every_problem_failure_refusal_and_status_has_words() -> None:
    failures = {each.__name__ for each in _below(errors.Failure) if each.__module__.startswith("connectors.")}
    assert credentials.UnreadableCredential.__name__ in failures
    assert set(problem_words.PROBLEMS) == set(CATALOG)
    assert set(problem_words.REFUSALS) == {reason.value for reason in RefusalReason}
    assert set(problem_words.FAILURES) == failures
    assert set(problem_words.CODES) == set(CODES)


def _below(kind: type) -> set[type]:
    return {each for below in kind.__subclasses__() for each in (below, *_below(below))}


@pytest.mark.parametrize("code", sorted(CATALOG))
def test_words_name_no_fact_that_the_problem_has_not(code: str) -> None:
    reason, words = CATALOG[code], problem_words.PROBLEMS[code]
    facts = set(re.findall(r"{(\w+)}", reason.sentence + reason.remedy))
    assert set(re.findall(r"%\((\w+)\)s", f"{words.what}{words.todo}")) <= facts


def test_amounts_are_written_as_the_reader_writes_them() -> None:
    facts = {"found": 123_450, "stated": 123_500, "currency": "EUR"}
    told = problem_words.told("lines_do_not_add_up", facts, "fr-fr")
    assert told is not None
    assert "1\N{NARROW NO-BREAK SPACE}234,50\N{NO-BREAK SPACE}€" in told.what
    assert problem_words.told("no such code", {}, "en-us") is None
