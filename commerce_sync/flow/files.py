"""Rows as files: CSV for spreadsheets and JSON for programs, written piece by piece. Pure.

A CSV begins with a byte order mark: without it, Excel takes UTF-8 for something else and breaks every accent. What
could begin a formula gets an apostrophe in front. Columns have the same English names in every language, for programs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from connectors.general_ledger.spreadsheet import neutral

Form = Literal["csv", "json"]
Row = Sequence[str | None]
MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
CONTENT_TYPES: Final[dict[Form, str]] = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}


class Column(NamedTuple):
    """A column's name; ``is_ours``: its cells are figures, days and words of our own, which begin no formula."""

    name: str
    is_ours: bool = False


def written(form: Form, columns: Sequence[Column], batches: Iterable[Sequence[Row]]) -> Iterator[str]:
    """The text of a file: a piece for each batch of rows."""
    return _csv(columns, batches) if form == "csv" else _json(columns, batches)


def _csv(columns: Sequence[Column], batches: Iterable[Sequence[Row]]) -> Iterator[str]:
    yield MARK + _lines([[column.name for column in columns]])
    for rows in batches:
        yield _lines([[_cell(*each) for each in zip(columns, row, strict=True)] for row in rows])


def _cell(column: Column, value: str | None) -> str:
    if value is None:
        return ""
    return value if column.is_ours else neutral(value)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)  # RFC 4180: CRLF, quotes doubled
    return text.getvalue()


def _json(columns: Sequence[Column], batches: Iterable[Sequence[Row]]) -> Iterator[str]:
    names = [column.name for column in columns]
    between = "[\n"
    for rows in batches:
        objects = (msgspec.json.encode(dict(zip(names, row, strict=True))).decode() for row in rows)
        text = ",\n".join(objects)
        if text:
            yield between + text
            between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"
