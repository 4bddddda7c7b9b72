"""Intake: canonical records become rows, each version once.

A batch is compared with the current versions of its records under a lock on the source, so that two deliveries of the
same order at once end as one. What is stored: a new record, or a newer version that says something else. What is not:
the same again ("unchanged"), a new time stamp on the same facts ("unchanged"), an older truth ("stale"), another sale
under an id that is known ("refused").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from ledger import sql
from ledger.adding_up import check
from ledger.commerce import Deleted, Record, Refund, encode
from ledger.costs import waits_for_original
from ledger.incoming import Identity, Incoming
from ledger.problem_rows import of_record, open_problems, resolve_problems
from ledger.problems import Problem
from ledger.record_rows import Current, current_versions, lock_source
from ledger.settling import with_costs, with_lines
from ledger.versions import another_sale, digest, effect, is_incomplete, last_event_at


class Stored(Struct, frozen=True):
    """What became of one record. ``problem`` is what will keep it out of the books, told early; a "refused" one is not
    even stored, and what is known under its id stays."""

    status: Literal["new", "changed", "unchanged", "stale", "refused"]
    problem: Problem | None = None


def store(
    *,
    company_id: int,
    source_id: int,
    items: Iterable[Incoming],
    page_id: int | None,
    received_at: datetime,
    new_ids: Collection[str] = (),
) -> list[Stored]:
    """Store ``items``; one `Stored` each, in order. Joins the caller's transaction, or makes its own.

    ``new_ids``: ids of which the caller, holding `lock_source` in this transaction, knows that no record exists. Their
    rows stream to PostgreSQL while ``items`` is still being made (it must not use the database meanwhile); all others
    are compared with what is there.
    """
    with sql.unit_of_work():
        if not new_ids:
            lock_source(source_id)
        plan = _Plan(company_id, source_id, page_id, received_at)
        outcomes, others = plan.stream(items, new_ids)
        if others:
            items = with_lines(source_id, with_costs(source_id, [item for _, item in others]))
            plan.current = current_versions(source_id, [item.record.id for item in items])
            outcomes |= {number: plan.take(item) for (number, _), item in zip(others, items, strict=True)}
            plan.carry_out()
        plan.report()
    return [outcomes[number] for number in range(len(outcomes))]


def _needs_another(record: Record) -> bool:
    return type(record) is Refund and (is_incomplete(record) or waits_for_original(record))


class _Row(NamedTuple):
    """The columns of one new version, in the order of `_RECORDS`. (Its standing is made by a trigger.)"""

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
    COPY ledger_record (source_id, page, received_at, superseded, kind, external_id, revision, deleted, incomplete,
        currency, total, happened_at, updated_at, digest, raw_digest, page_row, body) FROM STDIN BINARY
"""
_RECORD_TYPES = (
    *("int8", "int8", "timestamptz", "bool", "varchar", "varchar", "int4", "bool", "bool"),
    *("varchar", "int8", "timestamptz", "timestamptz", "bytea", "bytea", "int4", "bytea"),
)
_OUTCOMES: dict[str, Stored] = {"new": Stored("new"), "changed": Stored("changed")}


class _Plan:
    """What a batch changes. Later items of a batch see what earlier ones will have done."""

    def __init__(self, company_id: int, source_id: int, page_id: int | None, received_at: datetime) -> None:
        self.company_id, self.source_id, self.page_id, self.received_at = company_id, source_id, page_id, received_at
        self.shared = (source_id, page_id, received_at, False)
        self.current: dict[Identity, Current] = {}
        self.overtaken: list[int] = []
        self.aside: list[tuple[int, int]] = []
        self.confirmed: dict[int, datetime] = {}
        self.rows: dict[Identity, _Row] = {}
        self.problems: dict[Identity, Problem] = {}

    def stream(
        self, items: Iterable[Incoming], new_ids: Collection[str]
    ) -> tuple[dict[int, Stored], list[tuple[int, Incoming]]]:
        """Write the records that are certainly new as they come; what became of each, and all the others."""
        outcomes: dict[int, Stored] = {}
        others: list[tuple[int, Incoming]] = []
        if not new_ids:
            return outcomes, list(enumerate(items))
        written: set[str] = set()
        with ExitStack() as stack:
            copy = None
            for number, item in enumerate(items):
                external_id = item.record.id
                if external_id not in new_ids or external_id in written or _needs_another(item.record):
                    others.append((number, item))
                    continue
                written.add(external_id)
                row, outcomes[number] = self._row("new", item, 1)
                copy = copy or stack.enter_context(sql.copying(_RECORDS, _RECORD_TYPES))
                copy.write_row((*self.shared, *row))
        return outcomes, others

    def take(self, item: Incoming) -> Stored:
        """Decide about one record."""
        record, identity = item.record, (item.kind, item.record.id)
        pending = self.rows.get(identity)
        known = self.current.get(identity)
        if pending is None and known is None:
            return self._store("new", item, 1)
        updated_at = pending.updated_at if pending else known.updated_at  # type: ignore[union-attr]
        former_digest = pending.digest if pending else known.digest  # type: ignore[union-attr]
        as_of = pending.updated_at if pending else known.as_of  # type: ignore[union-attr]
        same_facts = msgspec.structs.replace(record, updated_at=updated_at.astimezone(UTC))
        if digest(encode(same_facts)) == former_digest:
            if pending is None and record.updated_at > as_of:
                self.confirmed[known.id] = record.updated_at  # type: ignore[union-attr]
            return Stored("unchanged")
        if record.updated_at < as_of:
            return Stored("stale")
        own = digest(encode(record))
        if known is not None and (own in known.former or own == known.digest):
            return Stored("stale")  # a stored version delivered again, without a time that says so
        if pending is not None:  # twice in one batch: only the last word is kept
            return self._store("changed", item, pending.revision)
        if known is not None and (problem := another_sale(known.happened_at, known.total, record)):
            return Stored("refused", problem)
        self.overtaken.append(known.id)  # type: ignore[union-attr]  # one of the two is there
        return self._store("changed", item, known.revision + 1)  # type: ignore[union-attr]

    def _store(self, status: Literal["new", "changed"], item: Incoming, revision: int) -> Stored:
        self.rows[item.kind, item.record.id], stored = self._row(status, item, revision)
        return stored

    def _row(self, status: Literal["new", "changed"], item: Incoming, revision: int) -> tuple[_Row, Stored]:
        """The columns of a version, and what will keep it out of the books."""
        kind, record, raw_digest, page_row, _ = item
        body = encode(record)
        row = _Row(
            kind,
            record.id,
            revision,
            type(record) is Deleted,
            is_incomplete(record),
            record.currency,
            effect(record),
            last_event_at(record),
            record.updated_at,
            digest(body),
            raw_digest,
            page_row,
            body,
        )
        problem = check(record)
        if problem is None:
            self.problems.pop((kind, record.id), None)
            return row, _OUTCOMES[status]
        self.problems[kind, record.id] = problem
        return row, Stored(status, problem)

    def carry_out(self) -> None:
        """Write everything that was decided."""
        if self.confirmed:
            sql.execute(
                """UPDATE ledger_record SET confirmed_at = said.at
                   FROM unnest(%s::bigint[], %s::timestamptz[]) AS said(id, at) WHERE ledger_record.id = said.id""",
                (list(self.confirmed), list(self.confirmed.values())),
            )
        if self.overtaken:
            self._overtake()
        if not self.rows:
            return
        with sql.copying(_RECORDS, _RECORD_TYPES) as copy:
            for row in self.rows.values():
                copy.write_row((*self.shared, *row))
        if self.aside:
            self._keep_aside()

    def report(self) -> None:
        """Open a problem for each new version that does not add up."""
        if not self.problems:
            return
        stored = current_versions(self.source_id, [external_id for _, external_id in self.problems])
        subjects = [
            of_record(stored[identity].id, problem, self.source_id, self.page_id)
            for identity, problem in self.problems.items()
        ]
        open_problems(self.company_id, subjects, self.received_at)

    def _overtake(self) -> None:
        """Their successors are the current versions now; what had not been posted yet never will be."""
        sql.execute("UPDATE ledger_record SET superseded = true WHERE id = ANY(%s)", (self.overtaken,))
        self.aside = [
            (record_id, posting_id)
            for record_id, posting_id in sql.rows(
                "SELECT record_id, posting_id FROM ledger_standing WHERE record_id = ANY(%s) AND state = 5",
                (self.overtaken,),
            )
        ]
        sql.execute(
            "UPDATE ledger_standing SET state = 4, posting_id = NULL WHERE record_id = ANY(%s) AND state IN (0, 3, 5)",
            (self.overtaken,),
        )
        resolve_problems(self.company_id, self.overtaken, [" ".join(each) for each in self.rows], self.received_at)

    def _keep_aside(self) -> None:
        """A newer version of what is set aside stays out too: else half of a day that was undone would be booked."""
        sql.execute(
            """UPDATE ledger_standing standing SET state = 5, posting_id = former.posting_id
               FROM unnest(%s::bigint[], %s::bigint[]) AS former(record_id, posting_id)
               JOIN ledger_record record ON record.id = former.record_id
               JOIN ledger_record latest ON latest.source_id = record.source_id
                   AND latest.external_id = record.external_id AND latest.kind = record.kind AND NOT latest.superseded
               WHERE standing.record_id = latest.id AND standing.state = 0""",
            tuple(map(list, zip(*self.aside, strict=True))),
        )
