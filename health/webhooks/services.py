"""What partners do with their endpoints: add, change, rotate the secret, remove, test, replay. Keyword-only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import uuid4

from django.db import IntegrityError, transaction
from msgspec import UNSET, UnsetType

from commerce_sync import tasks
from connectors.credentials import current_key_id
from connectors.services import private_places
from health.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from health.webhooks.address import webhook_address
from health.webhooks.event_types import NAMES, TEST
from health.webhooks.payloads import Webhook, WebhookTest, small_body
from health.webhooks.rows import disable
from health.webhooks.secrets import new_secret, seal
from ledger import sql
from ledger.models import Partner
from ledger.services import audit, now

MOST_ENDPOINTS: Final = 20
MOST_REPLAYED: Final = 10_000
KEPT: Final = timedelta(days=30)  # events and the log of their deliveries
FORGOTTEN_AT_ONCE: Final = 500


class TooMany(Exception):
    """The partner has as many endpoints as there may be, or a replay would send more than may be sent at once."""


class DuplicateUrl(Exception):
    """The partner has an endpoint at this address already."""


class UnknownEventType(Exception):
    """There is no such event type: ``name``, the item ``place`` of the list."""

    def __init__(self, name: str, place: int) -> None:
        self.name, self.place = name, place
        super().__init__(name)


class Busy(Exception):
    """The delivery is being sent at this very moment, or the endpoint is disabled; the text says which."""


class NewEndpoint(NamedTuple):
    """An endpoint with its secret, which is shown now and never again."""

    row: WebhookEndpoint
    secret: str


@transaction.atomic
def add_endpoint(
    *, partner: Partner, url: str, description: str, event_types: Sequence[str], actor: str
) -> NewEndpoint:
    """A new endpoint, told of what happens from now on. ``event_types`` empty: of everything.

    Raises `connectors.addresses.BadAddress`, `UnknownEventType`, `DuplicateUrl`, `TooMany`.
    """
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)  # two calls at once do not make 21
    if WebhookEndpoint.objects.filter(partner=partner).count() >= MOST_ENDPOINTS:
        raise TooMany(f"You have {MOST_ENDPOINTS} endpoints, which is as many as there may be; remove one first.")
    secret, public_id = new_secret(), uuid4()
    row = WebhookEndpoint(
        public_id=public_id,
        partner=partner,
        url=webhook_address(url, private=private_places()),
        description=description,
        event_types=_known(event_types),
        sealed_secret=seal(public_id, secret),
        key_id=current_key_id(),
    )
    _save(row)
    audit(code="webhook.added", actor=actor, partner=partner, subject=str(public_id), detail=_told(row))
    return NewEndpoint(row, secret)


@transaction.atomic
def change_endpoint(
    *,
    endpoint: WebhookEndpoint,
    url: str | UnsetType = UNSET,
    description: str | UnsetType = UNSET,
    event_types: Sequence[str] | UnsetType = UNSET,
    enabled: bool | UnsetType = UNSET,
    actor: str,
) -> WebhookEndpoint:
    """Change what is given; the endpoint as it is then. Enabling forgets its failures; disabling gives up what waits.

    Raises as `add_endpoint`.
    """
    row = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if url is not UNSET:
        row.url = webhook_address(url, private=private_places())
    if description is not UNSET:
        row.description = description
    if event_types is not UNSET:
        row.event_types = _known(event_types)
    if enabled is True:
        row.disabled_at, row.disabled_reason = None, ""
        row.failing_since, row.failures, row.rests_until = None, 0, None
    _save(row)
    audit(code="webhook.changed", actor=actor, partner=row.partner, subject=str(row.public_id), detail=_told(row))
    if enabled is False:
        disable(row.pk, row.partner_id, "It was disabled by you.", actor)
    row.refresh_from_db()
    return row


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, overlap: timedelta, actor: str) -> NewEndpoint:
    """A new secret. The present one signs beside it for ``overlap``; one that was on its way out already ends now."""
    row = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    secret = new_secret()
    row.sealed_former, row.former_until = (bytes(row.sealed_secret), now() + overlap) if overlap else (None, None)
    if not overlap:  # else the former one may be under a former key still, and is sealed anew with the row
        row.key_id = current_key_id()
    row.sealed_secret = seal(row.public_id, secret)
    row.save(update_fields=["sealed_secret", "sealed_former", "former_until", "key_id"])
    detail = {"overlapSeconds": int(overlap.total_seconds())}
    audit(code="webhook.rotated", actor=actor, partner=row.partner, subject=str(row.public_id), detail=detail)
    return NewEndpoint(row, secret)


@transaction.atomic
def remove_endpoint(*, endpoint: WebhookEndpoint, actor: str) -> None:
    """Delete the endpoint with the log of its deliveries."""
    row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)  # nobody adds deliveries any more
    audit(code="webhook.removed", actor=actor, partner=row.partner, subject=str(row.public_id), detail=_told(row))
    sql.execute(
        """DELETE FROM health_webhookattempt WHERE delivery_id IN
               (SELECT id FROM health_webhookdelivery WHERE endpoint_id = %s)""",
        (row.pk,),
    )
    sql.execute("DELETE FROM health_webhookdelivery WHERE endpoint_id = %s", (row.pk,))
    row.delete()


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, correlation: str) -> WebhookDelivery:
    """Queue a `webhook.test` for this endpoint alone. Raises `Busy` for one that is disabled."""
    _refuse_disabled(endpoint)
    at = now()
    said = WebhookTest(message="This is a test; nothing has happened.", correlation_id=correlation)
    event = WebhookEvent.objects.create(
        partner=endpoint.partner,
        type=TEST,
        body=small_body(Webhook(type=TEST, timestamp=at, data=said)),
        happened_at=at,
    )
    delivery = WebhookDelivery.objects.create(endpoint=endpoint, event=event, next_at=at)
    tasks.ring()
    return delivery


@transaction.atomic
def replay(*, delivery: WebhookDelivery, actor: str) -> WebhookDelivery:
    """Send it again, under the same id, with all tries anew. Raises `Busy` while it is being sent, or disabled."""
    _refuse_disabled(WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=delivery.endpoint_id))
    row = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    if row.state == WebhookDelivery.State.SENDING:
        raise Busy("This delivery is being sent at this moment; look at it again in a minute.")
    row.state, row.tries, row.next_at, row.ended_at = WebhookDelivery.State.WAITING, 0, now(), None
    row.save(update_fields=["state", "tries", "next_at", "ended_at"])
    partner, detail = row.endpoint.partner, {"delivery": str(row.public_id)}
    audit(code="webhook.replayed", actor=actor, partner=partner, subject=str(row.endpoint.public_id), detail=detail)
    tasks.ring()
    return row


@transaction.atomic
def replay_range(*, endpoint: WebhookEndpoint, start: datetime, finish: datetime, only_missed: bool, actor: str) -> int:
    """Send the events of ``start`` ≤ instant < ``finish`` that the endpoint wants again, or (``only_missed``) those
    that it has not taken; how many. Also those from while it was disabled.

    Raises `TooMany` for more than `MOST_REPLAYED`, `Busy` when it is disabled.
    """
    row = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    _refuse_disabled(row)
    found = sql.rows(
        """SELECT event.id FROM health_webhookevent event
           LEFT JOIN health_webhookdelivery delivery ON delivery.event_id = event.id AND delivery.endpoint_id = %s
           WHERE event.partner_id = %s AND event.happened_at >= %s AND event.happened_at < %s AND event.type <> %s
               AND (%s::text[] = '{}' OR event.type = ANY (%s::text[]))
               AND (delivery.id IS NULL OR delivery.state = 'failed' OR (delivery.state = 'delivered' AND NOT %s))
           ORDER BY event.id LIMIT %s""",
        (row.pk, row.partner_id, start, finish, TEST, row.event_types, row.event_types, only_missed,
         MOST_REPLAYED + 1),
    )  # fmt: skip
    if len(found) > MOST_REPLAYED:
        raise TooMany(f"That would send more than {MOST_REPLAYED:,} webhooks; give a shorter range.")
    sql.execute(
        """INSERT INTO health_webhookdelivery (public_id, endpoint_id, event_id, state, tries, attempts, next_at,
               last_error)
           SELECT gen_random_uuid(), %s, id, 'waiting', 0, 0, clock_timestamp(), '' FROM unnest(%s::bigint[]) AS t(id)
           ON CONFLICT (endpoint_id, event_id) DO UPDATE SET state = 'waiting', tries = 0,
               next_at = excluded.next_at, ended_at = NULL
           WHERE health_webhookdelivery.state IN ('delivered', 'failed')""",
        (row.pk, [event_id for (event_id,) in found]),
    )
    detail = {"from": start.isoformat(), "to": finish.isoformat(), "deliveries": len(found)}
    audit(code="webhook.replayed", actor=actor, partner=row.partner, subject=str(row.public_id), detail=detail)
    tasks.ring()
    return len(found)


def forget_old_events() -> int:
    """Delete events past `KEPT` that wait for nobody, with their deliveries and log; how many, a few at a time."""
    old = WebhookEvent.objects.filter(created_at__lt=now() - KEPT).order_by("created_at")
    busy = WebhookDelivery.objects.filter(state__in=["waiting", "sending"]).values("event_id")
    ids = list(old.exclude(pk__in=busy).values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    if ids:
        WebhookEvent.objects.filter(pk__in=ids).delete()
    return len(ids)


def _known(event_types: Sequence[str]) -> list[str]:
    for place, name in enumerate(event_types):
        if name not in NAMES:
            raise UnknownEventType(name, place)
    return list(dict.fromkeys(event_types))


def _save(row: WebhookEndpoint) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "webhook_endpoint_url_once" not in str(error):
            raise
        raise DuplicateUrl(row.url) from None


def _refuse_disabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.disabled_at is not None:
        raise Busy(f"This endpoint is disabled. {endpoint.disabled_reason} Enable it first.")


def _told(row: WebhookEndpoint) -> dict[str, object]:
    """What the audit trail says of an endpoint: never its secret, nor a query, which may hold one."""
    return {"url": row.url.partition("?")[0], "eventTypes": row.event_types, "enabled": row.disabled_at is None}
