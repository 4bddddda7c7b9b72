"""Reversals as rows: a posting that takes another one back, with the documents that do it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from ledger import sql
from ledger.book import decode_book
from ledger.compose import Naming
from ledger.documents import Document, decode_document
from ledger.post_rows import insert_documents
from ledger.reversal import reversal_day, reverse, title_of
from ledger.services import now


def post_reversals(
    *, company_id: int, posting_ids: Sequence[int], act: UUID, through: date, locked_through: date | None
) -> int:
    """Post the reversal of each of these postings that still has documents which count; the number of new documents.

    The postings have been set aside (`ledger.set_aside`) and what of them never left is withdrawn. One that has its
    reversal already is left alone, so doing it twice changes nothing. `act` is the caller's id; for the days see
    `reversal_day`. Joins the caller's transaction. Raises `ledger.reversal.InexactReversal`.
    """
    written = 0
    with sql.unit_of_work():
        found = sql.rows(_STANDING, (company_id, list(posting_ids)))
        by_posting: dict[int, list[Document]] = {}
        for posting_id, body in found:
            by_posting.setdefault(posting_id, []).append(decode_document(bytes(body)))
        for posting_id, documents in by_posting.items():
            written += _post(company_id, posting_id, documents, act, (through, locked_through), now())
    return written


_STANDING = """
    SELECT posting.id, document.body FROM ledger_posting posting
    JOIN ledger_document document ON document.posting_id = posting.id
    WHERE posting.company_id = %s AND posting.id = ANY(%s) AND posting.withdrawn_at IS NOT NULL
        AND document.withdrawn_at IS NULL AND document.voided_at IS NULL
        AND NOT EXISTS (SELECT FROM ledger_posting reversal WHERE reversal.reverses_id = posting.id)
    ORDER BY posting.id, document.id
"""


def _post(
    company_id: int,
    posting_id: int,
    documents: Sequence[Document],
    act: UUID,
    days: tuple[date, date | None],
    at: datetime,
) -> int:
    day, currency, label, company, body = sql.rows(
        """SELECT posting.day, posting.currency, posting.label, company.public_id, version.body
           FROM ledger_posting posting JOIN ledger_company company ON company.id = posting.company_id
           JOIN ledger_bookversion version ON version.id = posting.book_version_id WHERE posting.id = %s""",
        (posting_id,),
    )[0]
    book = decode_book(bytes(body))
    reversal_id, revision = sql.rows(
        """INSERT INTO ledger_posting (company_id, act, book_version_id, created_at, day, currency, label, revision,
               reverses_id)
           SELECT company_id, %s, book_version_id, %s, day, currency, label, (
                   SELECT max(other.revision) + 1 FROM ledger_posting other
                   WHERE other.company_id = original.company_id AND other.day = original.day
                       AND other.currency = original.currency AND other.label = original.label), id
           FROM ledger_posting original WHERE id = %s RETURNING id, revision""",
        (act, at, posting_id),
    )[0]
    stem = f"{company.hex}/{day}/{currency}/{label}/{revision}"
    naming = Naming(stem, reversal_day(documents, book, *days), currency, title_of(documents))
    made = reverse(documents, naming, book)
    insert_documents(company_id, [(reversal_id, document) for document in made], at)
    return len(made)
