"""Documents as they are listed and read: with their state, their lines, and how many records are in each.

A list costs the same number of queries however long it is, and no more memory than `MOST_BYTES_OF_LINES` allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Case, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import Exact
from msgspec import Struct

from commerce_sync.document_lines import PostedLine, lines_of
from ledger import sql
from ledger.documents import decode_document
from ledger.models import Company, Document
from ledger.models.document import PUBLIC_ID

MOST_BYTES_OF_LINES: Final = 8_000_000  # of stored documents, in one page of a list
MOST_COUNTED: Final = 10_000  # records of one document, in a list

# Where a document stands, in one word: taken back, or as its delivery stands, or not prepared for one yet.
STATE: Final = Case(
    When(voided_at__isnull=False, then=Value("voided")),
    When(withdrawn_at__isnull=False, then=Value("withdrawn")),
    default=Coalesce("push_item__state", Value("pending")),
    output_field=TextField(),
)


class RecordCount(NamedTuple):
    """How many records a posting brought into the books; ``is_exact`` False: at least so many."""

    number: int
    is_exact: bool


class Listed(Struct, frozen=True):
    """One document of a list. ``lines`` None: they are too many for a list, and there are ``line_count`` of them."""

    row: Document
    state: str
    line_count: int
    lines: tuple[PostedLine, ...] | None
    records: RecordCount


def documents_of(company: Company) -> QuerySet[Document]:
    """All documents of `company`, newest day first, with ``state`` and ``uuid`` to be asked for."""
    return (
        Document.objects.filter(company=company)
        .annotate(state=STATE, uuid=PUBLIC_ID)
        .select_related("posting__book_version", "push_item__binding", "push_item__connection")
        .defer("body", "posting__book_version__body", "posting__book_version__difference")
        .defer("push_item__binding__answer", "push_item__connection__settings")
        .order_by("-date", "-pk")
    )


def document_named(company: Company, said: str) -> Document | None:
    """The document of `company` with this id, or with this reference, which people read to each other."""
    rows = documents_of(company)
    try:
        return rows.filter(Exact(PUBLIC_ID, UUID(said))).first()
    except ValueError:
        return rows.filter(reference=said.upper()).first() if "\0" not in said else None


def listed(rows: QuerySet[Document], offset: int, limit: int) -> list[Listed]:
    """A page of `rows`. Lines are read while the documents that hold them are small enough together."""
    found = list(rows.annotate(size=Length("body"))[offset : offset + limit])
    small, room = [], MOST_BYTES_OF_LINES
    for row in found:
        room -= row.size
        if room < 0:
            break
        small.append(row.pk)
    lines = _lines(small)
    counts = _line_counts([row.pk for row in found if row.pk not in lines])
    records = record_counts([row.posting_id for row in found], MOST_COUNTED)
    return [
        Listed(
            row,
            row.state,  # type: ignore[attr-defined]
            len(lines[row.pk]) if row.pk in lines else counts[row.pk],
            lines.get(row.pk),
            records.get(row.posting_id, RecordCount(0, True)),
        )
        for row in found
    ]


def whole(row: Document) -> Listed:
    """One document with all its lines, and its records counted."""
    lines = _lines([row.pk])[row.pk]
    records = record_counts([row.posting_id], None).get(row.posting_id, RecordCount(0, True))
    return Listed(row, row.state, len(lines), lines, records)  # type: ignore[attr-defined]


def _lines(document_ids: Sequence[int]) -> dict[int, tuple[PostedLine, ...]]:
    found = sql.rows("SELECT id, body FROM ledger_document WHERE id = ANY(%s)", (list(document_ids),))
    return {document_id: tuple(lines_of(decode_document(bytes(body)))) for document_id, body in found}


def _line_counts(document_ids: Sequence[int]) -> dict[int, int]:
    found = sql.rows(
        "SELECT document_id, count(*) FROM ledger_documentline WHERE document_id = ANY(%s) GROUP BY document_id",
        (list(document_ids),),
    )
    return dict(found)


def record_counts(posting_ids: Sequence[int], most: int | None) -> dict[int, RecordCount]:
    """Posting → its records, counted up to `most` of each (None: all). Those of a reversal are the ones it reverses."""
    found = sql.rows(
        """SELECT posting.id, (
               SELECT count(*) FROM (
                   SELECT FROM ledger_standing standing
                   WHERE standing.posting_id = coalesce(posting.reverses_id, posting.id) LIMIT %s) met)
           FROM ledger_posting posting WHERE posting.id = ANY(%s)""",
        (most + 1 if most is not None else None, list(set(posting_ids))),
    )
    return {
        posting_id: RecordCount(min(count, most) if most is not None else count, most is None or count <= most)
        for posting_id, count in found
    }
