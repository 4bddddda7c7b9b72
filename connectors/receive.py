"""From a page to records: the one way in, for what is pushed to us and for what we pull.

    page ──split──▶ rows ──compare──▶ changed rows ──map──▶ records ──ledger.intake──▶ versions

The raw page is kept, compressed. A row whose bytes have not changed since its record was stored is not even mapped.
A row that cannot become a record is refused alone, with its path and reason; its neighbors are kept. All of a page is
one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec
import zstandard
from msgspec import Struct

from connectors import references
from connectors.errors import MappingProblem
from connectors.platform import CommercePlatform
from connectors.session import MapContext
from ledger import sql
from ledger.commerce import KIND_OF, Deleted, RecordKind
from ledger.intake import Current, Identity, current_versions, digest, lock_source, store
from ledger.problem_rows import Subject, open_problems, resolve_subjects
from ledger.problems import Problem
from ledger.settling import Incoming

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
MAX_ROWS: Final = 5_000
_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()

Status = Literal["new", "changed", "unchanged", "stale", "refused"]
_STRONGEST: Final[tuple[Status, ...]] = ("refused", "changed", "new", "stale", "unchanged")


class BadPage(Exception):
    """The page as a whole cannot be read; nothing of it was kept."""


class ItemResult(Struct, frozen=True, omit_defaults=True):
    """What became of one row. ``problems`` keep it out of the books, or (status "refused") made it no record at all."""

    id: str
    status: Status
    problems: tuple[Problem, ...] = ()


class Origin(NamedTuple):
    """Whose page it is."""

    connection_id: int
    company_id: int
    source_id: int
    platform: CommercePlatform
    context: MapContext


class _Row(NamedTuple):
    place: int
    id: str
    body: msgspec.Raw
    raw_digest: bytes


def rows_of(body: bytes) -> list[msgspec.Raw]:
    """The rows of a JSON array, each as its bytes; raises `BadPage`."""
    if len(body) > MAX_BODY_BYTES:
        raise BadPage(f"the body has {len(body):,} bytes; send at most {MAX_BODY_BYTES:,} at a time")
    try:
        rows = _ROWS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPage(f"the body is not a JSON array of records: {error}") from None
    if len(rows) > MAX_ROWS:
        raise BadPage(f"the body has {len(rows):,} records; send at most {MAX_ROWS:,} at a time")
    return rows


def receive_page(
    origin: Origin, dataset: str, body: bytes, rows: Sequence[msgspec.Raw], at: datetime
) -> list[ItemResult]:
    """Store one page and what its rows say; one result per row, in order. Safe to repeat."""
    with sql.unit_of_work():
        lock_source(origin.source_id)
        page_digest = digest(dataset.encode() + b"|" + body)
        if _is_known(origin.connection_id, page_digest):
            return [ItemResult(_id_of(origin, dataset, row), "unchanged") for row in rows]
        reading = _Reading(origin, dataset, len(rows))
        reading.identify(rows)
        current = current_versions(origin.source_id, [row.id for row in reading.rows])
        items = reading.map_changed(current)
        page_id = None
        if items or reading.refused or reading.named:
            page_id = _keep(origin, dataset, page_digest, body, len(rows), len(reading.refused), at)
        current |= current_versions(origin.source_id, reading.foreign_ids(items))
        outcomes = store(
            company_id=origin.company_id,
            source_id=origin.source_id,
            items=items,
            page_id=page_id,
            received_at=at,
            current=current,
        )
        for item, outcome in zip(items, outcomes, strict=True):
            reading.note(item.page_row, outcome.status, outcome.problem)
        references.remember(origin.connection_id, reading.named, at)
        _report(origin, reading, page_id, at)
    return reading.results()


class _Reading:
    """The rows of one page on their way: what each of them became so far."""

    def __init__(self, origin: Origin, dataset: str, count: int) -> None:
        self.origin, self.dataset = origin, dataset
        self.rows: list[_Row] = []
        self.ids = [""] * count
        self.statuses: list[set[Status]] = [set() for _ in range(count)]
        self.problems: dict[int, list[Problem]] = {}
        self.refused: dict[int, Problem] = {}
        self.named: list[references.Named] = []

    def identify(self, rows: Sequence[msgspec.Raw]) -> None:
        """Find each row's id; a row without one is refused."""
        identify, dataset = self.origin.platform.identify, self.dataset
        for index, body in enumerate(rows):
            try:
                row_id, _ = identify(dataset, body)
            except (msgspec.ValidationError, MappingProblem) as error:
                self._refuse(index, error)
                continue
            self.ids[index] = row_id
            self.rows.append(_Row(index, row_id, body, digest(body)))

    def map_changed(self, current: dict[Identity, Current]) -> list[Incoming]:
        """The records of the rows whose bytes are not those that the current version came from."""
        items: list[Incoming] = []
        kinds = self.origin.platform.stream(self.dataset).kinds
        for row in self.rows:
            known = {kind: current[kind, row.id] for kind in kinds if (kind, row.id) in current} if current else {}
            if any(version.raw_digest == row.raw_digest for version in known.values()):
                self.statuses[row.place].add("unchanged")
                continue
            try:
                if kinds:
                    items += self._records(row, next(iter(known), kinds[0]))
                else:
                    self._name(row)
            except (msgspec.ValidationError, MappingProblem) as error:
                self._refuse(row.place, error)
        return items

    def _records(self, row: _Row, kind_of_deleted: RecordKind) -> list[Incoming]:
        """The records of one row; what a row says is gone keeps the kind that it had."""
        return [
            Incoming(
                kind_of_deleted if type(record) is Deleted else KIND_OF[type(record)],  # type: ignore[index]
                record,
                row.raw_digest,
                row.place,
            )
            for record in self.origin.platform.map(self.dataset, row.body, self.origin.context)
        ]

    def _name(self, row: _Row) -> None:
        """A row of a stream that only tells names; `map` holds it to its shape."""
        platform = self.origin.platform
        platform.map(self.dataset, row.body, self.origin.context)
        named = platform.reference(self.dataset, row.body)
        if named is not None:
            self.named.append(named)

    def foreign_ids(self, items: Sequence[Incoming]) -> list[str]:
        """Ids of records that are not their row's own: a refund inside an order, say."""
        own = {row.id for row in self.rows}
        return list({item.record.id for item in items} - own)

    def note(self, index: int, status: Status, problem: Problem | None) -> None:
        """Remember what became of one record of the row."""
        self.statuses[index].add(status)
        if problem is not None:
            self.problems.setdefault(index, []).append(problem)

    def _refuse(self, index: int, error: msgspec.ValidationError | MappingProblem) -> None:
        problem = as_problem(error)
        self.refused[index] = problem
        self.statuses[index] = {"refused"}
        self.problems[index] = [problem]

    def results(self) -> list[ItemResult]:
        """One result per row, in order; of a row with several records the strongest word."""
        return [
            ItemResult(
                self.ids[index],
                next((word for word in _STRONGEST if word in found), "unchanged"),
                tuple(self.problems.get(index, ())),
            )
            for index, found in enumerate(self.statuses)
        ]


def as_problem(error: msgspec.ValidationError | MappingProblem) -> Problem:
    """The problem that a mapping met, as data."""
    if isinstance(error, MappingProblem):
        facts = getattr(error, "facts", None) or {"message": error.detail}
        return Problem(error.code, path=error.path, detail=facts)
    message, _, path = str(error).partition(" - at `")
    return Problem("malformed", path=path.rstrip("`") or "$", detail={"message": message[:300]})


def _id_of(origin: Origin, dataset: str, row: msgspec.Raw) -> str:
    return origin.platform.identify(dataset, row)[0]


def _is_known(connection_id: int, page_digest: bytes) -> bool:
    """Whether this very page has been read before, with every row of it kept."""
    found = sql.rows(
        "SELECT refused FROM connectors_page WHERE connection_id = %s AND digest = %s", (connection_id, page_digest)
    )
    return bool(found) and found[0][0] == 0


def _keep(origin: Origin, dataset: str, page_digest: bytes, body: bytes, rows: int, refused: int, at: datetime) -> int:
    found = sql.rows(
        """INSERT INTO connectors_page (connection_id, dataset, digest, body, body_bytes, rows, refused, received_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (connection_id, digest) DO UPDATE SET refused = excluded.refused, received_at = excluded.received_at
           RETURNING id""",
        (origin.connection_id, dataset, page_digest, compress(body), len(body), rows, refused, at),
    )
    page_id: int = found[0][0]
    return page_id


def compress(body: bytes) -> bytes:
    """The stored form of a raw page."""
    return zstandard.ZstdCompressor(level=1).compress(body)


def decompress(stored: bytes) -> bytes:
    """The raw page in its stored form; raises ``zstandard.ZstdError`` for anything larger than a page may be."""
    return zstandard.ZstdDecompressor().decompress(stored, max_output_size=MAX_BODY_BYTES)


def _report(origin: Origin, reading: _Reading, page_id: int | None, at: datetime) -> None:
    """Open a problem for each refused row; close those of rows that are fine now."""
    subjects = [
        Subject(
            _subject(reading.dataset, reading.ids[index], page_id, index),
            problem,
            origin.source_id,
            None,
            page_id,
            index,
        )
        for index, problem in reading.refused.items()
    ]
    open_problems(origin.company_id, subjects, at)
    healthy = [
        f"{reading.dataset} {row.id}"
        for row in reading.rows
        if not reading.statuses[row.place] & {"refused", "unchanged"}
    ]
    resolve_subjects(origin.company_id, healthy, at)


def _subject(dataset: str, row_id: str, page_id: int | None, index: int) -> str:
    return f"{dataset} {row_id}" if row_id else f"{dataset} row {index} of page {page_id}"
