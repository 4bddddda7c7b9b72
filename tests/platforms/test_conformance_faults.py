"""What goes wrong at every platform while it is read: rows that change, come late, or say what nobody knows."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from connectors.declare import Stream
from connectors.errors import BadAnswer, Failure, MappingProblem
from connectors.models import Watermark
from ledger.commerce import KIND_OF, Deleted, Record
from ledger.models import ProblemRow, RecordRow
from tests.platforms.exchanges import Json, Unrecorded
from tests.platforms.folders import Folder, without_catalog_costs, written
from tests.platforms.test_conformance_wire import Linked, linked, of_each_platform, server

__all__ = ["linked", "server"]
pytestmark = pytest.mark.django_db
UNHEARD = "UNHEARD_OF"


class Case(NamedTuple):
    """Two rows of a listing of which each becomes one record, known by the row's own id."""

    stream: str
    first: Json
    other: Json


def rows_of(response: Any, stream: Stream) -> list[Any]:
    """The list of rows inside an answer, to be changed in place; a new one where there is none."""
    found = response
    for name in filter(None, stream.rows.split(".")):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, list) else []


def listed(folder: Folder, name: str) -> list[Json]:
    """The rows as they come over the wire, before anything is put beside them."""
    stream = folder.streams[name]
    return [row for exchange in folder.exchanges(name) for row in rows_of(exchange["response"], stream)]


def record_of(folder: Folder, name: str, row: Json) -> Record | None:
    """The only record of a row, if it is known by the row's own id."""
    try:
        found = folder.platform.map(name, json.dumps(row).encode(), folder.context)
    except (MappingProblem, ValueError, ArithmeticError):
        return None
    alone = len(found) == 1 and found[0].id == str(row[folder.streams[name].id])
    return found[0] if alone and not isinstance(found[0], Deleted) else None


def cases(folder: Folder) -> Iterator[Case]:
    """Of each stream that has them, two rows of one kind that say different things."""
    for name, stream in folder.streams.items():
        if not stream.kinds or "." in stream.id or not stream.updated or "." in stream.updated:
            continue
        rows = [row for row in listed(folder, name) if isinstance(row, dict) and row.get(stream.updated)]
        records = [(row, record) for row in rows if (record := record_of(folder, name, row)) is not None]
        for row, record in records:
            others = [
                other for other, its in records if type(its) is type(record) and its.id != record.id and row != other
            ]
            if others:
                yield Case(name, row, others[-1])
                break


def _at(value: Any) -> datetime:
    """An instant as any platform writes it."""
    if isinstance(value, int) or str(value).isdigit():
        return datetime.fromtimestamp(int(value), UTC)
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _as(at: datetime, like: Any) -> Any:
    """The instant in the way in which the platform wrote another."""
    if isinstance(like, int):
        return int(at.timestamp())
    text = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "")
    return text + ("Z" if str(like).endswith("Z") else "+00:00" if "+" in str(like) else "")


def the_case(folder: Folder) -> Case:
    found = next(cases(folder), None)
    assert found is not None, "no stream has two rows of which each is one record"
    return found


def named(row: Json, stream: Stream, identity: Any, at: Any) -> Json:
    return {**json.loads(json.dumps(row)), stream.id: identity, str(stream.updated): at}


def changing(folder: Folder, name: str, change: Callable[[list[Any], bool, bool], None]) -> Callable[[Json], Any]:
    """Answers in which `change` may alter the rows; it is told whether they are the first and the last listed."""
    stream = folder.streams[name]
    pages = [rows_of(exchange["response"], stream) for exchange in folder.exchanges(name)]
    pages = [page for page in pages if page]

    def answer(response: Json) -> Any:
        copied = json.loads(json.dumps(response))
        rows = rows_of(copied, stream)
        if rows:
            change(rows, rows == pages[0], rows == pages[-1])
        return copied

    return answer


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


def current(identity: str, record: Record) -> list[RecordRow]:
    kind = KIND_OF[type(record)]  # type: ignore[index]
    return list(RecordRow.objects.filter(external_id=identity, kind=kind, superseded=False))


@of_each_platform
def test_a_row_that_changes_while_the_list_is_read_counts_once_as_it_was_last(key: str, linked: Linked) -> None:
    """It comes as it was and later on as it is, beside a row that has moved along with it.

    A list that begins with what is newest shows it as it is at the next reading, in front.
    """
    folder, case = linked.folder, the_case(linked.folder)
    stream = folder.streams[case.stream]
    latest = max((row[str(stream.updated)] for row in listed(folder, case.stream)), key=_at)
    changed = named(case.other, stream, case.first[stream.id], _as(_at(latest) + timedelta(seconds=1), latest))

    page = next(filter(None, (rows_of(one["response"], stream) for one in folder.exchanges(case.stream))))
    stamps = [_at(row[str(stream.updated)]) for row in page]
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
    wanted = record_of(folder, case.stream, changed)
    assert wanted is not None
    [row] = current(wanted.id, wanted)
    ours, theirs = without_catalog_costs(written(row.record), written(wanted))
    assert ours == theirs
    other = record_of(folder, case.stream, case.other)
    assert other is not None
    assert len(current(other.id, other)) == 1
    before = RecordRow.objects.count()
    assert (linked.pull(), RecordRow.objects.count()) == (0, before)


@of_each_platform
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
    late = named(case.other, stream, new, _as(at, case.other[str(stream.updated)]))
    wanted = record_of(folder, case.stream, late)
    assert wanted is not None
    plain = linked.pages[case.stream].respond
    shown: list[Json] = []

    def respond(asked: Json) -> Any:
        answer = json.loads(json.dumps(plain(asked)))
        since = _since(asked, stream)
        if since is not None and since <= at and not shown:
            rows_of(answer, stream).insert(0, late)
            shown.append(late)
        return answer

    linked.pages[case.stream].respond = respond  # type: ignore[method-assign]
    linked.pull()
    [row] = current(wanted.id, wanted)
    ours, theirs = without_catalog_costs(written(row.record), written(wanted))
    assert ours == theirs


def _since(asked: Json, stream: Stream) -> datetime | None:
    """From when on a question asks for changes."""
    place, _, path = str(stream.since).partition(":")
    level: Any = asked.get(place)
    for name in path.split(".") if place == "body" else [path]:
        level = level.get(name) if isinstance(level, dict) else None
    stamp = re.search(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?|^\d{9,11}$", str(level))
    return _at(stamp[0]) if stamp else None


def _words(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of a row where a word stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _words(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _words(each, (*path, number))
    elif isinstance(value, str) and re.fullmatch(r"[A-Za-z_-]{2,40}", value):
        yield path


def _with(row: Json, path: tuple[Any, ...], value: str) -> Json:
    copied: Any = json.loads(json.dumps(row))
    level = copied
    for name in path[:-1]:
        level = level[name]
    level[path[-1]] = value
    found: Json = copied
    return found


def _unheard(folder: Folder) -> Iterator[tuple[str, Json, Json]]:
    """(stream, row, the row with a word in it that nobody knows), one of each stream whose mapping reads words."""
    for name, stream in folder.streams.items():
        for row in listed(folder, name) if stream.kinds else ():
            if record_of(folder, name, row) is None:
                continue
            changed = next(
                (each for path in _words(row) if _is_refused(folder, name, each := _with(row, path, UNHEARD))), None
            )
            if changed is not None:
                yield name, row, changed
                break


def _is_refused(folder: Folder, name: str, row: Json) -> bool:
    try:
        folder.platform.map(name, json.dumps(row).encode(), folder.context)
    except MappingProblem as problem:
        return problem.code == "unknown_word"
    except (ValueError, ArithmeticError):
        return False
    return False


@of_each_platform
def test_a_word_that_nobody_knows_holds_up_its_row_alone_until_it_is_mended(key: str, linked: Linked) -> None:
    folder = linked.folder
    name, row, strange = next(_unheard(folder))
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
def test_json_that_is_cut_off_stores_nothing_of_itself_and_the_next_pull_has_all(key: str, linked: Linked) -> None:
    linked.server.fail("cut_json", times=20)
    with pytest.raises(Failure) as failed:
        linked.pull()
    assert isinstance(failed.value, BadAnswer)
    assert RecordRow.objects.count() == 0
    linked.server.faults.clear()
    assert linked.pull() > 0
    golden = {(row["record"], row["id"]) for row in linked.golden() if row["record"] != "deleted"}
    stored = RecordRow.objects.filter(superseded=False, deleted=False).values_list("kind", "external_id")
    assert set(stored) == golden


@of_each_platform
def test_a_list_that_breaks_in_mid_way_keeps_what_came_and_does_not_pass_for_whole(key: str, linked: Linked) -> None:
    """The watermark goes no further than what was read: the rest is asked for again."""
    folder = linked.folder
    name = next(name for name, stream in folder.streams.items() if stream.kinds and len(folder.exchanges(name)) > 1)
    answered = 0
    plain = linked.pages[name].respond

    def respond(asked: Json) -> Any:
        nonlocal answered
        said = plain(asked)
        answered += bool(rows_of(said, stream))
        return said if answered < 2 else {"nothing": "of what was asked for", "data": []}

    linked.pages[name].respond = respond  # type: ignore[method-assign]
    stream = folder.streams[name]
    page = next(filter(None, (rows_of(one["response"], stream) for one in folder.exchanges(name))))
    read = [_at(row[str(stream.updated)]) for row in page]
    with contextlib.suppress(Failure):  # some platforms leave out a list that is empty
        linked.pull()
    mark = Watermark.objects.filter(dataset=name).first()
    assert mark is None or mark.reached_at <= max(read)
    linked.pages[name].respond = plain  # type: ignore[method-assign]
    linked.pull()
    golden = {row["id"] for row in folder.golden(name)}
    assert golden <= set(RecordRow.objects.filter(superseded=False).values_list("external_id", flat=True))


def test_the_look_back_of_every_stream_that_is_asked_for_changes_is_longer_than_two_clocks_differ() -> None:
    from tests.platforms.test_conformance_wire import PLATFORMS

    for key in PLATFORMS:
        for name, stream in Folder(key).streams.items():
            assert not (stream.since and stream.kinds) or stream.lookback >= timedelta(minutes=5), (key, name)
