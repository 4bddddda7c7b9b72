"""The rows of what is watched and of what partners are told."""

from __future__ import annotations

from health.models.alarm import Alarm
from health.models.alert import Alert
from health.models.alert_rule import AlertRule
from health.models.authenticator import Authenticator
from health.models.company_contact import CompanyContact
from health.models.finding import Finding
from health.models.finding_event import FindingEvent
from health.models.heard import Heard
from health.models.login_tries import LoginTries
from health.models.lookout import Lookout
from health.models.member import Member
from health.models.reconciled_day import ReconciledDay
from health.models.round import Round
from health.models.watch_failure import WatchFailure
from health.models.watched import Watched
from health.models.webhook_attempt import WebhookAttempt
from health.models.webhook_delivery import WebhookDelivery
from health.models.webhook_endpoint import WebhookEndpoint
from health.models.webhook_event import WebhookEvent

__all__ = [
    "Authenticator",
    "Alarm",
    "Alert",
    "AlertRule",
    "Authenticator",
    "CompanyContact",
    "Finding",
    "FindingEvent",
    "Heard",
    "LoginTries",
    "Lookout",
    "Member",
    "ReconciledDay",
    "WatchFailure",
    "Round",
    "Watched",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
