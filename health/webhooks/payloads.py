"""What is sent to partners, type by type: the shapes of the bodies, and their size.

Each body is ``{type, timestamp, data}``, as the Standard Webhooks specification has it. Events of connections are also
the published `ConnectionWebhook` (``id``, ``eventType``, ``generatedDate``, ``payload``), so that receivers written for
that read them unchanged. Ids are public ones, amounts are decimal numbers in major units, instants are in UTC. There is
no secret in them, and nothing about anybody's customers.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, UnsetType, structs

from commerce_sync.api.connection_shapes import Connection
from commerce_sync.api.shape import Shape, encode
from health.webhooks.event_types import MOST_BYTES

MOST_LISTED: Final = 100  # rows in one event; ``count`` says how many there are


class WebhookConnection(Shape):
    """A connection that is in use now, or not any more. ``reason`` is the platform's, where it gave one; ``expires`` is
    when its authorization ends, in `connection.expiring`."""

    company_id: UUID
    connection_id: UUID
    status: str
    correlation_id: str
    reason: str | UnsetType = UNSET
    expires: datetime | UnsetType = UNSET


class WebhookConfiguration(Shape):
    """What was changed: `mapping` or `schedule`; by one of your keys (`api:…`) or by `console`; and of a mapping, which
    fields."""

    company_id: UUID
    changed: str
    changed_by: str
    correlation_id: str
    fields: list[str] | UnsetType = UNSET


class WebhookSync(Shape):
    """A sync, in the published words."""

    company_id: UUID
    sync_id: UUID
    sync_status_code: int
    sync_status: str
    error_message: str
    sync_utc: datetime
    data_pushed: bool
    correlation_id: str
    through_date: date | UnsetType = UNSET


class WebhookPause(Shape):
    """A company that is not synced by itself any more, and why."""

    company_id: UUID
    reason: str
    correlation_id: str


class WebhookDocument(Shape):
    """One document. ``total_amount`` is in major units; ``failure_turn`` says who can do something about a refusal."""

    id: UUID
    reference: str
    kind: str
    date: date
    currency: str
    total_amount: Decimal
    sync_id: UUID
    url: str | UnsetType = UNSET
    failure_code: str | UnsetType = UNSET
    failure_turn: str | UnsetType = UNSET


class WebhookDocuments(Shape):
    """Documents of one company: ``count`` of them, of which the first are listed."""

    company_id: UUID
    count: int
    documents: list[WebhookDocument]
    correlation_id: str


class WebhookFinding(Shape):
    """Something that somebody should look at; ``code`` is one of docs/runbook.md, ``blocks`` whether it is grave.

    ``turn`` says who can do something. ``amount`` is by how much the books are off, or what is at stake, in major units
    of ``currency``. ``record_kind`` and ``record_id`` name the first record that causes it, as it was pushed.
    """

    id: UUID
    code: str
    title: str
    sentence: str
    remedy: str
    severity: str
    turn: str
    blocks: bool
    found_utc: datetime
    count: int
    day: date | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    amount: Decimal | UnsetType = UNSET
    resolved_utc: datetime | UnsetType = UNSET
    record_kind: str | UnsetType = UNSET
    record_id: str | UnsetType = UNSET


class WebhookFindings(Shape):
    """Findings of one company: ``count`` of them, of which the first are listed."""

    company_id: UUID
    count: int
    findings: list[WebhookFinding]
    correlation_id: str


class AccountDifference(Shape):
    """What an account has by a document here and there, debits positive, in major units."""

    account: str
    ours: Decimal
    theirs: Decimal


class WebhookDifference(Shape):
    """A document that is not at the accounting software as it was sent: `changed`, or `removed`."""

    company_id: UUID
    reference: str
    difference: str
    currency: str
    accounts: list[AccountDifference]
    correlation_id: str


class WebhookTest(Shape):
    """Sent on request only."""

    message: str
    correlation_id: str


class CompanyReference(Shape):
    """The published reference to a company."""

    id: UUID
    name: str


class ConnectionPayload(Shape):
    """What the published connection webhook is about."""

    reference_company: CompanyReference
    connection: Connection


class Webhook(Shape):
    """The body of every webhook."""

    type: str
    timestamp: datetime
    data: Any


class ConnectionWebhook(Shape):
    """The body of a webhook about a connection: both forms in one."""

    type: str
    timestamp: datetime
    data: WebhookConnection
    id: UUID
    event_type: str
    generated_date: datetime
    payload: ConnectionPayload


DATA_OF: Final[dict[str, type[Shape]]] = {
    "connection": WebhookConnection,
    "configuration": WebhookConfiguration,
    "sync": WebhookSync,
    "sync.paused": WebhookPause,
    "document": WebhookDocuments,
    "finding": WebhookFindings,
    "reconciliation": WebhookDifference,
    "webhook": WebhookTest,
}
# The published names of what happens to connections.
PUBLISHED_TYPES: Final = {
    "connection.linked": "connection.connected",
    "connection.unlinked": "connection.disconnected",
    "connection.expiring": "connection.expiring",
    "connection.deleted": "connection.deleted",
}
_LISTS: Final = ("documents", "findings", "accounts", "fields")


def data_shape(event_type: str) -> type[Shape]:
    """The shape of ``data`` of this type."""
    return DATA_OF.get(event_type) or DATA_OF[event_type.partition(".")[0]]


def small_body(webhook: Webhook | ConnectionWebhook) -> bytes:
    """The JSON of a webhook, with as much of its list as fits into `MOST_BYTES`."""
    body = encode(webhook)
    while len(body) > MOST_BYTES:
        shorter = _with_half_the_list(webhook.data)
        if shorter is None:
            raise ValueError(f"a webhook {webhook.type} has {len(body)} bytes and no list to shorten")
        webhook = structs.replace(webhook, data=shorter)
        body = encode(webhook)
    return body


def _with_half_the_list(data: Shape) -> Shape | None:
    for name in _LISTS:
        listed = getattr(data, name, UNSET)
        if listed is not UNSET and listed:
            return structs.replace(data, **{name: listed[: len(listed) // 2]})
    return None
