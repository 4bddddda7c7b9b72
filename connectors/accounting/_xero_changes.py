"""What was changed at Xero since we last asked: no webhook tells of journals, payments and money on bank accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from connectors.accounting import _xero_calls as calls
from connectors.accounting import _xero_wire as wire
from connectors.accounting._xero_bodies import (
    BANK_TRANSACTIONS,
    BANK_TRANSFERS,
    CREDIT_NOTES,
    INVOICES,
    JOURNALS,
    PAYMENTS,
)
from connectors.session import Session
from connectors.webhooks import Heard

# With the filters that Xero has: of invoices only ours need to be told, of transfers deleted ones must be asked for.
_LISTS: Final = (
    (JOURNALS, ()),
    (INVOICES, (("createdByMyApp", "true"),)),
    (CREDIT_NOTES, ()),
    (PAYMENTS, ()),
    (BANK_TRANSACTIONS, ()),
)
_DELETED_TOO: Final = (("includeDeleted", "true"),)


def changed(session: Session, since: datetime) -> Heard:
    """Documents that were changed since an aware instant. Raises a `Failure`."""
    modified = ("If-Modified-Since", f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    documents: dict[str, datetime | None] = {}
    for collection, query in _LISTS:
        for entry in calls.pages(session, collection, *query, headers=(modified,)):
            documents[f"{collection}/{entry.id}"] = wire.instant(entry.updated_date_utc)
    found = calls.get(session, f"/{BANK_TRANSFERS}", *_DELETED_TOO, headers=(modified,)).decode(wire.Entries)
    for entry in found.all:  # they do not say when they were changed, only when they were made
        documents[f"{BANK_TRANSFERS}/{entry.id}"] = None
    return Heard(documents)
