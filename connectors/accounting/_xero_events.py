"""What Xero tells by webhook: contacts, invoices and credit notes that were made or changed, of several organisations.

An event names its thing by an address, which ends as our ids do, and an instant in UTC that does not say so.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from connectors.accounting._xero_bodies import CREDIT_NOTES, INVOICES
from connectors.webhooks import Deliveries, Heard, HmacSha256

WEBHOOKS: Final = HmacSha256(
    "x-xero-signature",
    facts=Deliveries(
        event="body:events.*.eventCategory", account="body:events.*.tenantId", account_setting="tenant_id"
    ),
)


class Event(msgspec.Struct, rename="camel"):
    """Something happened to one thing of an organisation."""

    tenant_id: str = ""
    resource_url: str = ""
    event_date_utc: str = ""


class Events(msgspec.Struct):
    """A delivery."""

    events: list[Event] = []


def heard(body: bytes, tenant: str) -> Heard:
    """What changed in an organisation: our documents, and contacts, which a mapping may choose."""
    try:
        told = msgspec.json.decode(body, type=Events).events
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Heard(options=True)
    documents: dict[str, datetime | None] = {}
    lists = set()
    for event in told:
        if event.tenant_id != tenant:
            continue
        collection, id = ("", *event.resource_url.split("/"))[-2:]
        lists.add(collection)
        if collection in (INVOICES, CREDIT_NOTES):
            name, at = f"{collection}/{id}", _instant(event.event_date_utc)
            before = documents.get(name, at)
            documents[name] = max(before, at) if before and at else None
    return Heard(documents, bool(lists - {INVOICES, CREDIT_NOTES}))


def _instant(said: str) -> datetime | None:
    """When it changed; None when that cannot be read, and then it is looked at in any case."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
