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
from ledger.commerce import Deleted, Order, Record, RecordKind, Refund, encode, happened_at
from ledger.problem_rows import Subject, open_problems, resolve_problems
from ledger.problems import Problem
from ledger.settling import Incoming, with_lines

DIGEST_BYTES = 16


class Stored(Struct, frozen=True):
    """What became of one record. ``problem`` is what will keep it out of the books, told early."""

    status: Literal["new", "changed", "unchanged", "stale"]
    problem: Problem | None = None


class _Current(NamedTuple):
    id: int
    revision: int
    updated_at: datetime
    digest: bytes
    former: frozenset[bytes]


def digest(data: bytes) -> bytes:
    """The identity of a version: 128 bits of the bytes themselves."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def raw_digests(source_id: int, kinds: Sequence[RecordKind], ids: Sequence[str]) -> dict[str, bytes]:
    """External id → digest of the raw row that its current version came from: what has not changed needs no mapping."""
    found = sql.rows(
        """SELECT external_id, raw_digest FROM ledger_record
           WHERE source_id = %s AND kind = ANY(%s) AND external_id = ANY(%s) AND NOT superseded""",
        (source_id, list(kinds), list(ids)),
    )
    return {external_id: bytes(raw) for external_id, raw in found}


def store(
    *, company_id: int, source_id: int, items: Sequence[Incoming], page_id: int | None, received_at: datetime
) -> list[Stored]:
    """Store ``items`` in order; one `Stored` each. Joins the caller's transaction, or makes its own."""
    outcomes: list[Stored] = []
    for batch in sql.batches(items):
        with sql.unit_of_work() as cursor:
            cursor.execute("SELECT 1 FROM ledger_source WHERE id = %s FOR UPDATE", (source_id,), prepare=True)
            batch = with_lines(source_id, batch)
            plan = _Plan(company_id, source_id, page_id, received_at, _current(source_id, batch))
            outcomes += [plan.take(item) for item in batch]
            plan.carry_out()
    return outcomes


_CURRENT = """
    SELECT external_id, id, revision, updated_at, digest,
        CASE WHEN revision > 1 THEN (
            SELECT array_agg(former.digest) FROM ledger_record former
            WHERE former.source_id = record.source_id AND former.kind = record.kind
                AND former.external_id = record.external_id AND former.superseded
        ) END
    FROM ledger_record record
    WHERE source_id = %s AND kind = %s AND external_id = ANY(%s) AND NOT superseded
"""


def _current(source_id: int, batch: Sequence[Incoming]) -> dict[tuple[str, str], _Current]:
    """The current versions of the batch's records, one query per kind (so that each is an index scan)."""
    ids: dict[str, list[str]] = {}
    for item in batch:
        ids.setdefault(item.kind, []).append(item.record.id)
    found: dict[tuple[str, str], _Current] = {}
    for kind, external_ids in ids.items():
        for row in sql.rows(_CURRENT, (source_id, kind, external_ids)):
            former = frozenset(bytes(digest) for digest in row[5] or ())
            found[kind, row[0]] = _Current(row[1], row[2], row[3], bytes(row[4]), former)
    return found


class _Row(NamedTuple):
    """The columns of one new version, in the order of `_INSERT`."""

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


_INSERT = """
    WITH incoming AS (
        SELECT * FROM unnest(%s::text[], %s::text[], %s::int[], %s::bool[], %s::bool[], %s::text[], %s::bigint[],
            %s::timestamptz[], %s::timestamptz[], %s::bytea[], %s::bytea[], %s::int[], %s::bytea[])
            AS t(kind, external_id, revision, deleted, incomplete, currency, total, happened_at, updated_at, digest, raw_digest,
                 page_row, body)
    ), stored AS (
        INSERT INTO ledger_record (source_id, page, received_at, superseded, kind, external_id, revision, deleted,
            incomplete, currency, total, happened_at, updated_at, digest, raw_digest, page_row, body)
        SELECT %s, %s, %s, false, * FROM incoming
        RETURNING id, happened_at, kind, external_id
    ), standing AS (
        INSERT INTO ledger_standing (record_id, round, company_id, happened_at, state)
        SELECT id, 0, %s, happened_at, 0 FROM stored
    )
    SELECT id, kind, external_id FROM stored
"""


class _Plan:
    """What a batch changes. Later items of a batch see what earlier ones will have done."""

    def __init__(
        self,
        company_id: int,
        source_id: int,
        page_id: int | None,
        received_at: datetime,
        current: dict[tuple[str, str], _Current],
    ) -> None:
        self.company_id, self.source_id, self.page_id, self.received_at = (
            company_id,
            source_id,
            page_id,
            received_at,
        )
        self.current = current
        self.overtaken: list[int] = []
        self.rows: dict[tuple[str, str], _Row] = {}
        self.problems: dict[tuple[str, str], Problem] = {}

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
        if digest(encode(same_facts)) == former_digest:
            return Stored("unchanged")
        if known is not None and pending is None and digest(encode(record)) in known.former:
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
            digest=digest(body),
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
        if not self.rows:
            return
        if self.overtaken:
            self._overtake()
        columns = [list(column) for column in zip(*self.rows.values(), strict=True)]
        parameters = [*columns, self.source_id, self.page_id, self.received_at, self.company_id]
        stored = sql.rows(_INSERT, parameters)
        if self.problems:
            ids = {(kind, external_id): record_id for record_id, kind, external_id in stored}
            subjects = [
                Subject(f"{kind} {external_id}", problem, self.source_id, ids[kind, external_id], self.page_id)
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
