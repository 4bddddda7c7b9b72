"""What a worker takes at once: many runs that stay in this house, and one that calls somebody who may be slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from commerce_sync import services, work, work_rows
from commerce_sync.models import Job
from ledger.models import Company
from tests.commerce_sync.cast import a_merchant
from tests.platforms import hostile_books

pytestmark = pytest.mark.django_db


def waiting(*names: str, platform: str) -> list[Company]:
    """Merchants whose syncs were asked for in this order."""
    companies = [a_merchant(name, platform=platform) for name in names]
    for company in companies:
        services.request_sync(company=company)
    return companies


def taken() -> list[int]:
    """The companies of the runs that one worker takes."""
    with work.Hold() as hold:
        return [run.company_id for run in work._claim(hold)]


def test_runs_that_call_outside_are_taken_one_at_a_time_and_last() -> None:
    hostile_books.register()
    first, second, third = waiting("First", "Second", "Third", platform="hostile")
    here, too = waiting("Here", "Too", platform="books")
    assert taken() == [here.pk, too.pk, first.pk]
    assert (taken(), taken(), taken()) == ([second.pk], [third.pk], [])


@pytest.mark.case("L02")
def test_whoever_hangs_outside_keeps_one_worker_and_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile_books.register()
    hanging, other = waiting("Hanging", "Other", platform="hostile")
    served: list[int] = []

    def serve(run: Any) -> Any:
        served.append(run.company_id)
        if run.company_id == hanging.pk:
            free = Job.objects.filter(state="ready", company=other).exists()
            assert free, "it waits in the batch of the one that hangs"
        return work.Done(work.Outcome(), {})

    monkeypatch.setattr(work, "run_sync", serve)
    assert work.drain().ended == 2
    assert served == [hanging.pk, other.pk]


@pytest.mark.parametrize(("tries", "found"), [(2, True), (work.CLAIM_TRIES + 2, False)])
def test_what_others_hold_for_the_moment_of_their_claim_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, tries: int, found: bool
) -> None:
    (company,) = waiting("Rose", platform="books")
    claim: Callable[[Any], Any] = work._claim
    asked: list[int] = []

    def held_by_others(hold: Any) -> Any:
        asked.append(1)
        return [] if len(asked) < tries else claim(hold)

    monkeypatch.setattr(work, "_claim", held_by_others)
    monkeypatch.setattr(work, "CLAIM_AGAIN_SECONDS", 0)
    with work.Hold() as hold:
        assert [run.company_id for run in work._next(hold)] == ([company.pk] if found else [])
    assert work_rows.is_due() is not found
    assert len(asked) <= work.CLAIM_TRIES + 1
