"""The doctor's look at webhooks: do partners hear of what happens in time, and does somebody answer."""

from __future__ import annotations

from typing import Final

from connectors.credentials import current_key_id
from connectors.sealing import Unreadable
from health.checkup import Check, failure, ok, span, warning
from health.models import WebhookEndpoint
from health.webhooks.secrets import unseal
from ledger import sql

LATE_WARNING_SECONDS: Final = 300
LATE_FAILURE_SECONDS: Final = 1_800


def webhooks() -> Check:
    """Nothing that happened waits long to be told, nothing that is due waits long to be sent; secrets are readable."""
    unreadable = _unreadable()
    if unreadable:
        remedy = "Put the former key back at the end of COMMERCE_SYNC_ENCRYPTION_KEYS, or have the secrets rotated."
        return failure("webhooks", f"the secrets of {unreadable} endpoints cannot be read", remedy)
    untold, unsent, waiting, disabled = sql.rows(
        """SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 FROM health_heard),
               (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(next_at)), 0)::float8
                FROM health_webhookdelivery delivery JOIN health_webhookendpoint endpoint
                    ON endpoint.id = delivery.endpoint_id
                WHERE delivery.state = 'waiting' AND endpoint.failing_since IS NULL),
               (SELECT count(*) FROM health_webhookdelivery WHERE state = 'waiting'),
               (SELECT count(*) FROM health_webhookendpoint WHERE disabled_at IS NOT NULL)"""
    )[0]
    late = max(untold, unsent)
    if late > LATE_WARNING_SECONDS:
        level = failure if late > LATE_FAILURE_SECONDS else warning
        remedy = "Start `manage.py qcluster` (or `manage.py run_worker`), or more of them; the log says what fails."
        brief = "what happened is not sent in time"
        return level("webhooks", f"the oldest that nobody has sent yet waits for {span(late)}", remedy, brief)
    former = WebhookEndpoint.objects.exclude(key_id=current_key_id()).count()
    if former:
        remedy = "Keep the former key; a running worker encrypts them anew within minutes."
        return warning("webhooks", f"{former} endpoints have secrets encrypted with a former key", remedy)
    return ok("webhooks", f"{waiting} waiting, {disabled} endpoints disabled" if waiting or disabled else "all sent")


def _unreadable() -> int:
    """How many endpoints have a secret that no key here reads."""
    count = 0
    for endpoint, sealed in WebhookEndpoint.objects.values_list("public_id", "sealed_secret").iterator(chunk_size=500):
        try:
            unseal(endpoint, bytes(sealed))
        except Unreadable:
            count += 1
    return count
