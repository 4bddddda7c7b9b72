"""What goes wrong at every platform that is pulled: nothing is lost, nothing is there twice, and a person is told."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.errors import BadAnswer, CutAnswer, Failure
from connectors.models import Watermark
from ledger.commerce import KIND_OF, Record
from ledger.models import ProblemRow, RecordRow
from tests.platforms.exchanges import Json, Unrecorded, question_of, without_since
from tests.platforms.folders import Folder, without_catalog_costs, written
from tests.platforms.listed_rows import (
    Case,
    altered,
    asked_since,
    cases,
    changing,
    instant,
    instant_like,
    listed,
    pages_of,
    record_of,
    rows_of,
    with_unheard,
)
from tests.platforms.test_conformance_wire import PLATFORMS, Linked, linked, of_each_platform, server

__all__ = ["linked", "server"]
pytestmark = pytest.mark.django_db
UNHEARD = "UNHEARD_OF"


def the_case(folder: Folder) -> Case:
    found = next(cases(folder), None)
    assert found is not None, "no stream has two rows of which each is one record"
    return found


def current(identity: str, record: Record) -> list[RecordRow]:
    kind = KIND_OF[type(record)]  # type: ignore[index]
    return list(RecordRow.objects.filter(external_id=identity, kind=kind, superseded=False))


def is_kept(record: Record | None) -> bool:
    """Whether what stands under its name is this record, once."""
    assert record is not None
    [row] = current(record.id, record)
    ours, theirs = without_catalog_costs(written(row.record), written(record))
    return ours == theirs


def _ends(linked: Linked, name: str) -> None:
    """Pages that nobody recorded are empty: a list that is walked by what has been seen goes on longer now."""
    replay, path = linked.pages[name], linked.folder.exchanges(name)[-1]["request"]["path"]
    plain, last = replay.respond, json.loads(json.dumps(linked.folder.exchanges(name)[-1]["response"]))
    rows_of(last, linked.folder.streams[name]).clear()

    def respond(asked: Json) -> Any:
        try:
            return plain(asked)
        except Unrecorded:
            if asked["method"] != "GET" or asked["path"] != path:
                raise
            return last

    replay.respond = respond  # type: ignore[method-assign]


@of_each_platform
@pytest.mark.case("B02")
def test_a_row_that_changes_while_the_list_is_read_counts_once_as_it_was_last(key: str, linked: Linked) -> None:
    """It comes as it was and later on as it is, beside a row that has moved along with it.

    A list that begins with what is newest shows it as it is at the next reading, in front.
    """
    folder, case = linked.folder, the_case(linked.folder)
    stream = folder.streams[case.stream]
    latest = max((row[str(stream.updated)] for row in listed(folder, case.stream)), key=instant)
    later = instant_like(instant(latest) + timedelta(seconds=1), latest)
    changed = altered(case.other, stream, case.first[stream.id], later)

    stamps = [instant(row[str(stream.updated)]) for row in pages_of(folder, case.stream)[0]]
    newest_first = stamps == sorted(stamps, reverse=True) != sorted(stamps)
    if newest_first:
        linked.pull()

    def move(rows: list[Any], is_first: bool, is_last: bool) -> None:
        if newest_first:
            rows[:] = [*([changed] if is_first else []), *(row for row in rows if row != case.first)]
        elif is_last:
            rows += [changed, case.other]

    linked.pages[case.stream].change = changing(folder, case.stream, move)
    _ends(linked, case.stream)
    linked.pull()
    assert is_kept(record_of(folder, case.stream, changed))
    other = record_of(folder, case.stream, case.other)
    assert other is not None
    assert len(current(other.id, other)) == 1
    before = RecordRow.objects.count()
    assert (linked.pull(), RecordRow.objects.count()) == (0, before)


@of_each_platform
@pytest.mark.case("B14")
def test_a_row_that_the_platform_shows_late_is_found_by_the_look_back(key: str, linked: Linked) -> None:
    """It changed before what has been read already, and is shown only to who asks from before its change on."""
    folder = linked.folder
    found = [case for case in cases(folder) if folder.streams[case.stream].since]
    if not found:
        pytest.skip("every list is read whole each time")
    case = found[0]
    stream = folder.streams[case.stream]
    linked.pull()
    mark = Watermark.objects.get(dataset=case.stream).reached_at
    at = mark - stream.lookback / 2
    new = case.other[stream.id]
    new = new * 100 + 99 if isinstance(new, int) else f"{new}99"
    late = altered(case.other, stream, new, instant_like(at, case.other[str(stream.updated)]))
    plain = linked.pages[case.stream].respond
    shown: list[Json] = []

    def respond(asked: Json) -> Any:
        answer = json.loads(json.dumps(plain(asked)))
        since = asked_since(asked, stream)
        if since is not None and since <= at and not shown:
            rows_of(answer, stream).insert(0, late)
            shown.append(late)
        return answer

    linked.pages[case.stream].respond = respond  # type: ignore[method-assign]
    linked.pull()
    assert is_kept(record_of(folder, case.stream, late))


@of_each_platform
def test_each_pull_looks_back_for_what_comes_late(key: str, linked: Linked) -> None:
    linked.pull()
    marks = dict(Watermark.objects.values_list("dataset", "reached_at"))
    linked.server.log.clear()
    linked.pull()
    asked = dict(looked_back(linked))
    assert asked, "no stream shows since when it is asked for"
    for name, since in asked.items():
        assert since <= marks[name] - linked.folder.streams[name].lookback + timedelta(seconds=1), name


def looked_back(linked: Linked) -> Iterator[tuple[str, datetime]]:
    """(stream, instant from which on it was asked for) of everything that was asked, where an instant was named."""
    marked = set(Watermark.objects.values_list("dataset", flat=True))
    for name in marked & linked.folder.streams.keys():  # others are of other questions: what is gone
        stream = linked.folder.streams[name]
        known = [without_since(exchange["request"], stream) for exchange in linked.folder.exchanges(name)]
        for asked in map(question_of, linked.server.log):
            if without_since(asked, stream) in known and (since := asked_since(asked, stream)) is not None:
                yield name, since


@pytest.mark.case("B14")
def test_the_look_back_of_every_stream_that_is_asked_for_changes_is_longer_than_two_clocks_differ() -> None:
    for key in PLATFORMS:
        for name, stream in Folder(key).streams.items():
            assert not (stream.since and stream.kinds) or stream.lookback >= timedelta(minutes=5), (key, name)


@of_each_platform
@pytest.mark.case("B25")
def test_a_word_that_nobody_knows_holds_up_its_row_alone_until_it_is_mended(key: str, linked: Linked) -> None:
    folder = linked.folder
    name, row, strange = next(with_unheard(folder, UNHEARD))
    stream = folder.streams[name]
    wanted = record_of(folder, name, row)
    assert wanted is not None

    def replace(rows: list[Any], is_first: bool, is_last: bool) -> None:
        rows[:] = [strange if each == row else each for each in rows]

    linked.pages[name].change = changing(folder, name, replace)
    linked.pull()
    [problem] = ProblemRow.objects.filter(code="unknown_word", resolved_at=None)
    assert problem.path.startswith("$")
    assert UNHEARD in json.dumps(problem.detail)
    assert current(wanted.id, wanted) == []
    others = [one for one in listed(folder, name) if one != row and record_of(folder, name, one) is not None]
    for one in others:
        assert RecordRow.objects.filter(external_id=str(one[stream.id]), superseded=False).exists()
    linked.pages[name].change = lambda response: response
    linked.pull()
    assert len(current(wanted.id, wanted)) == 1
    assert not ProblemRow.objects.filter(code="unknown_word", resolved_at=None).exists()


@of_each_platform
@pytest.mark.parametrize(
    ("fault", "failure"),
    [pytest.param("cut_json", BadAnswer, id="by-them"), pytest.param("truncate_after", CutAnswer, id="on-the-way")],
)
@pytest.mark.case("B08")
def test_json_that_is_cut_off_stores_nothing_of_itself_and_the_next_pull_has_all(
    key: str, linked: Linked, fault: str, failure: type[Failure]
) -> None:
    linked.server.fail(fault, times=50)
    with pytest.raises(failure):
        linked.pull()
    assert not RecordRow.objects.exists()
    assert not Watermark.objects.exists()
    linked.server.faults.clear()
    assert linked.pull() > 0
    kept, golden = linked.kept_and_golden()
    assert kept == golden


@of_each_platform
def test_a_list_that_breaks_in_mid_way_keeps_what_came_and_does_not_pass_for_whole(key: str, linked: Linked) -> None:
    """The watermark goes no further than what was read: the rest is asked for again."""
    folder = linked.folder
    name = next(name for name, stream in folder.streams.items() if stream.kinds and len(folder.exchanges(name)) > 1)
    stream, answered = folder.streams[name], 0
    plain = linked.pages[name].respond

    def respond(asked: Json) -> Any:
        nonlocal answered
        said = plain(asked)
        answered += bool(rows_of(said, stream))
        return said if answered < 2 else {"nothing": "of what was asked for", "data": []}

    linked.pages[name].respond = respond  # type: ignore[method-assign]
    read = [instant(row[str(stream.updated)]) for row in pages_of(folder, name)[0]]
    with contextlib.suppress(Failure):  # some platforms leave out a list that is empty
        linked.pull()
    mark = Watermark.objects.filter(dataset=name).first()
    assert mark is None or mark.reached_at <= max(read)
    linked.pages[name].respond = plain  # type: ignore[method-assign]
    linked.pull()
    golden = {row["id"] for row in folder.golden(name)}
    assert golden <= set(RecordRow.objects.filter(superseded=False).values_list("external_id", flat=True))
