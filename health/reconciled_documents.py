"""The documents that the accounting software has otherwise than we sent them, drift of single documents left out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, LiteralString

from commerce_sync import reconcile_day_sql as statements
from health.findings.seen import MOST_CAUSES, Cause
from ledger import sql

_OF_DAY: Final[LiteralString] = """
    SELECT document.id, document.reference, document.kind, document.total
    FROM ledger_posting posting JOIN ledger_document document ON document.posting_id = posting.id
    WHERE posting.company_id = %s AND posting.day = %s AND posting.currency = %s
        AND document.withdrawn_at IS NULL AND document.voided_at IS NULL
        AND (%s = '' OR EXISTS (SELECT FROM ledger_documentline line
            WHERE line.document_id = document.id AND line.account = %s))
    ORDER BY document.id DESC LIMIT %s
"""
Place = tuple[int, date | None, str, str]  # company, day, currency, account


def documents_off(days: Iterable[tuple[int, date | None]]) -> dict[Place, list[Cause]]:
    """By place, the documents that are off there and by how much, the gravest first; a thousand in all."""
    asked = [(company, day) for company, day in days if day is not None]
    dayless = [company for company, day in days if day is None]
    if dayless:
        asked += [
            (company, day)
            for company, day in sql.rows(
                "SELECT DISTINCT company_id, day FROM ledger_posting WHERE company_id = ANY(%s)", (dayless,)
            )
        ]
    parameters = {"companies": [company for company, _ in asked], "days": [day for _, day in asked]}
    found: dict[Place, list[Cause]] = {}
    for company, day, currency, account, document_id, reference, off in sql.rows_named(statements.OFF, parameters):
        place = (company, None if company in dayless else day, currency, account)
        cause = Cause("document", str(document_id), reference, f"it is off on account {account}", off)
        found.setdefault(place, []).append(cause)
    for causes in found.values():
        causes.sort(key=lambda cause: -abs(cause.amount or 0))
    return found


def documents_of(company_id: int, day: date | None, currency: str, account: str = "") -> list[Cause]:
    """The documents of a day, those that touch ``account`` where one is named, the newest first; none of all days."""
    rows = sql.rows(_OF_DAY, (company_id, day, currency, account, account, MOST_CAUSES)) if day else []
    return [
        Cause("document", str(document), reference, f"{kind.replace('_', ' ')} of the day", total)
        for document, reference, kind, total in rows
    ]
