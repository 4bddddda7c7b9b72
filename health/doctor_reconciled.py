"""The doctor's look at the four totals: as the watch left them, and as they are where it has not looked yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from commerce_sync.reconcile_days import Four, sum_days
from health.checkup import Check, failure, ok
from health.reconciled import OffDay, difference, kept_off
from ledger import sql
from ledger.models import Company
from ledger.money import format_money

MOST_DAYS: Final = 1_000
"""Days of companies that no watch has looked at: more are left to it, for its night is soon."""


def reconciliation() -> Check:
    """What sales systems state, records, documents and the accounting software agree to the unit."""
    off = [*kept_off(), *_unseen()]
    if not off:
        days = sql.rows("SELECT count(*) FROM (SELECT FROM health_reconciledday LIMIT 100000) kept")[0][0]
        return ok("reconciliation", f"no day is off; {days:,} have been looked at")
    company, day, currency, roles = off[0]
    name = Company.objects.values_list("name", flat=True).get(pk=company)
    sentence = next(_sentences(day, currency, roles), "the books read back differently")
    return failure(
        "reconciliation",
        f"{len(off)} days are off; {name}: {sentence}",
        "The findings of money name the records and documents; `manage.py explain` leads from each to its raw payload.",
    )


def _unseen() -> list[OffDay]:
    asked = sql.rows(
        """SELECT DISTINCT posting.company_id, posting.day FROM ledger_company company
           JOIN ledger_posting posting ON posting.company_id = company.id
           WHERE NOT EXISTS (SELECT FROM health_reconciledday kept WHERE kept.company_id = company.id) LIMIT %s""",
        (MOST_DAYS,),
    )
    found = sum_days([(company, day) for company, day in asked])
    return [OffDay(each.company_id, each.day, each.currency, each.roles) for each in found if difference(each)]


def _sentences(day: date | None, currency: str, roles: dict[str, Four]) -> Iterator[str]:
    """Where two totals differ, in words."""
    when = day.isoformat() if day else "in all"
    for role, four in roles.items():
        if four.records is None or four.documents is None:
            continue
        if four.stated is not None and four.stated != four.records:
            stated, held = format_money(four.stated, currency), format_money(four.records, currency)
            yield f"{when}: {role} are stated as {stated}, the records hold {held}"
        elif four.records != four.documents:
            stated, held = format_money(four.records, currency), format_money(four.documents, currency)
            yield f"{when}: {role} are stated as {stated}, the documents hold {held}"
