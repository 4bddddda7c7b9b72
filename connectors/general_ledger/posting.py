"""Documents into the built-in general ledger: two statements for one document or for hundreds.

The first statement holds the connection's row and reads accounts, tax rates, the locked period and what is there
already; the second inserts entries and lines together. Both join the caller's transaction, so that an entry and our
binding to it are committed together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from connectors.errors import Refused
from connectors.general_ledger.acceptance import (
    Candidate,
    Entered,
    Known,
    Outcome,
    another_content,
    answer_without_writing,
    candidate_of,
    read_known,
    reference_taken,
    storable,
)
from connectors.general_ledger.entry_lines import EntryLine
from ledger import sql
from ledger.documents import Document

DOCUMENTS_PER_STATEMENT: Final = 500

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
    candidates = [candidate_of(each) for each in documents]
    known = read_known(connection_id, candidates)
    outcomes: dict[int, Outcome] = {}
    fresh: dict[str, int] = {}  # key → index of the candidate that will be inserted
    references: dict[str, str] = {}
    for index, candidate in enumerate(candidates):
        header = candidate.document.header
        twin = fresh.get(header.key)
        answer = answer_without_writing(candidate, known)
        if answer is None and references.get(header.reference, header.key) != header.key:
            answer = reference_taken(header.reference)
        if answer is not None:
            outcomes[index] = answer
        elif twin is None:
            fresh[header.key] = index
            references[header.reference] = header.key
        elif candidates[twin].digest != candidate.digest:
            outcomes[index] = another_content(header.reference)
    entered = _insert(connection_id, [candidates[index] for index in fresh.values()], known) if fresh else {}
    if len(entered) < len(fresh):
        # Another transaction posted the same key or reference between our two statements, and has committed by now.
        known = read_known(connection_id, candidates)
    for index, candidate in enumerate(candidates):
        if index not in outcomes:
            outcomes[index] = _outcome(candidate, index, entered, fresh, known)
    return [outcomes[index] for index in range(len(candidates))]


def _outcome(candidate: Candidate, index: int, entered: dict[str, int], fresh: dict[str, int], known: Known) -> Outcome:
    header = candidate.document.header
    if header.key in entered:
        return Entered(entered[header.key], header.reference, fresh[header.key] == index)
    return answer_without_writing(candidate, known) or reference_taken(header.reference)


def _insert(connection_id: int, candidates: Sequence[Candidate], known: Known) -> dict[str, int]:
    """Entries and lines in one statement; key → entry id of those that were inserted."""
    headers = [each.document.header for each in candidates]
    numbered = [
        (number, position, line)
        for number, each in enumerate(candidates, 1)
        for position, line in enumerate(each.lines, 1)
    ]
    entry_columns: list[list[object]] = [
        [header.key for header in headers],
        [header.reference for header in headers],
        [each.document.kind for each in candidates],
        [header.date for header in headers],
        [header.currency for header in headers],
        [storable(header.narration) for header in headers],
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
        [storable(line.description) for _, _, line in numbered],
        [storable(line.role) for _, _, line in numbered],
        [line.tax_code for _, _, line in numbered],
        [_tracking(line) for _, _, line in numbered],
    ]
    entered = sql.rows(_INSERT, [*entry_columns, connection_id, *line_columns], keep_plan=True)
    return {key: entry_id for entry_id, key in entered}


def _tracking(line: EntryLine) -> str | None:
    if line.tracking is None:
        return None
    return json.dumps({storable(key): storable(value) for key, value in line.tracking.items()})
