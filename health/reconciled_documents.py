"""The documents that the accounting software has otherwise than we sent them, drift of single documents left out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from commerce_sync import reconcile_day_sql as statements
from health.findings.seen import Cause
from ledger import sql

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
