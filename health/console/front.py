"""The front page: what is going on, and what needs somebody."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from commerce_sync.flow import drawing
from commerce_sync.sync_days import syncs_by_day
from health.console import front_figures
from health.console.page import Console, console_page

DAYS: Final = 14
PARTS: Final = {"written": "Written", "nothing": "Nothing to write", "failed": "Failed", "running": "Running"}


class Day(NamedTuple):
    """A row of the table behind the chart: the count of each part with the list that it leads to."""

    day: date
    parts: list[tuple[int, str]]
    total: int


class Chart(NamedTuple):
    """The syncs of the last days as a drawing in words too, and as a table."""

    told: str
    width: int
    rule: str
    zero: str
    paths: list[tuple[str, str]]
    lines: list[str]
    hits: SafeString
    days: list[Day]
    totals: list[tuple[str, str, int]]


@console_page("ledger.view_company")
def front_page(console: Console) -> HttpResponse:
    """The front page."""
    context: dict[str, Any] = {
        "title": "Console",
        "figures": front_figures.figures(console),
        "failing": front_figures.failing_companies(console),
        "lost": front_figures.lost_connections(console),
        "unknown": front_figures.unknown_items(console),
        "findings": front_figures.findings(console),
        "ages": front_figures.AGES,
        "machinery": front_figures.machinery(console),
        "chart": chart(console),
    }
    return console.shown("console/front.html", context)


def chart(console: Console) -> Chart:
    """The syncs of the last `DAYS` days."""
    found = syncs_by_day(DAYS, console.partner_id)
    heights = [[counts[part] for part in PARTS] for _, counts in found]
    scale = drawing.scale_of([sum(parts) for parts in heights])
    sums = {part: sum(counts[part] for _, counts in found) for part in PARTS}
    told = f"{sum(sums.values()):,} syncs in {DAYS} days: " + ", ".join(
        f"{count:,} {PARTS[part].lower()}" for part, count in sums.items()
    )
    said = (
        (at * drawing.COLUMN, day.strftime("%d %b"), f"{sum(parts):,} syncs, {parts[2]:,} failed")
        for at, ((day, _), parts) in enumerate(zip(found, heights, strict=True))
    )
    return Chart(
        told=told,
        width=DAYS * drawing.COLUMN,
        rule=drawing.rules(scale, DAYS),
        zero=scale.y(0),
        paths=list(zip(PARTS, drawing.bars(heights, scale), strict=True)),
        lines=[f"{value:,}" for value in scale.lines],
        hits=format_html_join("", '<path class="hit" d="M{} 0h10v100h-10z"><title>{}: {}</title></path>', said),
        days=[_row(day, parts) for (day, _), parts in zip(found[::-1], heights[::-1], strict=True)],
        totals=[(part, PARTS[part], count) for part, count in sums.items()],
    )


def _row(day: date, parts: list[int]) -> Day:
    syncs = reverse("admin:commerce_sync_sync_changelist")
    links = [f"{syncs}?result={part}&began_from={day}&began_to={day}" for part in PARTS]
    return Day(day, list(zip(parts, links, strict=True)), sum(parts))
