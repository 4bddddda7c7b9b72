"""The public status codes: which outcome gets which."""

from __future__ import annotations

import pytest

from commerce_sync.retry import FIRST_WAIT, LONGEST_WAIT, backoff
from commerce_sync.status import CODES, Cause, Outcome, code_of, code_while_running, is_success


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(written=3), 2000),
        (Outcome(), 2040),
        (Outcome("configuration"), 4000),
        (Outcome("company_gone"), 4040),
        (Outcome("deauthorized"), 4220),
        (Outcome("billing_expired"), 4260),
        (Outcome("internal"), 5000),
        (Outcome("duplicate"), 5080),
        (Outcome("reading"), 5120),
        (Outcome("writing"), 5130),
        (Outcome(written=3, undelivered=1), 5130),
        (Outcome("deauthorized", written=3, undelivered=1), 4220),
    ],
)
def test_every_outcome_has_its_published_code(outcome: Outcome, code: int) -> None:
    assert code_of(outcome) == code
    assert code in CODES


def test_every_published_code_is_reached() -> None:
    causes: list[Cause] = ["configuration", "company_gone", "deauthorized", "billing_expired"]
    causes += ["internal", "duplicate", "reading", "writing"]
    reached = {code_of(Outcome(cause)) for cause in causes} | {code_of(Outcome()), code_of(Outcome(written=1))}
    assert reached | {code_while_running(1), code_while_running(601)} == set(CODES)


def test_a_run_is_long_after_ten_minutes() -> None:
    assert (code_while_running(600), code_while_running(600.1)) == (1000, 1010)


def test_only_the_two_good_endings_are_success() -> None:
    assert [code for code in CODES if is_success(code)] == [2000, 2040]


def test_waits_double_up_to_a_limit_and_are_spread() -> None:
    waits = [backoff(attempts, 0.999999) for attempts in range(1, 14)]
    assert waits == sorted(waits)
    assert waits[-1] <= LONGEST_WAIT
    assert backoff(1, 0) == FIRST_WAIT / 2
    assert backoff(1_000, 0) == LONGEST_WAIT / 2


@pytest.mark.parametrize(("attempts", "chance"), [(0, 0.5), (1, 1.0), (1, -0.1)])
def test_a_wait_for_nothing_is_refused(attempts: int, chance: float) -> None:
    with pytest.raises(ValueError, match=r"nothing to wait for|chance"):
        backoff(attempts, chance)
