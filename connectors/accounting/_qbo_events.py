"""What Intuit tells of changes: by webhook, in the form of 2026 (CloudEvents) or the one before, and when it is asked.

An event names the kind and id of a thing, and never what changed. One delivery has events of several companies. That a
merchant disconnected is not told: it is noticed at the next call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from connectors.accounting._qbo_calls import LOOK_BACK, cdc
from connectors.session import Session
from connectors.webhooks import Deliveries, Heard, HmacSha256

DOCUMENTS: Final = ("JournalEntry", "Invoice", "CreditMemo", "Bill", "Payment", "BillPayment", "Deposit", "Transfer")
MOST_TOLD: Final = 1_000
LISTS: Final = frozenset({"account", "taxcode", "taxrate", "taxagency", "vendor", "class", "department", "preferences"})
"""What a mapping chooses from and changes seldom. Customers and items change with every sale of some merchants, and all
lists would be fetched for each: they are as fresh as without a webhook."""
_DOCUMENT: Final = {name.lower(): name for name in DOCUMENTS}

WEBHOOKS: Final = HmacSha256(
    "intuit-signature",
    facts=Deliveries(
        event=("body:*.type", "body:eventNotifications.*.dataChangeEvent.entities.*.name"),
        account=("body:*.intuitaccountid", "body:eventNotifications.*.realmId"),
        account_setting="realmId",
    ),
)


class _Event(NamedTuple):
    """Something happened to one thing of a company. `kind` is in lower case."""

    company: str
    kind: str
    id: str
    at: Any


def heard(body: bytes, company: str) -> Heard:
    """What changed in a company. An event of something that we do not know changes nothing here."""
    try:
        told = list(_events(msgspec.json.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, AttributeError):
        return Heard(options=True)
    ours = [event for event in told if event.company == company]
    documents: dict[str, datetime | None] = {}
    for event in ours:
        if event.kind in _DOCUMENT:
            name, at = f"{_DOCUMENT[event.kind]}/{event.id}", _instant(event.at)
            before = documents.get(name, at)
            documents[name] = max(before, at) if before and at else None
    return Heard(documents, any(event.kind in LISTS for event in ours))


def changed(session: Session, since: datetime, at: datetime) -> Heard:
    """What changed since then in the company's books (change data capture), deleted documents among it.

    It reaches back 30 days and tells a thousand things at a time: of more than that, the kinds are asked for one by
    one. Of a kind with still more, what is beyond is not told; a webhook may tell of it.
    """
    start = max(since, at - LOOK_BACK)
    found = _captured(session, DOCUMENTS, start)
    if len(found) >= MOST_TOLD:
        found = {name: when for entity in DOCUMENTS for name, when in _captured(session, (entity,), start).items()}
    return Heard(found)


def _captured(session: Session, entities: Iterable[str], since: datetime) -> dict[str, datetime | None]:
    found: dict[str, datetime | None] = {}
    for group in cdc(session, entities, since.isoformat(timespec="seconds")):
        for entity in DOCUMENTS:
            for row in group.get(entity, ()):
                found[f"{entity}/{row.get('Id', '')}"] = _instant(row.get("MetaData", {}).get("LastUpdatedTime"))
    return found


def _events(told: Any) -> Iterator[_Event]:
    """The events of a delivery. Raises TypeError or AttributeError for one of another shape."""
    if isinstance(told, list):
        for each in told:  # type: qbo.invoice.created.v1
            words = str(each.get("type", "")).lower().split(".")
            name, id = "".join(words[1:2]).replace("_", ""), str(each.get("intuitentityid", ""))
            yield _Event(str(each.get("intuitaccountid", "")), name, id, each.get("time"))
        return
    for each in told.get("eventNotifications", ()):
        for entity in each.get("dataChangeEvent", {}).get("entities", ()):
            kind, id = str(entity.get("name", "")).lower(), str(entity.get("id", ""))
            yield _Event(str(each.get("realmId", "")), kind, id, entity.get("lastUpdated"))


def _instant(said: Any) -> datetime | None:
    """When it changed; None when that cannot be read, and then it is looked at in any case."""
    try:
        at = datetime.fromisoformat(said)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else None
