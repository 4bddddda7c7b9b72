"""The time zone database is the release's own, and an update of it loses and doubles nothing that is posted."""

from __future__ import annotations

import importlib.resources
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger import post_due
from tests.ledger.builders import an_order, balances, daily, deliver, documents, post
from tests.ledger.cast import london

LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # half an hour before the end of the day in London
ASK = "import ledger.zones, zoneinfo; print(zoneinfo.TZPATH, ledger.zones.zone_of('Europe/London').utcoffset(None))"


@contextmanager
def told_otherwise(zone: str, other: str, folder: Path) -> Iterator[None]:
    """Meanwhile the database says of ``zone`` what it says of ``other``."""
    file = folder / zone
    file.parent.mkdir(parents=True)
    file.write_bytes(importlib.resources.files("tzdata").joinpath("zoneinfo", *other.split("/")).read_bytes())
    zoneinfo.reset_tzpath(to=[folder])
    _start_anew()
    try:
        yield
    finally:
        zoneinfo.reset_tzpath(to=())
        _start_anew()


def _start_anew() -> None:
    """An update is met by a process that starts: what one has computed is gone."""
    ZoneInfo.clear_cache()
    post_due._Books._known.clear()


@pytest.mark.case("E20")
def test_days_are_those_of_the_release_whatever_is_installed_on_the_host(tmp_path: Path) -> None:
    with told_otherwise("Europe/London", "Asia/Tokyo", tmp_path):
        assert ZoneInfo("Europe/London").utcoffset(datetime(2026, 3, 2)).seconds == 9 * 3_600  # noqa: DTZ001
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env={"PYTHONTZPATH": str(tmp_path)}, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert asked.stdout.split() == ["()", "None"]


@pytest.mark.django_db
@pytest.mark.case("E20")
def test_what_is_posted_stays_where_it_is_when_the_zone_turns_out_to_have_been_another(tmp_path: Path) -> None:
    pub = london()
    deliver(pub, an_order("o1", at=LATE), an_order("o2", at=LATE))
    post(pub)
    posted = {document.key: document.date for document in documents(pub)}
    assert daily(pub)[date(2026, 3, 2), "GBP", "sales"] == -2_000
    with told_otherwise("Europe/London", "Europe/Paris", tmp_path):  # where it is the next day already
        assert post(pub).records == 0
        assert {document.key: document.date for document in documents(pub)} == posted
        deliver(pub, an_order("o1", gross=1_800, at=LATE, v=20), an_order("o3", at=LATE))
        post(pub)
        assert post(pub).records == 0
    assert balances(pub)["sales"] == -1_500 - 1_000 - 1_000
    assert {document.key: document.date for document in documents(pub)}.items() >= posted.items()
    assert daily(pub)[date(2026, 3, 2), "GBP", "sales"] == -2_000
    assert daily(pub)[date(2026, 3, 3), "GBP", "sales"] == -1_500
