"""The records that are worth looking at first when a day does not agree, and the documents that read back different."""

from __future__ import annotations

from datetime import date
from typing import Final, LiteralString

from msgspec import Struct

from commerce_sync.reconcile import DayTotals
from commerce_sync.reconcile_sql import DISAGREEING, RECORD_TEXT, delivered_parameters
from ledger import sql

MOST_SUSPECTS: Final = 20


class Suspect(Struct, frozen=True):
    """A record that may explain a difference, and why it is suspected. ``total`` in minor units."""

    kind: str
    external_id: str
    total: int
    reason: str
    record_id: int


# Of the records in the books that were posted for the day: those whose own lines miss their total, and those whose
# total is the difference (or half of it: a record on the wrong side is off by twice its amount).
_SUSPECTS: Final[LiteralString] = (
    """WITH posted AS (
        SELECT record.id, record.kind, record.external_id, record.total, """  # noqa: S608
    + RECORD_TEXT
    + """ AS body
        FROM ledger_standing standing
        JOIN ledger_record record ON record.id = standing.record_id
        JOIN ledger_posting posting ON posting.id = standing.posting_id
        WHERE standing.company_id = %s AND standing.state = 1 AND NOT record.deleted
            AND (%s::date IS NULL OR posting.day = %s) AND record.currency = %s
    ), weighed AS (
        SELECT id, kind, external_id, total, (body ->> 'stated')::bigint - (
            SELECT sum((line ->> 'net')::bigint + coalesce((
                SELECT sum((tax ->> 'amount')::bigint) FROM jsonb_array_elements(
                    CASE jsonb_typeof(line -> 'taxes') WHEN 'array' THEN line -> 'taxes' END) tax), 0))
            FROM jsonb_array_elements(CASE jsonb_typeof(body -> 'lines') WHEN 'array' THEN body -> 'lines' END) line
        ) AS off
        FROM posted
    )
    SELECT kind, external_id, total,
        CASE WHEN off <> 0 THEN 'its lines miss its total' WHEN abs(total) = ANY(%s) THEN 'its amount is the difference'
            ELSE 'its amount is half the difference' END, id
    FROM weighed WHERE off <> 0 OR abs(total) = ANY(%s) OR abs(total) * 2 = ANY(%s)
    ORDER BY coalesce(off, 0) = 0, abs(total) <> ALL(%s), id LIMIT %s"""
)


# Records of these days that are not in the books although the difference is just their amount.
_OUTSIDE: Final[LiteralString] = """
    SELECT record.kind, record.external_id, record.total,
        'it is not in the books, and its amount is the difference', record.id
    FROM ledger_source source
    JOIN LATERAL (
        SELECT * FROM ledger_record record WHERE record.source_id = source.id AND kind = 'order'
            AND NOT superseded AND NOT deleted AND received_at >= %(day)s::date - interval '2 days'
        UNION ALL SELECT * FROM ledger_record record WHERE record.source_id = source.id AND kind <> 'order'
            AND NOT superseded AND NOT deleted AND received_at >= %(day)s::date - interval '2 days'
    ) record ON abs(record.total) = ANY(%(amounts)s) AND record.currency = %(currency)s
        AND record.happened_at >= %(day)s::date - interval '1 day'
        AND record.happened_at < %(day)s::date + interval '3 days'
    WHERE source.company_id = %(company)s
        AND NOT EXISTS (SELECT FROM ledger_standing standing
            WHERE standing.record_id = record.id AND standing.state = 1)
    LIMIT 20
"""


def suspects(day: DayTotals) -> list[Suspect]:
    """The records to look at first for the differences of ``day``."""
    amounts = [abs(found.difference) for found in day.differences.values()]
    return suspects_of(day.company_id, day.day, day.currency, amounts)


def suspects_of(company_id: int, day: date | None, currency: str, amounts: list[int]) -> list[Suspect]:
    """The records to look at first for differences of ``amounts`` (minor units, unsigned) on a day of a company."""
    parameters = (company_id, day, day, currency, amounts, amounts, amounts, amounts, MOST_SUSPECTS)
    found = [Suspect(*row) for row in sql.rows(_SUSPECTS, parameters)]
    if day is not None:
        outside = {"company": company_id, "day": day, "currency": currency, "amounts": amounts}
        found = [*(Suspect(*row) for row in sql.rows_named(_OUTSIDE, outside)), *found]
    return found[:MOST_SUSPECTS]


Day = tuple[int, date | None, str]


def disagreeing(company_id: int | None, first: date | None = None, last: date | None = None) -> dict[Day, list[str]]:
    """(company, day, currency) → references of documents that read back as something else; a hundred in all."""
    found: dict[Day, list[str]] = {}
    for company, day, currency, reference in sql.rows(DISAGREEING, delivered_parameters(company_id, first, last)):
        found.setdefault((company, day, currency), []).append(reference)
    return found
