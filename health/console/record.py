"""The page of a record: its versions, the row that each was made of, where it stands, and the documents it is in."""

from __future__ import annotations

from typing import Any, Final, LiteralString, NamedTuple

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from commerce_sync.explain_chain import LegLine, legs_of, raw_row
from commerce_sync.explain_documents import account_names
from health.console.company import frame_of
from health.console.document import pretty
from health.console.page import Console, console_page
from health.console.roles import Right
from ledger import sql
from ledger.commerce import decode
from ledger.models import BookVersion, Company, Document, ProblemRow, RecordRow
from ledger.models.standing import Standing

MOST_VERSIONS: Final = 20
MOST_DOCUMENTS: Final = 30


class Stand(NamedTuple):
    """One standing of a version: in which posting, under which version of the mapping, and what took it out again."""

    record_id: int
    state: int
    posting_id: int | None
    day: Any
    label: str
    revision: int | None
    book_version: int | None
    left_on: Any

    @property
    def words(self) -> str:
        """The state as people read it."""
        return Standing.State(self.state).label


_STANDINGS: Final[LiteralString] = """
    SELECT standing.record_id, standing.state, posting.id, posting.day, coalesce(posting.label, ''), posting.revision,
        version.number, gone.day
    FROM ledger_standing standing
    LEFT JOIN ledger_posting posting ON posting.id = standing.posting_id
    LEFT JOIN ledger_bookversion version ON version.id = posting.book_version_id
    LEFT JOIN ledger_posting gone ON gone.id = standing.left_by_id
    WHERE standing.record_id = ANY(%s) ORDER BY standing.record_id DESC, standing.round DESC LIMIT 100
"""
# A record that spans days has legs in the other postings of its run.
_DOCUMENTS: Final[LiteralString] = """
    SELECT DISTINCT document.id FROM ledger_posting posting
    JOIN ledger_posting other ON other.id = posting.id
        OR (other.company_id = posting.company_id AND other.act = posting.act AND other.currency = posting.currency
            AND other.day = ANY(%s))
    JOIN ledger_document document ON document.posting_id = other.id
    JOIN ledger_documentline line ON line.document_id = document.id
    WHERE posting.id = ANY(%s) AND line.account = ANY(%s)
    ORDER BY document.id DESC LIMIT %s
"""


@require_safe
@console_page("ledger.view_recordrow")
def record_page(console: Console, record_id: int) -> HttpResponse:
    """A version of a record, by its number, with the others beside it."""
    row = RecordRow.objects.select_related("source__connection").filter(pk=record_id).first()
    company = console.companies().filter(pk=row.source.company_id).first() if row is not None else None
    if row is None or company is None:
        raise Http404("There is no such record.")
    same = RecordRow.objects.filter(source=row.source_id, kind=row.kind, external_id=row.external_id)
    versions = list(same.defer("body").order_by("-revision")[:MOST_VERSIONS])
    stands = [Stand(*each) for each in sql.rows(_STANDINGS, ([each.pk for each in versions],))]
    own = [stand for stand in stands if stand.record_id == row.pk]
    legs, under = _legs(company, row, own)
    names = account_names(company.pk)
    may_raw = console.may(Right.RAW)
    raw = raw_row(row.page, row.page_row) if may_raw else None
    context = {
        **frame_of(console, company, ""),
        "title": f"{row.kind.replace('_', ' ')} {row.external_id}",
        "row": row,
        "connection": getattr(row.source, "connection", None),
        "versions": versions,
        "stands": own,
        "others": [stand for stand in stands if stand.record_id != row.pk],
        "problems": [each.problem for each in ProblemRow.objects.filter(record=row, resolved_at=None)[:20]],
        "legs": [(leg, names.get(leg.account, leg.account)) for leg in legs],
        "under": under,
        "documents": _documents(stands, legs),
        "canonical": pretty(row.body),
        "may_raw": may_raw,
        "raw": raw,
        "payload": pretty(raw.payload) if raw is not None and not raw.absent else "",
    }
    return console.shown("console/company/record.html", context)


def _legs(company: Company, row: RecordRow, stands: list[Stand]) -> tuple[list[LegLine], int | None]:
    """The legs under the version of the mapping by which it is in the books; else under the one in force."""
    under = next((stand.book_version for stand in stands if stand.book_version), None)
    versions = BookVersion.objects.filter(company=company).order_by("-number")
    version = (versions.filter(number=under) if under is not None else versions).first()
    if version is None:
        return [], None
    record = decode(row.kind, bytes(row.body), deleted=row.deleted)  # type: ignore[arg-type]  # only kinds are stored
    return legs_of(record, version.book), version.number


def _documents(stands: list[Stand], legs: list[LegLine]) -> list[Document]:
    postings = [stand.posting_id for stand in stands if stand.posting_id is not None]
    if not postings or not legs:
        return []
    days, accounts = list({leg.day for leg in legs}), list({leg.account for leg in legs})
    ids = [each[0] for each in sql.rows(_DOCUMENTS, (days, postings, accounts, MOST_DOCUMENTS))]
    return list(Document.objects.filter(pk__in=ids).defer("body").select_related("push_item").order_by("-pk"))
