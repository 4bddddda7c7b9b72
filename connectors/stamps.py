"""Reading one row: its shape, its id, its last change, and whether its instants are of this world. Pure.

Every row that comes is asked for its id, most of them only that: the fields of a stamp are read in one pass over the
row's bytes, by a shape that is made once for each stream.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from functools import cache
from typing import Any, Final

import msgspec

from connectors.errors import BadAnswer, MappingProblem
from connectors.paging import value_at
from ledger.commerce import Dispute, Order, Record, Refund, happened_at
from ledger.zones import FIRST_YEAR as _FIRST
from ledger.zones import LAST_YEAR as _LAST

# The character NUL is JSON, but no text of PostgreSQL can hold it: one row would take its whole page down.
_nul: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000").search
_SOLD: Final = (Order, Refund)  # made once: a union is made anew each time that it is asked for


def read(shape: Any, row: bytes | msgspec.Raw) -> Any:
    """`row` in `shape` (anything when it is None).

    Raises `msgspec.ValidationError` with the path of what does not fit, `MappingProblem` for what is no JSON or has
    the character NUL in it.
    """
    body = bytes(row)
    if b"\\u0000" in body and _nul(body):
        raise MappingProblem("malformed", "$", "a text contains the character NUL")
    try:
        return _decoder(shape).decode(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MappingProblem("malformed", "$", f"it cannot be read: {error}") from None


def stamp(row: bytes | msgspec.Raw, id_path: str, updated_path: str | None) -> tuple[Any, Any]:
    """What stands at the two dotted paths, None where they lead nowhere. Raises `MappingProblem`."""
    if "." in id_path or "." in (updated_path or ""):
        try:
            return value_at(bytes(row), id_path), value_at(bytes(row), updated_path) if updated_path else None
        except BadAnswer as error:
            raise MappingProblem("malformed", id_path, error.detail) from None
    try:
        found = _stamps(id_path, updated_path).decode(row)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MappingProblem("malformed", "$", str(error)) from None
    return found.identity, found.changed


def instant(value: Any, path: str, zone: tzinfo | None) -> datetime | None:
    """What stands at `path` as an aware instant, None for nothing; `zone` is that of one without an offset.

    Raises `MappingProblem`, also for one without an offset when there is no `zone`.
    """
    if value is None:
        return None
    try:
        moment = msgspec.convert(value, datetime, strict=not isinstance(value, int))
    except msgspec.ValidationError as error:
        raise MappingProblem("malformed", path, str(error)) from None
    if moment.tzinfo is None and zone is None:
        raise MappingProblem("malformed", path, "the instant has no offset")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def in_calendar(record: Record) -> Record:
    """`record` itself; raises `MappingProblem` for an instant in it that no calendar of a merchant reaches.

    Such an instant would not be met before the books are posted, and then stop all of them.
    """
    happened, changed = happened_at(record), record.updated_at
    if not (_FIRST < happened.year < _LAST and _FIRST < changed.year < _LAST):
        raise _bad_time("$", changed, happened)
    if isinstance(record, _SOLD):
        for number, tender in enumerate(record.tenders):
            # Most are paid when the sale is closed, by the very same instant.
            if tender.captured_at is not happened and not _FIRST < tender.captured_at.year < _LAST:
                raise _bad_time(f"$.tenders[{number}]", tender.captured_at)
        for number, line in enumerate(record.lines or ()):
            if line.fulfilled_at is not None and not _FIRST < line.fulfilled_at.year < _LAST:
                raise _bad_time(f"$.lines[{number}]", line.fulfilled_at)
    elif isinstance(record, Dispute) and not _FIRST < record.opened_at.year < _LAST:
        raise _bad_time("$", record.opened_at)
    return record


def _bad_time(path: str, *instants: datetime) -> MappingProblem:
    wrong = next(instant for instant in instants if not _FIRST < instant.year < _LAST)
    return MappingProblem("bad_time", path, facts={"value": wrong.isoformat()})


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Any if shape is None else shape)


@cache
def _stamps(id_name: str, updated_name: str | None) -> msgspec.json.Decoder[Any]:
    names = {"identity": id_name} | ({"changed": updated_name} if updated_name else {})
    fields: list[tuple[str, Any, Any]] = [("identity", Any, None)]
    # A stream that does not say when a row changed has a field that no row has.
    fields.append(("changed", Any, None) if updated_name else ("changed", None, None))
    return msgspec.json.Decoder(msgspec.defstruct("Stamp", fields, rename=names, gc=False))
