"""What a person means by what they type: a document's reference or key, a record's id or number, a ledger line.

The chain that leads on from there is `commerce_sync.explain_chain`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import msgspec

from ledger import sql
from ledger.commerce import Order, decode

MOST_CANDIDATES: Final = 50


class Subject(NamedTuple):
    """One thing that can be explained. ``label`` tells it from others of the same name."""

    kind: Literal["document", "record"]
    id: int
    label: str


def find(said: str, company_id: int | None = None) -> list[Subject]:
    """Everything that ``said`` may mean, the most certain reading first; several of one reading are all returned.

    In turn: a document by reference or key, an entry of the built-in books by its reference, a record by its id at the
    platform, an order by its number, a record by our own number ("#17", or "17" when nothing else is called that).
    """
    said = said.strip()
    readings: tuple[Callable[[str, int | None], list[Subject]], ...] = (
        _documents,
        _entries,
        _records,
        _numbers,
        _own_numbers,
    )
    if not said or "\x00" in said:
        return []
    if said.startswith("#") and said[1:].isdigit():
        return _own_numbers(said[1:], company_id) or _numbers(said, company_id) or _numbers(said[1:], company_id)
    for reading in readings:
        found = reading(said, company_id)
        if found:
            return found
    return []


def _documents(said: str, company_id: int | None) -> list[Subject]:
    found = sql.rows(
        """SELECT document.id, document.kind, document.reference, document.date, company.name
           FROM ledger_document document JOIN ledger_company company ON company.id = document.company_id
           WHERE (document.reference = upper(%s) OR document.key = %s)
               AND (%s::bigint IS NULL OR document.company_id = %s) ORDER BY document.id LIMIT %s""",
        (said, said, company_id, company_id, MOST_CANDIDATES),
    )
    return [
        Subject("document", document_id, f"{kind.replace('_', ' ')} {reference} of {day}, {company}")
        for document_id, kind, reference, day, company in found
    ]


def _entries(said: str, company_id: int | None) -> list[Subject]:
    """A reversal in the built-in books has a reference of its own; it leads to the document that was reversed."""
    found = sql.rows(
        """SELECT document.id, entry.reference, document.reference, company.name
           FROM books_entry entry
           LEFT JOIN books_entry reversed ON reversed.id = entry.reverses_id
           JOIN connectors_connection link ON link.id = entry.connection_id
           JOIN ledger_document document ON document.company_id = link.company_id
               AND document.key = coalesce(reversed.document_key, entry.document_key)
           JOIN ledger_company company ON company.id = document.company_id
           WHERE entry.reference = %s AND (%s::bigint IS NULL OR link.company_id = %s) ORDER BY entry.id LIMIT %s""",
        (said, company_id, company_id, MOST_CANDIDATES),
    )
    return [
        Subject("document", document_id, f"entry {entry} for document {reference}, {company}")
        for document_id, entry, reference, company in found
    ]


def _records(said: str, company_id: int | None) -> list[Subject]:
    found = sql.rows(
        """SELECT record.id, record.kind, record.external_id, company.name, source.label
           FROM ledger_record record JOIN ledger_source source ON source.id = record.source_id
           JOIN ledger_company company ON company.id = source.company_id
           WHERE record.external_id = %s AND NOT record.superseded
               AND (%s::bigint IS NULL OR source.company_id = %s) ORDER BY record.id LIMIT %s""",
        (said, company_id, company_id, MOST_CANDIDATES),
    )
    return [_record(*row) for row in found]


def _numbers(said: str, company_id: int | None) -> list[Subject]:
    """Orders by the number on their receipt: looked for in the canonical bytes, then read to be certain."""
    found = sql.rows(
        """SELECT record.id, record.kind, record.external_id, company.name, source.label, record.body
           FROM ledger_record record JOIN ledger_source source ON source.id = record.source_id
           JOIN ledger_company company ON company.id = source.company_id
           WHERE record.kind = 'order' AND NOT record.superseded AND NOT record.deleted
               AND position(%s::bytea in record.body) > 0
               AND (%s::bigint IS NULL OR source.company_id = %s) ORDER BY record.id LIMIT %s""",
        (b'"number":' + msgspec.json.encode(said), company_id, company_id, MOST_CANDIDATES),
    )
    orders = [(row, decode("order", bytes(row[5]))) for row in found]
    return [_record(*row[:5]) for row, order in orders if isinstance(order, Order) and order.number == said]


def _own_numbers(said: str, company_id: int | None) -> list[Subject]:
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        return []
    found = sql.rows(
        """SELECT record.id, record.kind, record.external_id, company.name, source.label
           FROM ledger_record record JOIN ledger_source source ON source.id = record.source_id
           JOIN ledger_company company ON company.id = source.company_id
           WHERE record.id = %s AND (%s::bigint IS NULL OR source.company_id = %s)""",
        (int(said), company_id, company_id),
    )
    return [_record(*row) for row in found]


def _record(record_id: int, kind: str, external_id: str, company: str, source: str) -> Subject:
    return Subject("record", record_id, f"#{record_id}  {kind.replace('_', ' ')} {external_id}, {company} ({source})")
