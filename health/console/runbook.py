"""The runbook on findings, in the console: what each kind means, where to look, what to do."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from django.http import Http404, HttpResponse

from health.console.page import Console, console_page
from health.findings.guide import GUIDE, TURNS, entry_of
from health.findings.kinds import KINDS

AREAS: Final = {
    "money": "Money",
    "delivery": "Delivery",
    "mapping": "Mapping",
    "connection": "Connections",
    "sync": "Syncs",
    "records": "Records",
    "completeness": "Completeness",
    "partner": "Partners",
    "installation": "Installation",
}


@console_page("health.view_finding")
def runbook_page(console: Console) -> HttpResponse:
    """All kinds, by area."""
    order = list(AREAS)
    kinds = sorted(KINDS.values(), key=lambda kind: order.index(kind.area))
    areas = [(AREAS[area], [(each, TURNS[each.turn]) for each in found]) for area, found in groupby(kinds, _area)]
    return console.shown("console/runbook.html", {"title": "Runbook", "areas": areas})


@console_page("health.view_finding")
def runbook_entry(console: Console, code: str) -> HttpResponse:
    """One kind."""
    if code not in KINDS or code not in GUIDE:
        raise Http404("There is no such kind of finding.")
    entry = entry_of(code)
    context = {"title": entry.kind.title, "entry": entry, "area": AREAS[entry.kind.area]}
    return console.shown("console/runbook_entry.html", context)


def _area(kind: object) -> str:
    return str(getattr(kind, "area", ""))
