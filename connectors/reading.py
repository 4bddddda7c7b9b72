"""Reading a page: what each of its rows is, whether it says anything new, and which records it becomes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from connectors.costs import costed
from connectors.errors import MappingProblem
from connectors.met import Met, meet
from connectors.named import Named, each
from connectors.platform import CommercePlatform
from connectors.session import MapContext
from connectors.stock import StockCount, checked
from ledger.commerce import KIND_OF, Deleted, Record, RecordKind
from ledger.incoming import Identity, Incoming
from ledger.problems import Problem

Status = Literal["new", "changed", "unchanged", "stale", "refused"]
# What a row can be blamed for. ValueError is what money, calendar and text say of values that they cannot take.
_ROW_ERRORS: Final = (msgspec.MsgspecError, MappingProblem, ValueError, ArithmeticError, RecursionError)
_LONGEST_ID: Final = 200  # characters: an id is a key of an index
_STRENGTH: Final[dict[Status, int]] = {"unchanged": 0, "stale": 1, "new": 2, "changed": 3, "refused": 4}


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


class Row(NamedTuple):
    """One row of a page: its place in it, its id, its bytes and their digest."""

    place: int
    id: str
    body: msgspec.Raw
    raw_digest: bytes


class Reading:
    """The rows of one page on their way: what each of them became so far."""

    def __init__(self, origin: Origin, dataset: str, count: int) -> None:
        self.origin, self.dataset = origin, dataset
        self.rows: list[Row] = []
        self.changed: list[tuple[Row, tuple[RecordKind, ...]]] = []
        self.left_over: list[tuple[Row, RecordKind]] = []
        self.new_ids: set[str] = set()
        self.ids = [""] * count
        self.statuses: list[Status] = ["unchanged"] * count
        self.problems: dict[int, list[Problem]] = {}
        self.refused: dict[int, Problem] = {}
        self.named: list[Named] = []
        self.met: Met = {}
        self.counts: list[StockCount] = []

    def identify(self, body: bytes, rows: Sequence[msgspec.Raw], row_digests: Sequence[bytes]) -> None:
        """Find each row's id, all at once where the platform can; a row without one is refused."""
        identify, dataset = self.origin.platform.identify, self.dataset
        ids = self.origin.platform.identities(dataset, body, rows)
        if ids is not None:
            self.ids = ids
            self.rows = list(map(Row, range(len(rows)), ids, rows, row_digests))
            return
        for index, (row, row_digest) in enumerate(zip(rows, row_digests, strict=True)):
            try:
                row_id, _ = identify(dataset, row)
                if len(row_id) > _LONGEST_ID:
                    raise MappingProblem("malformed", "$", f"an id of {len(row_id)} characters")
            except _ROW_ERRORS as error:
                self._refuse(index, error)
                continue
            self.ids[index] = row_id
            self.rows.append(Row(index, row_id, row, row_digest))

    def compare(self, known: dict[Identity, bytes]) -> None:
        """Tell rows whose bytes are not those that the current version came from, and ids never seen before."""
        kinds = self.origin.platform.stream(self.dataset).kinds
        seen = {external_id for _, external_id in known}
        likeliest = kinds[0] if kinds else ""
        for row in self.rows:
            if known.get((likeliest, row.id)) == row.raw_digest:
                continue
            if row.id not in seen:
                self.new_ids.add(row.id)
                self.changed.append((row, ()))
                continue
            versions = {kind: known[kind, row.id] for kind in kinds if (kind, row.id) in known}
            if row.raw_digest not in versions.values():
                self.changed.append((row, tuple(versions)))

    def mapped(self, items: list[Incoming]) -> Iterator[Incoming]:
        """The records of the changed rows, one by one; ``items`` gets them all, in the same order."""
        platform, dataset, context = self.origin.platform, self.dataset, self.origin.context
        kinds, is_stock = platform.stream(dataset).kinds, platform.stream(dataset).stock
        is_costed = bool(context.costs) or platform.catalog_costs
        for row, known in self.changed:
            try:
                records = platform.map(dataset, row.body, context)
                if not kinds:
                    self._name(row)
                if is_stock:
                    self.counts += map(checked, platform.stock(dataset, row.body, context))
            except _ROW_ERRORS as error:
                self._refuse(row.place, error)
                continue
            if known:
                self._leave(row, known, records)
            if platform.met:
                meet(records, platform.met, context.references, self.met)
            for mapped in records:
                record = costed(mapped, context.costs, platform.catalog_costs) if is_costed else mapped
                # What a row says of itself to be gone keeps the kind that it had.
                if type(record) is Deleted:
                    kind = (known if known and record.id == row.id else kinds)[0]
                else:
                    kind = KIND_OF[type(record)]  # type: ignore[index]
                item = Incoming(kind, record, row.raw_digest, row.place, is_costed)
                items.append(item)
                yield item

    def _leave(self, row: Row, known: tuple[RecordKind, ...], records: list[Record]) -> None:
        """Remember the kinds under which the row's id is known and of which it says nothing any more."""
        own = {
            known[0] if type(record) is Deleted else KIND_OF[type(record)]  # type: ignore[index]
            for record in records
            if record.id == row.id
        }
        self.left_over += [(row, kind) for kind in known if kind not in own]

    def _name(self, row: Row) -> None:
        """A row of a stream that only tells names; `map` has held it to its shape."""
        self.named += each(self.origin.platform.reference(self.dataset, row.body))

    def note(self, index: int, status: Status, problem: Problem | None) -> None:
        """Remember what became of one record of the row; of several the strongest word stays."""
        if _STRENGTH[status] > _STRENGTH[self.statuses[index]]:
            self.statuses[index] = status
        if problem is not None:
            self.problems.setdefault(index, []).append(problem)

    def _refuse(self, index: int, error: Exception) -> None:
        problem = as_problem(error)
        self.refused[index] = problem
        self.statuses[index] = "refused"
        self.problems[index] = [problem]

    def results(self) -> list[ItemResult]:
        """One result per row, in order."""
        results = [ItemResult(row_id, status) for row_id, status in zip(self.ids, self.statuses, strict=True)]
        for index, problems in self.problems.items():
            results[index] = ItemResult(self.ids[index], self.statuses[index], tuple(problems))
        return results


def as_problem(error: Exception) -> Problem:
    """The problem that a mapping met, as data."""
    if isinstance(error, MappingProblem):
        facts = getattr(error, "facts", None) or {"message": error.detail}
        return Problem(error.code, path=error.path, detail=facts)
    message, _, path = str(error).partition(" - at `")
    return Problem("malformed", path=path.rstrip("`") or "$", detail={"message": message[:300]})
