"""What the page of a company's money shows: its last days reconciled, its clearing accounts, its trial balance.

What would be too much to add up while somebody waits is only added up when it is asked for.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final, LiteralString, NamedTuple

from django.db.models import F

from commerce_sync.clearing_items import WINDOW_DAYS, Waiting, explained, open_items
from commerce_sync.clearing_open import Clearing
from commerce_sync.explain_documents import account_names
from commerce_sync.reconcile import DayTotals, reconcile
from commerce_sync.reconcile_text import describe_differences
from connectors.general_ledger import reports
from connectors.general_ledger.report_rows import Balance
from connectors.models import Connection
from health.console.page import Console
from health.models import ReconciledDay
from ledger import sql
from ledger.models import Company
from ledger.services import now

DAYS: Final = timedelta(days=13)  # from the first day to the last
MOST_DAYS: Final = 14
MOST_AT_ONCE: Final = 3_000  # records of these days, or entries of the books: what can be added up within a page
ALL: Final = "all"


class Trial(NamedTuple):
    """The balances of one currency, with both sums."""

    currency: str
    rows: list[Balance]
    debit: int
    credit: int


class Account(NamedTuple):
    """A clearing account with how old what is open in it is, newest first; ``items`` one by one where asked for."""

    found: Clearing
    name: str
    ages: list[int]
    items: list[Waiting]


def money_of(console: Console, company: Company) -> dict[str, Any]:
    """All of it, for the template."""
    version = company.book_versions.order_by("-number").first()
    if version is None:
        return {"is_kept": False}
    last = version.book.calendar.day_of(now())
    first = last - DAYS
    asked = console.request.GET.get(ALL, "")
    context: dict[str, Any] = {"is_kept": True, "first": first, "last": last}
    context |= _kept(company)
    if asked == "days":
        days = reconcile(company.pk, first=first, last=last)
        context |= {"days": _newest_first(days), "differences": describe_differences(days)}
    window = last - timedelta(days=WINDOW_DAYS)
    if asked == "clearing" or not _has_many_records(company, window, last):
        context |= {"accounts": _clearing(company, last, console.request.GET.get("account", "")[:200])}
    link = Connection.objects.filter(company=company, platform="books").order_by("-id").first()
    if link is not None and (asked == "balance" or not _has_many_entries(link)):
        context |= {"trials": _trials(link)}
    return {**context, "has_books": link is not None}


# No more is counted than tells that it is too much.
_RECORDS: Final[LiteralString] = """
    SELECT count(*) FROM (SELECT FROM ledger_posting posting
        JOIN ledger_standing standing ON standing.posting_id = posting.id
        WHERE posting.company_id = %s AND posting.day BETWEEN %s AND %s LIMIT %s) met
"""
_ENTRIES: Final[LiteralString] = "SELECT count(*) FROM (SELECT FROM books_entry WHERE connection_id = %s LIMIT %s) met"


def _has_many_records(company: Company, first: date, last: date) -> bool:
    parameters = (company.pk, first, last, MOST_AT_ONCE + 1)
    return bool(sql.rows(_RECORDS, parameters)[0][0] > MOST_AT_ONCE)


def _has_many_entries(link: Connection) -> bool:
    return bool(sql.rows(_ENTRIES, (link.pk, MOST_AT_ONCE + 1))[0][0] > MOST_AT_ONCE)


class Role(NamedTuple):
    """One role of a day: its four totals in minor units, None where nothing is said; ``is_off``: two of them differ."""

    name: str
    totals: list[int | None]
    is_off: bool


def _kept(company: Company) -> dict[str, Any]:
    """The last days as they were reconciled last, and those that are off, however old they are."""
    rows = ReconciledDay.objects.filter(company=company)
    off = list(rows.filter(difference__gt=0).order_by("-day")[:MOST_DAYS])
    recent = [row for row in rows.order_by(F("day").desc(nulls_first=True))[:MOST_DAYS] if not row.difference]
    return {"off": [(row, _roles(row)) for row in off], "kept": [(row, _roles(row)) for row in recent]}


def _roles(row: ReconciledDay) -> list[Role]:
    found = []
    for name, totals in sorted(row.totals.items()):
        said = {total for total in totals if total is not None}
        is_off = row.difference > 0 and len(said) > 1 and name not in row.incomparable
        found.append(Role(name, totals, is_off))
    return sorted(found, key=lambda role: not role.is_off)


def _clearing(company: Company, last: date, chosen: str) -> list[Account]:
    names = account_names(company.pk)
    return [
        Account(
            each,
            names.get(each.account, each.account),
            [amount for _from, _through, amount in each.ages(last)],
            open_items(each) if each.account == chosen else [],
        )
        for each in explained(company)
    ]


def _newest_first(days: list[DayTotals]) -> list[DayTotals]:
    return sorted(days, key=lambda each: (each.day or date.min, each.currency), reverse=True)


def _trials(link: Connection) -> list[Trial]:
    found = []
    for currency, balances in groupby(reports.trial_balance(link.pk), lambda row: row.currency):
        rows = list(balances)
        found.append(Trial(currency, rows, sum(row.debit for row in rows), sum(row.credit for row in rows)))
    return found
