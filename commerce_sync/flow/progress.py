"""What is under way in the background, and how far it is: a part of a page that asks for itself again."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commerce_sync.fetch_requests import ensure_fetch, request_fetch
from commerce_sync.flow.merchant import Merchant, merchant_page, missing, shown
from commerce_sync.models import Sync
from connectors import registry

STAGES: Final = {
    "queued": _("Waiting for its turn"),
    "pull": _("Fetching your sales"),
    "post": _("Working out the entries"),
    "push": _("Bringing them into your books"),
    "done": _("Done"),
}
TAKING_BACK: Final = _("Taking it back")  # whatever the stage of an undo


def fetch_context(merchant: Merchant) -> dict[str, Any]:
    """The fetch of what the set-up needs, begun where there is none for what is linked."""
    row = ensure_fetch(merchant.company)
    failed = registry.named(row.failed_link.platform) if row and row.failed_link else None
    return {"fetch": row, "failed_at": failed.name if failed else ""}


@merchant_page
@require_safe
def fetching(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """How far the fetch is."""
    return shown(request, merchant, "flow/_fetch.html", fetch_context(merchant))


@merchant_page
@require_POST
def fetch_again(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Fetch once more: what was new in the accounting software, or after a failure."""
    row = ensure_fetch(merchant.company)
    if row is not None and not row.is_under_way:
        request_fetch(company=merchant.company)
    return shown(request, merchant, "flow/_fetch.html", fetch_context(merchant))


@merchant_page
@require_safe
def sync_progress(request: HttpRequest, merchant: Merchant, sync_id: UUID) -> HttpResponse:
    """How far a sync is; when it has ended, the page around it is asked for anew."""
    row = Sync.objects.filter(company=merchant.company, public_id=sync_id).first()
    if row is None:
        return missing(request, merchant)
    response = shown(request, merchant, "flow/_sync.html", sync_context(row))
    if row.finished_at is not None and request.htmx:  # type: ignore[attr-defined]  # set by its middleware
        response["HX-Refresh"] = "true"
    return response


def sync_context(row: Sync) -> dict[str, Any]:
    """A sync that is under way, for `flow/_sync.html`."""
    words = TAKING_BACK if row.trigger == Sync.Trigger.UNDO and row.stage != Sync.Stage.QUEUED else STAGES[row.stage]
    return {"sync": row, "stage_words": words}
