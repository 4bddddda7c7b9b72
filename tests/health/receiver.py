"""A real receiver of webhooks on the loopback, and what the tests of webhooks stand on."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from django.db import connection as database
from standardwebhooks import Webhook

from health.models import WebhookDelivery, WebhookEndpoint
from health.webhooks import rows as webhook_rows
from health.webhooks.sending import send_due
from health.webhooks.services import NewEndpoint, add_endpoint
from health.webhooks.telling import tell
from ledger.models import Partner
from ledger.services import now
from tests.connectors.server import PlatformServer, Seen

PATH = "/hook"


def an_endpoint(partner: Partner, server: PlatformServer, *event_types: str, path: str = PATH) -> NewEndpoint:
    """An endpoint of the partner's at the receiver, which must be among the private hosts that may be called."""
    return add_endpoint(
        partner=partner, url=f"{server.url}{path}", description="", event_types=event_types, actor="test"
    )


def received(server: PlatformServer, secret: str, path: str = PATH) -> list[dict[str, Any]]:
    """The bodies that arrived at ``path``, each verified by the library that receivers use."""
    return [verified(seen, secret) for seen in server.log if seen.path == path]


def verified(seen: Seen, secret: str) -> dict[str, Any]:
    """The body of one webhook; raises WebhookVerificationError."""
    body = Webhook(secret).verify(seen.body, seen.headers)
    assert body == json.loads(seen.body)
    assert isinstance(body, dict)
    return body


def ids(server: PlatformServer, path: str = PATH) -> Counter[str]:
    """webhook-id → how often it arrived."""
    return Counter(seen.headers["webhook-id"] for seen in server.log if seen.path == path)


def tell_all() -> None:
    """Make events of everything that was heard."""
    while tell():
        pass


def send_all(seconds: float = 5, total_seconds: float = 2) -> int:
    """Tell and send what is due now."""
    tell_all()
    return send_due(seconds, total_seconds=total_seconds)


def let_time_pass(span: timedelta) -> None:
    """All that waits, rests, is leased or has been failing is so much older."""
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE health_webhookdelivery SET next_at = next_at - %s, lease_until = lease_until - %s", (span, span)
        )
        cursor.execute(
            """UPDATE health_webhookendpoint SET rests_until = rests_until - %s,
                   failing_since = failing_since - %s, former_until = former_until - %s""",
            (span, span, span),
        )


def die_while_sending() -> list[webhook_rows.Claimed]:
    """What a worker leaves that dies after it has claimed; its lease is over."""
    claimed = webhook_rows.claim(8)
    WebhookDelivery.objects.filter(state="sending").update(lease_until=now() - timedelta(seconds=1))
    return claimed


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint as it is now."""
    return WebhookEndpoint.objects.get(pk=endpoint.pk)
