"""Reconciliation watched: the days that are off, with the records that are worth looking at first."""

from __future__ import annotations

from msgspec import Struct

from commerce_sync.reconcile import DayTotals, reconcile
from commerce_sync.reconcile_suspects import Suspect, disagreeing, suspects
from ledger.models import Company


class OffDay(Struct, frozen=True):
    """A day of a company that does not agree to the unit. ``references`` are documents that read back different."""

    company: str
    totals: DayTotals
    suspects: tuple[Suspect, ...]
    references: tuple[str, ...]


def off_days(company_id: int | None = None) -> list[OffDay]:
    """Every day that is not reconciled, of a company or of all (None); empty is how it should be."""
    found = [day for day in reconcile(company_id) if not day.is_reconciled]
    if not found:
        return []
    names = dict(Company.objects.filter(pk__in={day.company_id for day in found}).values_list("pk", "name"))
    references = disagreeing(company_id)
    return [
        OffDay(
            names[day.company_id],
            day,
            tuple(suspects(day)) if day.differences else (),
            tuple(references.get((day.company_id, day.day, day.currency), ())),
        )
        for day in found
    ]
