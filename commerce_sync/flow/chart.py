"""A chart as a page shows it: the drawing, the words and figures around it, and the rows of the table behind it, in the
reader's language. Rows are put together here: by the hundred, a template would be the dearest part of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from commerce_sync.flow import drawing, figures
from ledger.money import EXPONENTS

BY_WEEK: Final = 100  # more days than this are drawn by the week


class Columns(NamedTuple):
    """What a chart goes over: each column's first and last day, its words, and its head in the table."""

    spans: list[tuple[date, date]]
    words: list[str]
    heads: list[SafeString]

    @property
    def are_weeks(self) -> bool:
        """Whether a column is of more than one day."""
        return self.spans[-1][0] != self.spans[-1][1]


class Chart(NamedTuple):
    """A drawing with its words. ``paths``: (class, path); ``hits``: what each column says when it is pointed at."""

    id: str
    title: str
    told: str
    width: int
    rule: str
    zero: str
    paths: list[tuple[str, str]]
    lines: list[str]
    ends: list[str]
    hits: SafeString


def columns_of(first: date, last: date) -> Columns:
    """The days from ``first`` through ``last``, or by blocks of seven, the last of which ends with ``last``."""
    number = (last - first).days + 1
    if number <= BY_WEEK:
        days = [first + timedelta(days=at) for at in range(number)]
        words = [date_format(day, "SHORT_DATE_FORMAT") for day in days]
        stem = reverse("flow-day", args=["."]).removesuffix(".")
        link = '<a href="{}{}">{}</a>'
        heads = [format_html(link, stem, day, said) for day, said in zip(days, words, strict=True)]
        return Columns([(day, day) for day in days], words, heads)
    ends = [last - timedelta(days=at) for at in range(0, number, 7)]
    spans = [(max(end - timedelta(days=6), first), end) for end in reversed(ends)]
    words = [" – ".join(date_format(day, "SHORT_DATE_FORMAT") for day in span) for span in spans]
    return Columns(spans, words, [format_html("{}", said) for said in words])


def chart_of(
    name: str,
    title: str,
    told: str,
    columns: Columns,
    scale: drawing.Scale,
    paths: list[tuple[str, str]],
    amounts: Iterable[str],
    currency: str,
    locale: str,
) -> Chart:
    """A chart with its words: ``amounts`` are what each column says when it is pointed at."""
    unit = 10 ** EXPONENTS[currency]
    lines = [
        figures.amount(value, currency, locale) if scale.step % unit else figures.number(value // unit, locale)
        for value in scale.lines
    ]
    count = len(columns.words)
    said = ((at * drawing.COLUMN, *each) for at, each in enumerate(zip(columns.words, amounts, strict=True)))
    hits = format_html_join("", '<path class="hit" d="M{} 0h10v100h-10z"><title>{}: {}</title></path>', said)
    days = (columns.spans[0][0], columns.spans[count // 2][0], columns.spans[-1][1])
    ends = [date_format(day, "SHORT_DATE_FORMAT") for day in days]
    return Chart(
        name,
        title,
        told,
        count * drawing.COLUMN,
        drawing.rules(scale, count),
        scale.y(0),
        paths,
        lines,
        list(dict.fromkeys(ends)),
        hits,
    )


def rows_of(columns: Columns, figures_of: Sequence[Sequence[str]]) -> SafeString:
    """The rows of the table behind a chart, the newest first: a head, and its figures."""
    width = len(figures_of[0]) if figures_of else 0
    row = '<tr><th scope="row" class="day">{}</th>' + '<td class="figure">{}</td>' * width + "</tr>"
    found = zip(columns.heads[::-1], figures_of[::-1], strict=True)
    return format_html_join("\n", row, ((head, *each) for head, each in found))
