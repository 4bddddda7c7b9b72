"""The page of charts: what was sold on each day and how much of it is in the books, and the money that waits for its
payout. Every chart has its figures behind it as a table."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from commerce_sync.flow import clearing, drawing, figures, sold
from commerce_sync.flow.chart import Chart, Columns, chart_of, columns_of, rows_of
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from ledger.book import Book
from ledger.problems import CATALOG
from ledger.services import now

RANGES: Final = {
    30: gettext_lazy("30 days"),
    90: gettext_lazy("90 days"),
    365: gettext_lazy("A year"),
}
USUAL: Final = 90
MOST_CURRENCIES: Final = 4
MOST_DRAWN: Final = 6
"""So many accounts have a chart; all of them are in the table."""
BLOCKING: Final = [code for code, it in CATALOG.items() if it.severity == "blocks" and code != "awaiting_payout"]


class Total(NamedTuple):
    """A part of what was sold, for the legend."""

    kind: str
    words: str
    amount: str


class SalesChart(NamedTuple):
    """What was sold in one currency, with the table behind it."""

    currency: str
    chart: Chart
    totals: list[Total]
    rows: SafeString
    foot: list[str]
    has_wrong: bool


@merchant_page
@require_safe
def charts(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Charts of the last 30, 90 or 365 days."""
    said = request.GET.get("days", "")
    days = next((each for each in RANGES if str(each) == said), USUAL)
    version = merchant.company.book_versions.order_by("-number").first()
    context: dict[str, Any] = {"ranges": RANGES, "days": days}
    if version is not None:
        last = version.book.calendar.day_of(now())
        first = _first_day(version.book, last, days)
        columns = columns_of(first, last)
        context |= {"by_week": columns.are_weeks, "by_payout": version.book.mode == "per_payout"}
        context |= _sales(merchant, version.book, columns) | _money(merchant, columns)
    return shown(request, merchant, "flow/charts.html", context)


def _first_day(book: Book, last: date, days: int) -> date:
    """No day before the first that is kept has anything to show."""
    first = last - timedelta(days=days - 1)
    return first if book.start_on is None else min(max(first, book.start_on), last)


def _sales(merchant: Merchant, book: Book, columns: Columns) -> dict[str, Any]:
    first, last = columns.spans[0][0], columns.spans[-1][1]
    found = sold.sales_of(merchant.company.pk, book.calendar, first, last, BLOCKING)
    order = sorted(found.currencies, key=lambda currency: (currency != book.currency, currency))[:MOST_CURRENCIES]
    return {
        "sales": [_sales_chart(each, found.currencies[each], columns, merchant.locale) for each in order],
        "is_whole": found.is_whole,
        "most_waiting": sold.MOST_WAITING,
    }


def _sales_chart(currency: str, days: list[sold.Sold], columns: Columns, locale: str) -> SalesChart:
    parts = sold.in_weeks(days) if columns.are_weeks else days
    sums = [sum(part.posted for part in parts), sum(part.waiting for part in parts), sum(part.wrong for part in parts)]
    posted, waiting, wrong, total = (figures.money(each, currency, locale) for each in (*sums, sum(sums)))
    told = _(
        "%(total)s were sold from %(first)s through %(last)s: %(posted)s are in your books, %(waiting)s are not yet, "
        "%(wrong)s have a problem."
    ) % {
        "total": total,
        "first": date_format(parts[0].day),
        "last": date_format(parts[-1].through),
        "posted": posted,
        "waiting": waiting,
        "wrong": wrong,
    }
    heights = [(part.posted, part.waiting, part.wrong) for part in parts]
    ups = [sum(value for value in column if value > 0) for column in heights]
    downs = [sum(value for value in column if value < 0) for column in heights]
    scale = drawing.scale_of([*ups, *downs])
    title = _("Sales per week, in %(currency)s") if columns.are_weeks else _("Sales per day, in %(currency)s")
    chart = chart_of(
        f"sales-{currency}",
        title % {"currency": currency},
        told,
        columns,
        scale,
        list(zip(("posted", "waiting", "wrong"), drawing.bars(heights, scale), strict=True)),
        [figures.money(part.total, currency, locale) for part in parts],
        currency,
        locale,
    )
    totals = [
        Total("posted", _("In your books"), posted),
        Total("waiting", _("Not in your books yet"), waiting),
        Total("wrong", _("With a problem"), wrong),
    ]
    table = [
        [
            *(figures.amount(value, currency, locale) if value else "" for value in column),
            figures.amount(sum(column), currency, locale),
        ]
        for column in heights
    ]
    foot = [figures.amount(value, currency, locale) for value in (*sums, sum(sums))]
    return SalesChart(currency, chart, totals, rows_of(columns, table), foot, sums[2] != 0)


def _money(merchant: Merchant, columns: Columns) -> dict[str, Any]:
    locale = merchant.locale
    first, last = columns.spans[0][0], columns.spans[-1][1]
    found = clearing.clearing_of(merchant.company, first, last)
    drawn = found[:MOST_DRAWN]
    at = [(end - first).days for _start, end in columns.spans]
    clearing_charts = [
        _clearing_chart(number, each, [each.balances[index] for index in at], columns, locale)
        for number, each in enumerate(drawn)
    ]
    rows = [[figures.amount(each.balances[index], each.currency, locale) for each in drawn] for index in at]
    return {
        "accounts": [_account_row(each, locale) for each in found],
        "drawn": drawn,
        "clearing_charts": clearing_charts,
        "balance_rows": rows_of(columns, rows),
        "has_old": any(_is_old(each) for each in found),
        "undrawn": len(found) - len(drawn),
        "ages": clearing.AGES,
    }


def _is_old(found: clearing.Clearing) -> bool:
    """Whether something waits longer than payouts take."""
    return found.ages[-1] != 0 and not found.is_cash


def _account_row(found: clearing.Clearing, locale: str) -> dict[str, Any]:
    return {
        "name": found.name,
        "balance": figures.money(found.balance, found.currency, locale),
        "ages": [figures.amount(age, found.currency, locale) if age else "" for age in found.ages],
        "is_old": _is_old(found),
        "is_negative": found.balance < 0,
    }


def _clearing_chart(number: int, found: clearing.Clearing, values: list[int], columns: Columns, locale: str) -> Chart:
    scale = drawing.scale_of(values)
    lowest, highest, balance = (
        figures.money(value, found.currency, locale) for value in (min(values), max(values), found.balance)
    )
    told = _("It stands at %(balance)s; in this time it was between %(lowest)s and %(highest)s.") % {
        "balance": balance,
        "lowest": lowest,
        "highest": highest,
    }
    return chart_of(
        f"account-{number}",
        found.name,
        told,
        columns,
        scale,
        [("balance", drawing.steps(values, scale))],
        [figures.money(value, found.currency, locale) for value in values],
        found.currency,
        locale,
    )
