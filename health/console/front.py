"""The front page: what is going on, and what needs somebody."""

from __future__ import annotations

from django.http import HttpResponse

from health.console.page import Console, console_page


@console_page("ledger.view_company")
def front_page(console: Console) -> HttpResponse:
    """The front page."""
    return console.shown("console/front.html", {"title": "Console"})
