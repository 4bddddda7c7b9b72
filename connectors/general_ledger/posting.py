"""Documents into the built-in general ledger: two statements for one document or for hundreds.

The first statement holds the connection's row and reads accounts, tax rates, the locked period and what is there
already; the second inserts entries and lines together. Both join the caller's transaction, so that an entry and our
binding to it are committed together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from django.db import connection as database

from connectors.errors import Refused, RefusalReason
from connectors.general_ledger.entry_lines import EntryLine, content_digest, entry_lines
from ledger.documents import Document
from ledger.money import EXPONENTS

DOCUMENTS_PER_STATEMENT: Final = 500
LARGEST_TOTAL: Final = 2**63 - 1  # bigint
LONGEST_REFERENCE: Final = 40

_BEFORE: Final = "SELECT * FROM books_before_push(%s, %s::text[], %s::text[], %s::text[], %s::text[])"
_INSERT: Final = """
    WITH incoming AS (
        SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[], %s::bigint[],
                             %s::int[], %s::bytea[])
            WITH ORDINALITY AS d (document_key, reference, kind, date, currency, narration, total, line_count,
                                  digest, number)
    ), entered AS (
        INSERT INTO books_entry (connection_id, document_key, reference, kind, date, currency, narration, total,
                                 line_count, digest)
        SELECT %s, document_key, reference, kind, date, currency, narration, total, line_count, digest
            FROM incoming ORDER BY number
        ON CONFLICT DO NOTHING
        RETURNING id, document_key
    ), lined AS (
        INSERT INTO books_line (entry_id, position, account_id, debit, credit, description, role, tax_code, tracking)
        SELECT entered.id, l.position, l.account_id, l.debit, l.credit, l.description, l.role, l.tax_code,
               l.tracking::jsonb
            FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
                        %s::text[], %s::text[])
                AS l (number, position, account_id, debit, credit, description, role, tax_code, tracking)
            JOIN incoming USING (number)
            JOIN entered USING (document_key)
    )
    SELECT id, document_key FROM entered
"""


class Entered(NamedTuple):
    """A document in the books. ``fresh`` is false when it was there before, under the same key and content."""

    entry_id: int
    reference: str
    fresh: bool


Outcome = Entered | Refused


@dataclass(slots=True)
class _Known:
    """What the first statement found: account code → id, the archived ones apart; key → what is there."""

    locked_through: date | None = None
    accounts: dict[str, int] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    tax_codes: set[str] = field(default_factory=set)
    entries: dict[str, tuple[int, bytes, str]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)


class _Candidate(NamedTuple):
    document: Document
    lines: list[EntryLine]
    digest: bytes


def push_many(connection_id: int, documents: Sequence[Document]) -> list[Outcome]:
    """Post ``documents``, each by itself: one outcome per document, in their order.

    A refused document leaves its neighbors alone. What is in the books already under the same key answers with the
    entry that is there; the same key or reference with another content is Refused(duplicate). Raises nothing for a
    document; database errors pass through.
    """
    outcomes: list[Outcome] = []
    for start in range(0, len(documents), DOCUMENTS_PER_STATEMENT):
        outcomes += _push(connection_id, documents[start : start + DOCUMENTS_PER_STATEMENT])
    return outcomes


def push_one(connection_id: int, document: Document) -> Entered:
    """Post one document; raises `Refused` with the reason."""
    outcome = push_many(connection_id, [document])[0]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def _push(connection_id: int, documents: Sequence[Document]) -> list[Outcome]:
    candidates = [_Candidate(each, entry_lines(each), content_digest(each)) for each in documents]
    known = _read(connection_id, candidates)
    outcomes: dict[int, Outcome] = {}
    fresh: dict[str, int] = {}  # key → index of the candidate that will be inserted
    references: dict[str, str] = {}
    for index, candidate in enumerate(candidates):
        header = candidate.document.header
        twin = fresh.get(header.key)
        answer = _answer(candidate, known)
        if answer is None and references.get(header.reference, header.key) != header.key:
            answer = _taken(header.reference)
        if answer is not None:
            outcomes[index] = answer
        elif twin is None:
            fresh[header.key] = index
            references[header.reference] = header.key
        elif candidates[twin].digest != candidate.digest:
            outcomes[index] = _another_content(header.reference)
    entered = _insert(connection_id, [candidates[index] for index in fresh.values()], known) if fresh else {}
    if len(entered) < len(fresh):
        # Another transaction posted the same key or reference between our two statements, and has committed by now.
        known = _read(connection_id, candidates)
    for index, candidate in enumerate(candidates):
        if index not in outcomes:
            outcomes[index] = _outcome(candidate, index, entered, fresh, known)
    return [outcomes[index] for index in range(len(candidates))]


def _outcome(
    candidate: _Candidate, index: int, entered: dict[str, int], fresh: dict[str, int], known: _Known
) -> Outcome:
    header = candidate.document.header
    if header.key in entered:
        return Entered(entered[header.key], header.reference, fresh[header.key] == index)
    return _answer(candidate, known) or _taken(header.reference)


def _read(connection_id: int, candidates: Sequence[_Candidate]) -> _Known:
    accounts = {line.account for each in candidates for line in each.lines}
    tax_codes = {line.tax_code for each in candidates for line in each.lines if line.tax_code}
    headers = [each.document.header for each in candidates]
    known = _Known()
    with database.cursor() as cursor:
        keys, references = [header.key for header in headers], [header.reference for header in headers]
        cursor.execute(_BEFORE, [connection_id, sorted(accounts), sorted(tax_codes), keys, references])
        for what, name, row_id, is_open, digest, reference, locked_through in cursor.fetchall():
            match what:
                case "lock":
                    known.locked_through = locked_through
                case "account":
                    known.accounts[name] = row_id
                    if not is_open:
                        known.archived.add(name)
                case "tax" if is_open:
                    known.tax_codes.add(name)
                case "entry":
                    known.entries[name] = (row_id, bytes(digest), reference)
                case "reference":
                    known.references[reference] = name
    return known


def _answer(candidate: _Candidate, known: _Known) -> Outcome | None:
    """What is clear without writing: it is there already, or why it cannot be. None: it can be inserted."""
    header = candidate.document.header
    there = known.entries.get(header.key)
    if there is not None:
        entry_id, digest, reference = there
        same = digest == candidate.digest
        return Entered(entry_id, reference, False) if same else _another_content(reference)
    if header.reference in known.references:
        return _taken(header.reference)
    return next(_refusals(candidate, known), None)


def _refusals(candidate: _Candidate, known: _Known) -> Iterator[Refused]:
    header, lines = candidate.document.header, candidate.lines
    debits, credits_ = sum(line.debit for line in lines), sum(line.credit for line in lines)
    if debits != credits_ or not 0 < debits <= LARGEST_TOTAL or len(lines) < 2:
        yield Refused(f"{header.reference}: debits are {debits} and credits {credits_}")
    if header.currency not in EXPONENTS:
        yield Refused(f"{header.reference}: {header.currency!r} is not a currency")
    if not header.key or not 0 < len(header.reference) <= LONGEST_REFERENCE or "\x00" in header.key + header.reference:
        yield Refused(f"{header.reference!r} cannot be a reference")
    if known.locked_through is not None and header.date <= known.locked_through:
        detail = f"{header.date} is in the period that is locked through {known.locked_through}"
        yield Refused(detail, reason=RefusalReason.PERIOD_LOCKED)
    codes = {line.account for line in lines}
    gone = sorted(codes & known.archived or codes - known.accounts.keys())
    if gone:
        words = "is archived" if gone[0] in known.archived else "is not in the chart of accounts"
        yield Refused(f"the account {gone[0]!r} {words}", reason=RefusalReason.ACCOUNT_INACTIVE)
    for code in sorted({line.tax_code for line in lines if line.tax_code} - known.tax_codes):
        yield Refused(f"there is no active tax rate {code!r}", reason=RefusalReason.TAX_RATE_GONE)


def _another_content(reference: str) -> Refused:
    detail = f"{reference} is in the books already, with other amounts, accounts or date"
    return Refused(detail, reason=RefusalReason.DUPLICATE)


def _taken(reference: str) -> Refused:
    return Refused(f"another document has the reference {reference}", reason=RefusalReason.DUPLICATE)


def _insert(connection_id: int, candidates: Sequence[_Candidate], known: _Known) -> dict[str, int]:
    """Entries and lines in one statement; key → entry id of those that were inserted."""
    headers = [each.document.header for each in candidates]
    numbered = [(number, position, line) for number, each in enumerate(candidates, 1)
                for position, line in enumerate(each.lines, 1)]
    entry_columns: list[list[object]] = [
        [header.key for header in headers],
        [header.reference for header in headers],
        [each.document.kind for each in candidates],
        [header.date for header in headers],
        [header.currency for header in headers],
        [_storable(header.narration) for header in headers],
        [sum(line.debit for line in each.lines) for each in candidates],
        [len(each.lines) for each in candidates],
        [each.digest for each in candidates],
    ]
    line_columns: list[list[object]] = [
        [number for number, _, _ in numbered],
        [position for _, position, _ in numbered],
        [known.accounts[line.account] for _, _, line in numbered],
        [line.debit for _, _, line in numbered],
        [line.credit for _, _, line in numbered],
        [_storable(line.description) for _, _, line in numbered],
        [_storable(line.role) for _, _, line in numbered],
        [line.tax_code for _, _, line in numbered],
        [_tracking(line) for _, _, line in numbered],
    ]
    with database.cursor() as cursor:
        cursor.execute(_INSERT, [*entry_columns, connection_id, *line_columns])
        return {key: entry_id for entry_id, key in cursor.fetchall()}


def _tracking(line: EntryLine) -> str | None:
    if line.tracking is None:
        return None
    return json.dumps({_storable(key): _storable(value) for key, value in line.tracking.items()})


def _storable(text: str) -> str:
    """PostgreSQL keeps every character but this one."""
    return text.replace("\x00", "")
