"""A file of sales, one JSON document a line, brought in through the door that pushes use. Flat memory, any size.

A line is ``{"dataset": "orders", "data": {...}}``, or a plain row when the caller says what the rows are. Lines go in
by batches per dataset, names (products, locations …) before the facts that mention them. What is wrong with one line
costs that line only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import msgspec

from commerce_sync.services import receive_sales
from connectors import registry
from connectors.models import Connection
from connectors.reading import ItemResult
from connectors.receive import BadPage

BATCH_ROWS: Final = 500
BATCH_BYTES: Final = 8 * 1024 * 1024
LINE_BYTES: Final = 8 * 1024 * 1024


class Complaint(NamedTuple):
    """What is wrong with a line (counted from 1). ``is_lost``: it became no record; else it is kept with a problem."""

    line: int
    id: str
    path: str
    reason: str
    is_lost: bool


class Batch(NamedTuple):
    """What became of a batch: rows by status, and complaints. ``through`` is the last line read so far."""

    dataset: str
    statuses: Counter[str]
    complaints: list[Complaint]
    through: int


class _Envelope(msgspec.Struct):
    dataset: str | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Row(NamedTuple):
    line: int
    body: bytes


_DECODER: Final = msgspec.json.Decoder(_Envelope)


class _Unusable(Exception):
    """The line is no row."""


def import_file(connection: Connection, lines: BinaryIO, dataset: str = "") -> Iterator[Batch]:
    """Import ``lines`` into ``connection``, batch by batch; each batch is committed when it is yielded.

    ``dataset`` is what plain rows are. Database errors pass through; what was yielded before stays, and importing the
    whole file again changes nothing twice.
    """
    return _Import(connection, dataset).run(lines)


def datasets_of(connection: Connection) -> tuple[str, ...]:
    """The datasets that rows may belong to."""
    return tuple(registry.commerce(connection.platform).streams)


class _Import:
    def __init__(self, connection: Connection, dataset: str) -> None:
        self.connection, self.dataset = connection, dataset
        streams = registry.commerce(connection.platform).streams
        self.names = [name for name, stream in streams.items() if not stream.kinds]
        self.waiting: dict[str, list[_Row]] = {name: [] for name in streams}
        self.bytes = dict.fromkeys(streams, 0)
        self.line = 0

    def run(self, lines: BinaryIO) -> Iterator[Batch]:
        """Read, and flush what is full; at the end, all."""
        while raw := lines.readline(LINE_BYTES + 1):
            self.line += 1
            try:
                dataset, row = self._row(raw, lines)
            except _Unusable as error:
                yield Batch("", Counter(refused=1), [Complaint(self.line, "", "$", str(error), True)], self.line)
                continue
            if not row:
                continue
            self.waiting[dataset].append(_Row(self.line, row))
            self.bytes[dataset] += len(row)
            if len(self.waiting[dataset]) >= BATCH_ROWS or self.bytes[dataset] >= BATCH_BYTES:
                yield from self._flush([*self.names, dataset])
        yield from self._flush([*self.names, *self.waiting])

    def _row(self, raw: bytes, lines: BinaryIO) -> tuple[str, bytes]:
        """The dataset and body of one line, an empty body for an empty line; raises `_Unusable`."""
        if len(raw) > LINE_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = lines.readline(LINE_BYTES)
            raise _Unusable(f"the line is longer than {LINE_BYTES:,} bytes")
        text = raw.strip().removeprefix(b"\xef\xbb\xbf")  # some programs begin a file with this mark
        if not text:
            return "", b""
        try:
            envelope = _DECODER.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _Unusable(f"not a JSON object: {error}") from None
        name, body = self.dataset, text
        if isinstance(envelope.dataset, str) and isinstance(envelope.data, msgspec.Raw):
            name, body = envelope.dataset, bytes(envelope.data)
        if not name:
            raise _Unusable('no {"dataset": …, "data": …} around the row: say with --dataset what plain rows are')
        if name not in self.waiting:
            raise _Unusable(f"{name!r} is no dataset; there are {', '.join(sorted(self.waiting))}")
        return name, body

    def _flush(self, datasets: list[str]) -> Iterator[Batch]:
        for dataset in datasets:
            rows = self.waiting[dataset]
            if rows:
                self.waiting[dataset], self.bytes[dataset] = [], 0
                yield self._receive(dataset, rows)

    def _receive(self, dataset: str, rows: list[_Row]) -> Batch:
        try:
            results = self._push(dataset, rows)
        except BadPage:  # one row spoils the array (a broken encoding): each by itself then
            return self._one_by_one(dataset, rows)
        complaints = [each for row, result in zip(rows, results, strict=True) for each in _complaints(row, result)]
        return Batch(dataset, self._statuses(dataset, results), complaints, self.line)

    def _one_by_one(self, dataset: str, rows: list[_Row]) -> Batch:
        statuses: Counter[str] = Counter()
        complaints: list[Complaint] = []
        for row in rows:
            try:
                results = self._push(dataset, [row])
            except BadPage as error:
                statuses["refused"] += 1
                complaints.append(Complaint(row.line, "", "$", str(error), True))
                continue
            statuses += self._statuses(dataset, results)
            complaints += _complaints(row, results[0])
        return Batch(dataset, statuses, complaints, self.line)

    def _push(self, dataset: str, rows: list[_Row]) -> list[ItemResult]:
        body = b"[" + b",".join(row.body for row in rows) + b"]"
        return receive_sales(connection=self.connection, dataset=dataset, body=body)

    def _statuses(self, dataset: str, results: list[ItemResult]) -> Counter[str]:
        """How many rows became what. Names become no records: they are "read"."""
        counted: Counter[str] = Counter(result.status for result in results)
        if dataset in self.names:
            refused = counted["refused"]
            counted = Counter(refused=refused, read=len(results) - refused)
        return counted


def _complaints(row: _Row, result: ItemResult) -> list[Complaint]:
    lost = result.status == "refused"
    return [Complaint(row.line, result.id, each.path, each.sentence, lost) for each in result.problems]
