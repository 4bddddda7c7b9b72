"""Every planted fault is found and named rightly, and a clean world of the same size has nothing to find."""

from __future__ import annotations

import pytest

from tests.planted.judging import FAULTS, clean_world, faulty_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_at_least_forty_faults_are_planted() -> None:
    assert len({fault.name for fault in FAULTS}) >= 40
    assert len({fault.code for fault in FAULTS}) >= 38


def test_every_fault_is_found_and_named_rightly_and_nothing_else() -> None:
    verdict = faulty_world()
    assert (verdict.missed, verdict.false) == ([], [])


def test_a_clean_world_of_the_same_size_has_nothing_to_find() -> None:
    verdict = clean_world(len(FAULTS))
    assert verdict.false == []
