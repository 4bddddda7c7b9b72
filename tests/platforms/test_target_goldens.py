"""What is sent to each accounting platform for one document of each kind: nothing changes there unseen.

Driven by folder: with `--update-golden`, `<key>/golden/<case>.json` is written, whose difference is then read. A
folder's `judge.py` holds each of them to the vendor's description by `faults_of(request)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import registry
from connectors.declare import Budget
from connectors.wire import Request
from tests.platforms.outgoing import CODED, ORDER, as_written, documents, golden, judge_of, nowhere, wired
from tests.platforms.targets import Fake, running, targets

CASES = (*documents(nowhere()), CODED, ORDER)
of_each_target = pytest.mark.parametrize("key", targets())
of_each_case = pytest.mark.parametrize("case", CASES)


@pytest.fixture
def fake(key: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running(key) as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        monkeypatch.setattr(type(registry.accounting(key)), "budget", Budget())
        yield state


def sent(key: str, case: str, fake: Fake) -> list[Request]:
    if case == CODED:
        if not hasattr(fake, "offer_tax_codes"):
            pytest.skip(f"{key} has tax codes in every case")
        fake.offer_tax_codes()
    with wired(key, fake) as wire:
        if case == ORDER:
            if not wire.platform.drafts_orders:
                pytest.skip(f"{key} drafts no orders")
            return wire.sent_for_order()
        wanted = documents(wire.chart)["invoice" if case == CODED else case]
        if missing := {type(each).__name__ for each in wanted} - wire.platform.document_kinds:
            pytest.skip(f"{key} takes no {', '.join(sorted(missing))}")
        return wire.sent_for(wanted)


@of_each_target
@of_each_case
def test_what_is_sent_is_what_the_golden_says(key: str, case: str, fake: Fake, request: pytest.FixtureRequest) -> None:
    found, place = as_written(sent(key, case, fake)), golden(key, case)
    if request.config.getoption("--update-golden"):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(found)
    elif not place.parent.exists() or (case == ORDER and not place.exists()):
        pytest.skip(f"{key} keeps no golden of it")
    assert found.decode() == place.read_text()


@of_each_target
@of_each_case
def test_what_is_sent_fits_the_vendors_description(key: str, case: str, fake: Fake) -> None:
    judge = judge_of(key)
    if judge is None:
        pytest.skip(f"{key} has no judge")
    try:
        assert [fault for each in sent(key, case, fake) for fault in judge(each)] == []
    except LookupError as missing:
        pytest.skip(str(missing))
