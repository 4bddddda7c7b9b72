"""The rows of what partners are told: what was heard, the events it became, where they go, and each try."""

from __future__ import annotations

from health.models.heard import Heard
from health.models.webhook_attempt import WebhookAttempt
from health.models.webhook_delivery import WebhookDelivery
from health.models.webhook_endpoint import WebhookEndpoint
from health.models.webhook_event import WebhookEvent

__all__ = ["Heard", "WebhookAttempt", "WebhookDelivery", "WebhookEndpoint", "WebhookEvent"]
