"""What each platform can do here, as its file declares it."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from connectors import registry
from connectors.capabilities import sources, targets
from connectors.platform import AccountingPlatform, CommercePlatform
from health.console.page import Console, console_page


@require_safe
@console_page("connectors.view_connection")
def platforms_page(console: Console) -> HttpResponse:
    """The two matrices."""
    known = sorted(registry.platforms(), key=lambda each: each.name)
    tables = [
        ("Where sales come from", sources(each for each in known if isinstance(each, CommercePlatform))),
        ("Where documents go", targets(each for each in known if isinstance(each, AccountingPlatform))),
    ]
    shown = [(title, rows[0], rows[1:]) for title, rows in tables]
    return console.shown("console/platforms.html", {"title": "Platforms", "tables": shown})
