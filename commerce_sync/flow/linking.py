"""The two stages of connecting: where the sales come from, and where they go."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commerce_sync.flow.draft import standing_of
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.progress import fetch_context
from commerce_sync.flow.stage import done_of, is_undecided
from commerce_sync.flow.stages import Key, after, before, steps
from connectors import registry
from connectors.declare import NoAuth
from connectors.models import Connection
from connectors.services import platform_of

STATES: Final = {
    Connection.Status.PENDING_AUTH: _("Not connected yet"),
    Connection.Status.LINKED: _("Connected"),
    Connection.Status.DEAUTHORIZED: _("No longer connected: the access has ended"),
    Connection.Status.UNLINKED: _("Disconnected"),
}


@merchant_page
@require_safe
def commerce(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Where the sales come from."""
    return _stage(request, merchant, "commerce", merchant.sales)


@merchant_page
@require_safe
def accounting(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Where they go."""
    return _stage(request, merchant, "accounting", merchant.books)


class Shown(NamedTuple):
    """A connection as a page shows it."""

    name: str
    slug: str
    state: str
    is_linked: bool


def shown_link(row: Connection) -> Shown:
    """How a connection stands, in words."""
    platform = registry.named(row.platform)
    name, slug = (gettext(platform.name), platform.slug) if platform else (row.platform, "")  # ours have plain names
    return Shown(name, slug, str(STATES[Connection.Status(row.status)]), row.status == Connection.Status.LINKED)


def _stage(request: HttpRequest, merchant: Merchant, key: Key, row: Connection | None) -> HttpResponse:
    standing = standing_of(merchant.company)
    done = done_of(merchant, standing.done)
    context = {
        **fetch_context(merchant),
        "stage": key,
        "steps": steps(done, key),
        "before": before(key),
        "after": after(key),
        "row": row,
        "link": shown_link(row) if row else None,
        "asks_nothing": row is not None and isinstance(platform_of(row).auth, NoAuth),
        "is_undecided": row is not None and is_undecided(row),
        "is_set_up": not standing.is_setup,
    }
    return shown(request, merchant, "flow/linking.html", context)
