"""Intake: canonical records become rows, each version once.

A batch is compared with the current versions of its records under a lock on the source, so that two deliveries of the
same order at once end as one. What is stored: a new record, or a newer version that says something else. What is not:
the same again ("unchanged"), a new time stamp on the same facts ("unchanged"), an older truth ("stale").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from ledger import sql
from ledger.adding_up import check
from ledger.commerce import Deleted, Order, Record, Refund, encode, happened_at
from ledger.problem_rows import Subject, open_problems, resolve_problems
from ledger.problems import Problem
from ledger.settling import Incoming, with_lines

DIGEST_BYTES = 16


class Stored(Struct, frozen=True):
    """What became of one record. ``problem`` is what will keep it out of the books, told early."""

    status: Literal["new", "changed", "unchanged", "stale"]
    problem: Problem | None = None


class Current(NamedTuple):
    """The version of a record that counts now. ``former`` are the digests of the versions before it."""

    id: int
    revision: int
    updated_at: datetime
    digest: bytes
    raw_digest: bytes
    former: frozenset[bytes]


Identity = tuple[str, str]  # (kind, external id)


def digest(data: bytes) -> bytes:
    """The identity of some bytes: 128 bits of their hash."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def version_digest(source_id: int, kind: str, body: bytes) -> bytes:
    """The identity of a version of a record: of its canonical bytes (its id among them) in its source and kind."""
    return digest(b"%d|%b|%b" % (source_id, kind.encode(), body))


def lock_source(source_id: int) -> None:
    """Hold the source until the transaction ends: two deliveries of one order at once then end as one."""
    sql.rows("SELECT 1 FROM ledger_source WHERE id = %s FOR NO KEY UPDATE", (source_id,))


def current_versions(source_id: int, external_ids: Sequence[str]) -> dict[Identity, Current]:
    """The current versions of the records of these ids, whatever their kind."""
    found: dict[Identity, Current] = {}
    for ids in sql.batches(external_ids):
        for kind, external_id, *rest, former in sql.rows(_CURRENT, (source_id, list(ids))):
            record_id, revision, updated_at, own, raw = rest
            found[kind, external_id] = Current(
                record_id, revision, updated_at, bytes(own), bytes(raw), frozenset(bytes(each) for each in former or ())
            )
    return found


_CURRENT = """
    SELECT kind, external_id, id, revision, updated_at, digest, raw_digest,
        CASE WHEN revision > 1 THEN (
            SELECT array_agg(former.digest) FROM ledger_record former
            WHERE former.source_id = record.source_id AND former.external_id = record.external_id
                AND former.kind = record.kind AND former.superseded
        ) END
    FROM ledger_record record
    WHERE source_id = %s AND external_id = ANY(%s) AND NOT superseded
"""


def store(
    *,
    company_id: int,
    source_id: int,
    items: Sequence[Incoming],
    page_id: int | None,
    received_at: datetime,
    current: dict[Identity, Current] | None = None,
) -> list[Stored]:
    """Store ``items`` in order; one `Stored` each. Joins the caller's transaction, or makes its own.

    ``current``: what `current_versions` found for the ids of ``items`` under `lock_source` in this transaction.
    """
    with sql.unit_of_work():
        if current is None:
            lock_source(source_id)
            current = current_versions(source_id, [item.record.id for item in items])
        plan = _Plan(company_id, source_id, page_id, received_at, current)
        outcomes = [plan.take(item) for item in with_lines(source_id, items)]
        plan.carry_out()
    return outcomes


class _Row(NamedTuple):
    """The columns of one new version, in the order of `_RECORDS`."""

    kind: str
    external_id: str
    revision: int
    deleted: bool
    incomplete: bool
    currency: str
    total: int
    happened_at: datetime
    updated_at: datetime
    digest: bytes
    raw_digest: bytes
    page_row: int
    body: bytes


_RECORDS = """
    COPY ledger_record (id, source_id, page, received_at, superseded, kind, external_id, revision, deleted, incomplete,
        currency, total, happened_at, updated_at, digest, raw_digest, page_row, body) FROM STDIN BINARY
"""
_RECORD_TYPES = (
    *("int8", "int8", "int8", "timestamptz", "bool", "varchar", "varchar", "int4", "bool", "bool"),
    *("varchar", "int8", "timestamptz", "timestamptz", "bytea", "bytea", "int4", "bytea"),
)
_STANDINGS = "COPY ledger_standing (record_id, round, company_id, happened_at, state) FROM STDIN BINARY"
_STANDING_TYPES = ("int8", "int2", "int8", "timestamptz", "int2")


class _Plan:
    """What a batch changes. Later items of a batch see what earlier ones will have done."""

    def __init__(
        self,
        company_id: int,
        source_id: int,
        page_id: int | None,
        received_at: datetime,
        current: dict[Identity, Current],
    ) -> None:
        self.company_id, self.source_id, self.page_id, self.received_at = (
            company_id,
            source_id,
            page_id,
            received_at,
        )
        self.current = current
        self.overtaken: list[int] = []
        self.rows: dict[Identity, _Row] = {}
        self.problems: dict[Identity, Problem] = {}

    def take(self, item: Incoming) -> Stored:
        """Decide about one record."""
        record, identity = item.record, (item.kind, item.record.id)
        pending = self.rows.get(identity)
        known = self.current.get(identity)
        if pending is None and known is None:
            return self._store("new", item, 1)
        updated_at = pending.updated_at if pending else known.updated_at  # type: ignore[union-attr]
        former_digest = pending.digest if pending else known.digest  # type: ignore[union-attr]
        if record.updated_at < updated_at:
            return Stored("stale")
        same_facts = msgspec.structs.replace(record, updated_at=updated_at.astimezone(UTC))
        if version_digest(self.source_id, item.kind, encode(same_facts)) == former_digest:
            return Stored("unchanged")
        own = version_digest(self.source_id, item.kind, encode(record))
        if known is not None and pending is None and own in known.former:
            return Stored("stale")  # an old version delivered again, without a time that says so
        if pending is not None:  # twice in one batch: only the last word is kept
            return self._store("changed", item, pending.revision)
        assert known is not None
        self.overtaken.append(known.id)
        return self._store("changed", item, known.revision + 1)

    def _store(self, status: Literal["new", "changed"], item: Incoming, revision: int) -> Stored:
        record, identity = item.record, (item.kind, item.record.id)
        body = encode(record)
        self.rows[identity] = _Row(
            kind=item.kind,
            external_id=record.id,
            revision=revision,
            deleted=isinstance(record, Deleted),
            incomplete=isinstance(record, Refund) and record.lines is None,
            currency=record.currency,
            total=effect(record),
            happened_at=last_event_at(record),
            updated_at=record.updated_at,
            digest=version_digest(self.source_id, item.kind, body),
            raw_digest=item.raw_digest,
            page_row=item.page_row,
            body=body,
        )
        problem = check(record)
        if problem is not None:
            self.problems[identity] = problem
        else:
            self.problems.pop(identity, None)
        return Stored(status, problem)

    def carry_out(self) -> None:
        """Write everything that was decided."""
        if self.overtaken:
            self._overtake()
        rows = list(self.rows.values())
        ids = sql.next_ids("ledger_record_id_seq", len(rows))
        shared = (self.source_id, self.page_id, self.received_at, False)
        sql.copy_rows(_RECORDS, _RECORD_TYPES, ((own, *shared, *row) for own, row in zip(ids, rows, strict=True)))
        sql.copy_rows(
            _STANDINGS,
            _STANDING_TYPES,
            ((own, 0, self.company_id, row.happened_at, 0) for own, row in zip(ids, rows, strict=True)),
        )
        if self.problems:
            self._report()

    def _report(self) -> None:
        """Open a problem for each new version that does not add up."""
        stored = current_versions(self.source_id, [external_id for _, external_id in self.problems])
        subjects = [
            Subject(f"{kind} {external_id}", problem, self.source_id, stored[kind, external_id].id, self.page_id)
            for (kind, external_id), problem in self.problems.items()
        ]
        open_problems(self.company_id, subjects, self.received_at)

    def _overtake(self) -> None:
        """Their successors are the current versions now; what had not been posted yet never will be."""
        sql.execute("UPDATE ledger_record SET superseded = true WHERE id = ANY(%s)", (self.overtaken,))
        sql.execute(
            "UPDATE ledger_standing SET state = 4 WHERE record_id = ANY(%s) AND state IN (0, 3)",
            (self.overtaken,),
        )
        resolve_problems(self.company_id, self.overtaken, self.received_at)


def effect(record: Record) -> int:
    """The signed amount by which ``record`` changes what is owed, in minor units: what a day's records add up to."""
    match record:
        case Deleted():
            return 0
        case Order():
            return record.stated
        case Refund():
            return -record.stated
        case _:
            return record.amount


def last_event_at(record: Record) -> datetime:
    """When the last thing happened that ``record`` tells of: it is due once that business day is over."""
    if isinstance(record, Order) and record.tenders:
        return max(record.closed_at, *(tender.captured_at for tender in record.tenders))
    return happened_at(record)
