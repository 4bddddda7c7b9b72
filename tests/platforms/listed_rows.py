"""The rows of a platform's recorded lists, changed as a platform changes them while it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from connectors.declare import Stream
from connectors.errors import MappingProblem
from ledger.commerce import Deleted, Record
from tests.platforms.exchanges import Json
from tests.platforms.folders import Folder
from tests.platforms.hostile_rows import with_word

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?|\b\d{9,11}\b")


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


def pages_of(folder: Folder, name: str) -> list[list[Any]]:
    """The rows of each page that has any, as they come over the wire."""
    stream = folder.streams[name]
    return [page for exchange in folder.exchanges(name) if (page := rows_of(exchange["response"], stream))]


def listed(folder: Folder, name: str) -> list[Json]:
    """The rows as they come over the wire, before anything is put beside them."""
    return [row for page in pages_of(folder, name) for row in page]


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


def instant(value: Any) -> datetime:
    """An instant as any platform writes it."""
    if isinstance(value, int) or str(value).isdigit():
        return datetime.fromtimestamp(int(value), UTC)
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def instant_like(at: datetime, like: Any) -> Any:
    """The instant in the way in which the platform wrote another."""
    if isinstance(like, int):
        return int(at.timestamp())
    text = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "")
    return text + ("Z" if str(like).endswith("Z") else "+00:00" if "+" in str(like) else "")


def asked_since(asked: Json, stream: Stream) -> datetime | None:
    """From when on a question asks for changes; None where the place that the stream declares has no instant."""
    place, _, path = (stream.since or "").partition(":")
    level: Any = asked.get(place)
    for name in path.split(".") if place == "body" else [path]:
        level = level.get(name) if isinstance(level, dict) else None
    found = _INSTANT.search(str(level))
    return instant(found[0]) if found else None


def altered(row: Json, stream: Stream, identity: Any, at: Any) -> Json:
    """The row with another id, changed at another instant."""
    return {**json.loads(json.dumps(row)), stream.id: identity, str(stream.updated): at}


def changing(folder: Folder, name: str, change: Callable[[list[Any], bool, bool], None]) -> Callable[[Json], Any]:
    """Answers in which `change` may alter the rows; it is told whether they are the first and the last listed."""
    stream, pages = folder.streams[name], pages_of(folder, name)

    def answer(response: Json) -> Any:
        copied = json.loads(json.dumps(response))
        rows = rows_of(copied, stream)
        if rows:
            change(rows, rows == pages[0], rows == pages[-1])
        return copied

    return answer


def with_unheard(folder: Folder, word: str) -> Iterator[tuple[str, Json, Json]]:
    """(stream, row, the row with `word` where it is refused), one of each stream whose mapping reads words."""
    for name, stream in folder.streams.items():
        for row in listed(folder, name) if stream.kinds else ():
            if record_of(folder, name, row) is None:
                continue
            changed = (body for body in with_word(json.dumps(row).encode(), word) if _is_unheard(folder, name, body))
            if (found := next(changed, None)) is not None:
                yield name, row, json.loads(found)
                break


def _is_unheard(folder: Folder, name: str, body: bytes) -> bool:
    try:
        folder.platform.map(name, body, folder.context)
    except MappingProblem as problem:
        return problem.code == "unknown_word"
    except (ValueError, ArithmeticError):
        return False
    return False
