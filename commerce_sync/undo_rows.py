"""The rows of undo: what is in the books of the postings asked for, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from commerce_sync.models import Sync, Undo
from commerce_sync.undo_plan import MOST_POSTINGS, FoundPosting, Place, PlannedDocument
from connectors.push_support import DOUBTFUL_CODES
from ledger import sql
from ledger.services import audit, now
from ledger.set_aside import bring_back_between

_PLACES: Final[dict[str, Place]] = {
    "": "here",
    "prepared": "here",
    "waiting": "here",
    "refused": "here",
    "sending": "open",
    "unknown": "open",
    "pushed": "there",
    "voiding": "there",
    "removed": "gone",
    "voided": "gone",
}


def postings_of_run(company_id: int, act: UUID) -> list[int]:
    """The postings of a run that have not been taken back; one more than can be undone at once, at most."""
    found = sql.rows(
        """SELECT id FROM ledger_posting
           WHERE company_id = %s AND act = %s AND withdrawn_at IS NULL AND reverses_id IS NULL
           ORDER BY id DESC LIMIT %s""",
        (company_id, act, MOST_POSTINGS + 1),
    )
    return [posting_id for (posting_id,) in found]


def found_postings(company_id: int, posting_ids: Sequence[int], connection_id: int | None) -> list[FoundPosting]:
    """The postings as they are now; of those that have been taken back already, nothing.

    `connection_id` is the accounting connection that can be used.
    """
    wanted = list(posting_ids)
    documents: dict[int, list[PlannedDocument]] = {}
    for posting_id, *row in sql.rows(_DOCUMENTS, (list(DOUBTFUL_CODES), company_id, wanted)):
        documents.setdefault(posting_id, []).append(_document(row, connection_id))
    effects: dict[int, dict[str, int]] = {}
    for posting_id, account, amount in sql.rows(_EFFECTS, (company_id, wanted)):
        effects.setdefault(posting_id, {})[account] = amount
    later: dict[int, list[str]] = {}
    for posting_id, act in sql.rows(_LATER, (company_id, wanted, wanted)):
        later.setdefault(posting_id, []).append(str(act))
    found = sql.rows(
        """SELECT id, day, currency, label, revision FROM ledger_posting
           WHERE company_id = %s AND id = ANY(%s) AND withdrawn_at IS NULL AND reverses_id IS NULL""",
        (company_id, wanted),
    )
    return [
        FoundPosting(
            posting_id=posting_id,
            day=day,
            currency=currency,
            label=label,
            revision=revision,
            documents=tuple(documents.get(posting_id, ())),
            effect=effects.get(posting_id, {}),
            later=tuple(later.get(posting_id, ())),
        )
        for posting_id, day, currency, label, revision in found
    ]


_DOCUMENTS = """
    SELECT document.posting_id, document.reference, document.kind, document.date, document.currency, document.total,
        coalesce(item.state, ''), item.connection_id,
        item.state = 'refused' AND item.failure_code = ANY(%s) AND item.claimed_at IS NOT NULL
            AND item.deadline_at IS NOT NULL
    FROM ledger_document document LEFT JOIN connectors_pushitem item ON item.document_id = document.id
    WHERE document.company_id = %s AND document.posting_id = ANY(%s) AND document.withdrawn_at IS NULL
        AND document.voided_at IS NULL
    ORDER BY document.id
"""
_EFFECTS = """
    SELECT document.posting_id, line.account, sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint
    FROM ledger_document document JOIN ledger_documentline line ON line.document_id = document.id
    WHERE document.company_id = %s AND document.posting_id = ANY(%s) AND document.withdrawn_at IS NULL
        AND document.voided_at IS NULL
    GROUP BY document.posting_id, line.account ORDER BY document.posting_id, line.account
"""
_LATER = """
    SELECT standing.posting_id, later.act FROM ledger_standing standing
    JOIN ledger_posting later ON later.id = standing.left_by_id
    WHERE standing.company_id = %s AND standing.posting_id = ANY(%s) AND standing.state = 2
        AND standing.left_by_id <> ALL(%s)
    GROUP BY standing.posting_id, later.act ORDER BY max(later.id) DESC
"""


def _document(row: list[Any], connection_id: int | None) -> PlannedDocument:
    reference, kind, day, currency, total, state, at_connection, is_doubtful = row
    place = _PLACES[state]
    if is_doubtful:
        place = "open"
    elif place == "there" and at_connection != connection_id:
        place = "elsewhere"
    return PlannedDocument(reference, kind, day, currency, total, state or "not sent", place)


def records_in_books(company_id: int, posting_ids: Sequence[int]) -> int:
    """How many records are in the books by these postings."""
    found = sql.rows(
        "SELECT count(*) FROM ledger_standing WHERE company_id = %s AND posting_id = ANY(%s) AND state = 1",
        (company_id, list(posting_ids)),
    )
    return int(found[0][0])


def withdraw_documents(posting_ids: Sequence[int]) -> int:
    """Keep the documents of these postings that never left from ever leaving; how many. In the caller's transaction."""
    return sql.execute(
        """WITH stays AS (
               SELECT document.id FROM ledger_document document
               WHERE document.posting_id = ANY(%s) AND document.pushed_at IS NULL AND document.withdrawn_at IS NULL
           ), forgotten AS (
               DELETE FROM connectors_pushitem item USING stays WHERE item.document_id = stays.id
           )
           UPDATE ledger_document SET withdrawn_at = now() FROM stays WHERE ledger_document.id = stays.id""",
        (list(posting_ids),),
    )


def document_ids(posting_ids: Sequence[int], states: Sequence[str]) -> list[int]:
    """The documents of these postings whose delivery is in one of `states`."""
    found = sql.rows(
        """SELECT document.id FROM ledger_document document
           JOIN connectors_pushitem item ON item.document_id = document.id
           WHERE document.posting_id = ANY(%s) AND item.state = ANY(%s) ORDER BY document.id""",
        (list(posting_ids), list(states)),
    )
    return [document_id for (document_id,) in found]


def bring_back_days(*, run: Sync, from_day: date, through: date | None) -> int:
    """For a run over past days: what was undone of them waits again; how many records. In the caller's transaction.

    An undo of which nothing is out any more has been redone by that. One that has not ended keeps its records.
    """
    version = run.company.book_versions.order_by("-number").first()
    if version is None:
        return 0
    calendar = version.book.calendar
    start, end = calendar.bounds(from_day)[0], calendar.bounds(through or calendar.day_of(now()))[1]
    undos = list(Undo.objects.filter(company=run.company, redone_at=None).exclude(state=Undo.State.FAILED))
    kept = [posting for undo in undos if undo.finished_at is None for posting in undo.posting_ids]
    count = bring_back_between(company_id=run.company_id, start=start, end=end, but_not=kept)
    if count:
        _mark_redone([undo for undo in undos if undo.finished_at is not None], run, now())
    return count


def _mark_redone(undos: Sequence[Undo], run: Sync, at: datetime) -> None:
    for undo in undos:
        if not sql.rows(
            "SELECT FROM ledger_standing WHERE company_id = %s AND state = 5 AND posting_id = ANY(%s) LIMIT 1",
            (run.company_id, undo.posting_ids),
        ):
            undo.redone_at, undo.redone_by, undo.redo_run = at, "historic sync", run
            undo.save(update_fields=["redone_at", "redone_by", "redo_run"])
            detail = {"undo": str(undo.public_id), "run": str(run.public_id)}
            audit(code="sync.redone", actor="historic sync", company=run.company, detail=detail)
