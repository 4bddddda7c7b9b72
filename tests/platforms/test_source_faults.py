"""What goes wrong at every platform that is pulled: nothing is lost, nothing is there twice, and a person is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.declare import Stream
from connectors.errors import CutAnswer, MappingProblem
from connectors.models import Watermark
from ledger.models import RecordRow
from tests.connectors.server import Seen, running
from tests.platforms.exchanges import Json, question_of, without_since
from tests.platforms.folders import Folder, outside_platforms, without_catalog_costs, written
from tests.platforms.hostile_rows import with_word
from tests.platforms.test_conformance_wire import CANARY, Linked

pytestmark = pytest.mark.django_db

of_each_platform = pytest.mark.parametrize("key", outside_platforms())
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?|\b\d{10}\b")


@pytest.fixture
def linked(key: str, settings: Any, tmp_path: Path) -> Iterator[Linked]:
    settings.STATIC_ROOT = tmp_path
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {key: {"client_id": "us", "client_secret": CANARY}}
        yield Linked(key, server)


def kept() -> list[Json]:
    """What stands of what was pulled, as the goldens write it."""
    stored = [written(row.record) for row in RecordRow.objects.filter(superseded=False)]
    return sorted(stored, key=lambda row: (row["record"], row["id"]))


def is_golden(linked: Linked) -> bool:
    """Whether that is what the goldens say; a refund told without its lines has been given those of its sale."""
    ours, theirs = kept(), linked.golden()
    for mine, golden in zip(ours, theirs, strict=True):
        if golden.get("lines", ()) is None:
            mine["lines"] = None
        without_catalog_costs(mine, golden)
    return ours == theirs


@of_each_platform
def test_each_pull_looks_back_for_what_comes_late(key: str, linked: Linked) -> None:
    linked.pull()
    marks = dict(Watermark.objects.values_list("dataset", "reached_at"))
    linked.server.log.clear()
    linked.pull()
    asked = dict(looked_back(linked))
    assert asked, "no stream shows since when it is asked for"
    for name, since in asked.items():
        stream = linked.folder.streams[name]
        assert stream.lookback >= timedelta(minutes=5), name
        assert since <= marks[name] - stream.lookback + timedelta(seconds=1), name


def looked_back(linked: Linked) -> Iterator[tuple[str, datetime]]:
    """(stream, instant from which on it was asked for) of everything that was asked, where an instant was named."""
    marked = set(Watermark.objects.values_list("dataset", flat=True))
    for name in marked & linked.folder.streams.keys():  # others are of other questions: what is gone
        stream = linked.folder.streams[name]
        known = [without_since(exchange["request"], stream) for exchange in linked.folder.exchanges(name)]
        for seen in linked.server.log:
            if without_since(question_of(seen), stream) in known and (since := since_of(stream, seen)) is not None:
                yield name, since


def since_of(stream: Stream, seen: Seen) -> datetime | None:
    """The instant in the place that the stream declares for it."""
    place, _, path = (stream.since or "").partition(":")
    value: Any = question_of(seen).get(place)
    for name in [path] if place == "query" else path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    found = _INSTANT.search(str(value))
    if found is None:
        return None
    if found[0].isdigit():
        return datetime.fromtimestamp(int(found[0]), UTC)
    at = datetime.fromisoformat(found[0])
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@of_each_platform
def test_json_that_is_cut_off_every_time_is_told_and_is_read_whole_later(key: str, linked: Linked) -> None:
    linked.server.fail("truncate_after", times=50)
    with pytest.raises(CutAnswer):
        linked.pull()
    assert not Watermark.objects.exists()
    linked.server.faults.clear()
    linked.pull()
    assert is_golden(linked)


@of_each_platform
def test_a_word_that_nobody_knows_is_told_with_its_place(key: str) -> None:
    folder, places = Folder(key), set[str]()
    for name in folder.streams:
        for healthy in islice(folder.bodies(name), 6):
            for row in with_word(healthy, "word_of_2031"):
                try:
                    folder.platform.map(name, row, folder.context)
                except MappingProblem as problem:
                    places |= {problem.path} if problem.code == "unknown_word" else set()
                except (msgspec.ValidationError, ValueError, ArithmeticError):
                    continue
    assert places, "a new word of the platform would go unseen"
    assert "" not in places
