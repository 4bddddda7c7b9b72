"""Both sides of the company: how they stand, connecting them again, and taking the access away."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from commerce_sync.connection_errors import Ended, ended
from commerce_sync.flow import problem_words
from commerce_sync.flow.history import zone_of_company
from commerce_sync.flow.linking import shown_link
from commerce_sync.flow.merchant import Merchant, merchant_page, missing, shown
from commerce_sync.flow.stage import is_undecided
from connectors.authorizing import unlink
from connectors.declare import NoAuth, OAuth2
from connectors.models import Connection, PushItem
from connectors.options import COMPANY_NAME
from connectors.services import platform_of

ACTOR: Final = "merchant"
MOST: Final = 50
MOST_COUNTED: Final = 10_000
SIDES: Final = {
    Connection.Kind.COMMERCE: _("Your sales come from here"),
    Connection.Kind.ACCOUNTING: _("Your sales are kept here"),
}


class Shown(NamedTuple):
    """A connection as a page shows it; times on the company's clock. ``what`` and ``todo`` tell why it has ended.

    ``company`` is what the accounting software calls the company; ``is_undecided``: which of several is not said yet;
    ``asks_nothing``: no access has to be given.
    """

    id: UUID
    name: str
    slug: str
    side: str
    state: str
    company: str
    is_linked: bool
    is_undecided: bool
    asks_nothing: bool
    can_disconnect: bool
    since: datetime | None
    synced_at: datetime | None
    ended_at: datetime | None
    what: str
    todo: str


@merchant_page
@require_safe
def connections(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """All connections of the company, those that work first."""
    rows = list(Connection.objects.filter(company=merchant.company).order_by("kind", "-id")[:MOST])
    found, zone = ended(rows), zone_of_company(merchant.company)
    links = [_shown(row, found.get(row.public_id), zone, merchant.locale) for row in rows]
    links.sort(key=lambda link: not link.is_linked)
    return shown(request, merchant, "flow/connections.html", {"links": links})


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, merchant: Merchant, connection_id: UUID) -> HttpResponse:
    """What taking the access away means; and doing it, which leads to the stage where it is connected again."""
    row = Connection.objects.filter(company=merchant.company, public_id=connection_id).first()
    if row is None:
        return missing(request, merchant)
    row.company = merchant.company
    if request.method == "POST":
        unlink(connection=row, actor=ACTOR)
        return redirect(_stage(merchant, row))
    if row.status not in (Connection.Status.LINKED, Connection.Status.DEAUTHORIZED):
        return redirect(_stage(merchant, row))
    auth = platform_of(row).auth
    context = {
        "row": row,
        "link": shown_link(row),
        "is_accounting": row.kind == Connection.Kind.ACCOUNTING,
        "has_access": not isinstance(auth, NoAuth),
        "is_told": isinstance(auth, OAuth2) and auth.revoke is not None,
        "waiting": _waiting(row),
    }
    return shown(request, merchant, "flow/disconnect.html", context)


def _stage(merchant: Merchant, row: Connection) -> str:
    """The name of the page where a connection is made again."""
    for link, name in ((merchant.sales, "flow-commerce"), (merchant.books, "flow-accounting")):
        if link is not None and link.pk == row.pk:
            return name
    return "flow-connections"


def _waiting(row: Connection) -> int:
    """How many documents are on their way to it."""
    states = ("prepared", "waiting", "sending", "unknown", "voiding")
    return PushItem.objects.filter(connection=row, state__in=states)[:MOST_COUNTED].count()


def _shown(row: Connection, why: Ended | None, zone: ZoneInfo, locale: str) -> Shown:
    link = shown_link(row)
    told = problem_words.told("NotAuthorized", {}, locale) if row.status == Connection.Status.DEAUTHORIZED else None
    return Shown(
        id=row.public_id,
        name=link.name,
        slug=link.slug,
        side=str(SIDES[Connection.Kind(row.kind)]),
        state=link.state,
        company=str(row.settings.get(COMPANY_NAME) or ""),
        is_linked=link.is_linked,
        is_undecided=link.is_linked and is_undecided(row),
        asks_nothing=isinstance(platform_of(row).auth, NoAuth),
        can_disconnect=row.status in (Connection.Status.LINKED, Connection.Status.DEAUTHORIZED),
        since=row.linked_at.astimezone(zone) if link.is_linked and row.linked_at else None,
        synced_at=row.last_synced_at.astimezone(zone) if row.last_synced_at else None,
        ended_at=why.at.astimezone(zone) if why else None,
        what=told.what if told else "",
        todo=told.todo if told else "",
    )
