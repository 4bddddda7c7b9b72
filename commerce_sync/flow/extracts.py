"""What a merchant can take along: documents, their lines, the records of each day, problems, the mapping.

An extract is asked for in two steps: which rows there are (their ids, bounded), then the rows in batches. So a file of
any size needs little memory, holds no query open while a browser is slow, and is refused before it begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, LiteralString, NamedTuple
from zoneinfo import ZoneInfo

from commerce_sync.document_lines import lines_of
from commerce_sync.documents import documents_of
from commerce_sync.explain_documents import account_names
from commerce_sync.flow import problem_words
from commerce_sync.flow.files import Column, Row
from ledger import sql
from ledger.calendar import Calendar
from ledger.models import Company, Document
from ledger.money import to_decimal
from ledger.problems import CATALOG

MOST_ROWS: Final = 100_000
"""So many documents, records or problems are in one file at most."""
BATCH: Final = 500
BATCH_OF_LINES: Final = 50  # documents whose lines are in memory at once


class TooMuch(Exception):
    """More rows than one file holds."""


class Asked(NamedTuple):
    """Whose rows, of which business days, on whose clock and in which language they are told."""

    company: Company
    calendar: Calendar
    first: date
    last: date
    locale: str

    @property
    def zone(self) -> ZoneInfo:
        """The clock on the company's wall."""
        return ZoneInfo(self.calendar.rules[-1].zone)


def _ours(*names: str) -> list[Column]:
    return [Column(name, is_ours=True) for name in names]


DOCUMENTS: Final = (
    *_ours("date", "reference", "kind", "currency", "total", "state", "business_day", "made_at", "delivered_at", "id"),
    Column("description"),
    Column("refused_because"),
    Column("link"),
)
LINES: Final = (
    *_ours("date", "reference", "kind", "currency", "debit", "credit"),
    Column("account"),
    Column("account_name"),
    Column("description"),
    Column("role"),
    Column("tax_code"),
    *_ours("state"),
)
RECORDS: Final = (
    *_ours("business_day", "kind", "happened_at", "currency", "total", "state"),
    Column("id"),
    *_ours("documents"),
)
PROBLEMS: Final = (
    *_ours("opened_at", "resolved_at", "severity", "code", "record_kind"),
    Column("record_id"),
    *_ours("happened_at", "currency", "total"),
    Column("what"),
    Column("what_to_do"),
)

_RECORD_IDS: Final[LiteralString] = """
    (SELECT standing.record_id AS record, posting.day, 'in_books' AS state, standing.posting_id AS posting
        FROM ledger_posting posting JOIN ledger_standing standing ON standing.posting_id = posting.id
        WHERE posting.company_id = %s AND posting.day BETWEEN %s AND %s AND standing.state = 1 LIMIT %s)
    UNION ALL
    (SELECT record_id, %s::date + width_bucket(happened_at, %s::timestamptz[]) - 1,
            CASE state WHEN 0 THEN 'waiting' ELSE 'taken_back' END, NULL
        FROM ledger_standing WHERE company_id = %s AND (state = 0 OR state = 5)
            AND happened_at >= %s AND happened_at < %s LIMIT %s)
    UNION ALL
    (SELECT standing.record_id, %s::date + width_bucket(standing.happened_at, %s::timestamptz[]) - 1, 'problem', NULL
        FROM (SELECT DISTINCT record_id FROM ledger_problem
            WHERE company_id = %s AND resolved_at IS NULL AND record_id IS NOT NULL) open
        JOIN ledger_standing standing ON standing.record_id = open.record_id
        WHERE standing.state = 3 AND standing.happened_at >= %s AND standing.happened_at < %s LIMIT %s)
    ORDER BY 2, 1 LIMIT %s
"""
_RECORDS: Final[LiteralString] = """
    SELECT id, kind, happened_at, currency, total, external_id FROM ledger_record WHERE id = ANY(%s)
"""
_REFERENCES: Final[LiteralString] = """
    SELECT posting_id, string_agg(reference, ' ' ORDER BY id) FROM ledger_document
    WHERE posting_id = ANY(%s) AND withdrawn_at IS NULL AND voided_at IS NULL GROUP BY posting_id
"""
_PROBLEMS: Final[LiteralString] = """
    SELECT problem.opened_at, problem.resolved_at, problem.code, problem.detail, record.kind,
        coalesce(record.external_id, problem.subject), record.happened_at, record.currency, record.total
    FROM ledger_problem problem LEFT JOIN ledger_record record ON record.id = problem.record_id
    WHERE problem.id = ANY(%s) ORDER BY problem.id
"""


def documents(asked: Asked) -> Iterator[list[Row]]:
    """The documents that are dated in the range. Raises `TooMuch` before the first batch."""
    ids = _document_ids(asked)
    return (_documents(asked, list(batch)) for batch in sql.batches(ids, BATCH))


def lines(asked: Asked) -> Iterator[list[Row]]:
    """The debits and credits of these documents. Raises `TooMuch`."""
    ids = _document_ids(asked)
    names = account_names(asked.company.pk)
    return (_lines(asked, list(batch), names) for batch in sql.batches(ids, BATCH_OF_LINES))


def records(asked: Asked) -> Iterator[list[Row]]:
    """What the sales systems told of each business day, and where it stands. Raises `TooMuch`."""
    days = [date.fromordinal(number) for number in range(asked.first.toordinal(), asked.last.toordinal() + 1)]
    starts = [asked.calendar.bounds(day)[0] for day in days]
    span = (starts[0], asked.calendar.bounds(days[-1])[1])
    company, most = asked.company.pk, MOST_ROWS + 1
    outside = (asked.first, starts, company, *span, most)
    found = sql.rows(_RECORD_IDS, (company, asked.first, asked.last, most, *outside, *outside, most))
    _check(len(found))
    return (_records(asked, batch) for batch in sql.batches(found, BATCH))


def problems(asked: Asked) -> Iterator[list[Row]]:
    """What was met in the range, whether it is mended or not. Raises `TooMuch`."""
    span = (asked.calendar.bounds(asked.first)[0], asked.calendar.bounds(asked.last)[1])
    found = sql.rows(
        """SELECT id FROM ledger_problem WHERE company_id = %s AND opened_at >= %s AND opened_at < %s
           ORDER BY id LIMIT %s""",
        (asked.company.pk, *span, MOST_ROWS + 1),
    )
    _check(len(found))
    ids = [number for (number,) in found]
    return (_problems(asked, list(batch)) for batch in sql.batches(ids, BATCH))


def _document_ids(asked: Asked) -> list[int]:
    rows = Document.objects.filter(company=asked.company, date__range=(asked.first, asked.last)).order_by("date", "pk")
    ids = list(rows.values_list("pk", flat=True)[: MOST_ROWS + 1])
    _check(len(ids))
    return ids


def _documents(asked: Asked, ids: list[int]) -> list[Row]:
    found: list[Row] = []
    for row in documents_of(asked.company).filter(pk__in=ids).order_by("date", "pk"):
        item = getattr(row, "push_item", None)
        binding = getattr(item, "binding", None) if item is not None else None
        found.append(
            (
                row.date.isoformat(),
                row.reference,
                row.kind,
                row.currency,
                amount(row.total, row.currency),
                row.state,  # type: ignore[attr-defined]  # annotated
                row.posting.day.isoformat(),
                _at(row.created_at, asked),
                _at(row.pushed_at, asked),
                str(row.public_id),
                row.narration,
                item.failure_sentence if item is not None else "",
                binding.url if binding is not None else "",
            )
        )
    return found


def _lines(asked: Asked, ids: list[int], names: dict[str, str]) -> list[Row]:
    found: list[Row] = []
    for row in documents_of(asked.company).filter(pk__in=ids).defer(None).order_by("date", "pk"):
        head = (row.date.isoformat(), row.reference, row.kind, row.currency)
        for line in lines_of(row.document):
            sides = (amount(side, row.currency) if side else None for side in (line.debit, line.credit))
            told = (line.account, names.get(line.account, ""), line.description, line.role, line.tax_code)
            found.append((*head, *sides, *told, row.state))  # type: ignore[attr-defined]  # annotated
    return found


def _records(asked: Asked, keys: Sequence[tuple[Any, ...]]) -> list[Row]:
    rows = {row[0]: row for row in sql.rows(_RECORDS, ([key[0] for key in keys],))}
    references: dict[int | None, str] = dict(
        sql.rows(_REFERENCES, (list({key[3] for key in keys if key[3] is not None}),))
    )
    found: list[Row] = []
    for number, day, state, posting in keys:
        _id, kind, happened_at, currency, total, external_id = rows[number]
        own = (day.isoformat(), kind, _at(happened_at, asked), currency, amount(total, currency), state, external_id)
        found.append((*own, references.get(posting, "")))
    return found


def _problems(asked: Asked, ids: list[int]) -> list[Row]:
    found: list[Row] = []
    for opened, resolved, code, detail, kind, subject, happened, currency, total in sql.rows(_PROBLEMS, (ids,)):
        told = problem_words.told(code, detail or {}, asked.locale)
        reason = CATALOG.get(code)
        found.append(
            (
                _at(opened, asked),
                _at(resolved, asked),
                reason.severity if reason is not None else "",
                code,
                kind,
                subject,
                _at(happened, asked),
                currency,
                amount(total, currency) if currency else None,
                told.what if told is not None else "",
                told.todo if told is not None else "",
            )
        )
    return found


def amount(minor: int, currency: str) -> str:
    """A plain decimal with the currency's decimals and no grouping, the same in every language."""
    return f"{to_decimal(minor, currency):f}"


def _at(instant: datetime | None, asked: Asked) -> str | None:
    return instant.astimezone(asked.zone).isoformat(timespec="seconds") if instant is not None else None


def _check(number: int) -> None:
    if number > MOST_ROWS:
        raise TooMuch
