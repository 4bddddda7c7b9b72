"""One delivery of a webhook: what was sent, every try, and sending it again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from health.models import WebhookDelivery
from health.webhooks.services import Busy, replay
from ledger.services import audit


@console_page("health.view_webhookdelivery")
def delivery_page(console: Console, delivery_id: UUID) -> HttpResponse:
    """The delivery with its event, its address and its tries."""
    delivery = _delivery(console, delivery_id)
    context = {
        "title": f"{delivery.event.type} to {delivery.endpoint.partner.name}",
        "delivery": delivery,
        "body": bytes(delivery.event.body).decode(),
        "tries": delivery.log.order_by("-number")[:50],
        "may_replay": console.may(Right.REPLAY),
    }
    return console.shown("console/delivery.html", context)


@console_page(Right.REPLAY)
def replay_delivery(console: Console, delivery_id: UUID) -> HttpResponse:
    """Have it sent again, under the same id."""
    delivery = _delivery(console, delivery_id)
    if console.request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        _replay(delivery=delivery, actor=console.actor, why=console.why())
        messages.success(console.request, "It is sent again, with all its tries anew.")
    except (NoReason, Busy) as error:
        messages.error(console.request, str(error))
    return redirect("admin:console-delivery", delivery.public_id)


@transaction.atomic
def _replay(*, delivery: WebhookDelivery, actor: str, why: str) -> None:
    replay(delivery=delivery, actor=actor)
    subject, detail = str(delivery.public_id), {"why": why}
    audit(code="console.replayed", actor=actor, partner=delivery.endpoint.partner, subject=subject, detail=detail)


def _delivery(console: Console, delivery_id: UUID) -> WebhookDelivery:
    rows = WebhookDelivery.objects.select_related("event__company", "endpoint__partner")
    if console.partner_id is not None:
        rows = rows.filter(endpoint__partner_id=console.partner_id)
    found = rows.filter(public_id=delivery_id).first()
    if found is None:
        raise Http404("There is no such delivery.")
    return found
