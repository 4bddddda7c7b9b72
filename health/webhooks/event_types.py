"""The types of events that partners are told of, and the audit codes that are such events. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

TEST: Final = "webhook.test"
MOST_BYTES: Final = 20_000  # of a body, as the Standard Webhooks specification recommends


class EventType(Struct, frozen=True):
    """One type. ``audit_codes`` are the codes of the audit trail that are this event; the other types are heard from
    the rows themselves."""

    name: str
    description: str
    audit_codes: tuple[str, ...] = ()


EVENT_TYPES: Final = (
    EventType("connection.linked", "A connection was authorized and is in use.", ("connection.linked",)),
    EventType(
        "connection.unlinked",
        "A connection is no longer in use: it was unlinked, or the platform ended its authorization.",
        ("connection.unlinked", "connection.deauthorized"),
    ),
    EventType(
        "connection.expiring",
        "The authorization of a connection ends soon; the merchant has to log in again.",
        ("connection.expiring",),
    ),
    EventType("connection.deleted", "A connection was deleted.", ("connection.deleted",)),
    EventType(
        "configuration.changed",
        "The mapping of a company, or the rhythm of its syncs, was changed.",
        ("book.changed", "schedule.changed"),
    ),
    EventType("sync.started", "A sync has begun."),
    EventType("sync.completed", "A sync has ended well, with or without anything to write.", ("sync.succeeded",)),
    EventType("sync.failed", "A sync has ended without reaching its goal; the message says whose turn it is.",
              ("sync.failed",)),
    EventType("sync.paused", "The company is not synced by itself any more, until it is resumed.", ("sync.paused",)),
    EventType("document.pushed", "Documents have reached the accounting software."),
    EventType("document.refused", "The accounting software refused documents, or somebody has to look at them."),
    EventType("document.voided", "Documents that were in the accounting software have been taken back."),
    EventType("finding.opened", "Something keeps sales out of the books, or should be looked at."),
    EventType("finding.resolved", "What had been found is resolved."),
    EventType(
        "reconciliation.difference",
        "What the accounting software says of a document is not what was sent to it.",
        ("document.mismatch", "document.removed"),
    ),
)  # fmt: skip

NAMES: Final = tuple(each.name for each in EVENT_TYPES)
TYPE_OF_CODE: Final = {code: each.name for each in EVENT_TYPES for code in each.audit_codes}
