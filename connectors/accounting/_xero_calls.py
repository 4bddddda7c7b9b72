"""The calls to Xero: for one organisation, with a key on what makes something, found again by our reference."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from connectors.accounting import _xero_wire as wire
from connectors.accounting._xero_bodies import (
    BANK_TRANSACTIONS,
    BANK_TRANSFERS,
    CREDIT_NOTES,
    INVOICES,
    JOURNALS,
    PAYMENTS,
)
from connectors.accounting._xero_chart import Chart, account_option
from connectors.accounting._xero_refusals import refuse_errors
from connectors.errors import MisconfiguredPlatform, RefusalReason, Refused, Undecided, UnknownOutcome
from connectors.session import Option, Session
from connectors.wire import Request, Response
from ledger.documents import Bill, Document

T = TypeVar("T")
Pair = tuple[str, str]
CONNECTIONS: Final = "https://api.xero.com/connections"
PAGE: Final = 1_000  # rows, the most that Xero gives
LONGEST_SEED: Final = 60  # characters; a key has 128 at most
KEYS_SECONDS: Final = 360  # for which Xero remembers a key, with its answer
_IDS: Final = MappingProxyType(
    {
        JOURNALS: "ManualJournalID",
        INVOICES: "InvoiceID",
        CREDIT_NOTES: "CreditNoteID",
        BANK_TRANSACTIONS: "BankTransactionID",
    }
)
# What the description of the interface demands beside the id, whatever is changed.
_DEMANDED: Final = MappingProxyType({JOURNALS: ("Narration",), BANK_TRANSACTIONS: ("Type", "BankAccount", "LineItems")})
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def for_tenant(session: Session, request: Request) -> Response:
    """Send for the organisation of this connection. Raises `MisconfiguredPlatform` when that is not known."""
    tenant = session.settings.get("tenant_id")
    if not tenant:
        raise MisconfiguredPlatform("the connection lacks the setting tenant_id: which organisation in Xero it is for")
    return session.send(request.with_headers(("xero-tenant-id", str(tenant))))


def with_tenant(session: Session) -> Session:
    """The session, for the organisation of this connection: the one that the access reaches, where nobody said which.

    Raises `Undecided` when it reaches several: a person has to choose.
    """
    if session.settings.get("tenant_id"):
        return session
    found = tenants(session)
    if not found:
        raise Refused("the access reaches no organisation in Xero", reason=RefusalReason.PERMISSION)
    if len(found) > 1:
        names = ", ".join(f"{each.tenant_id} ({each.tenant_name})" for each in found)
        raise Undecided(f"Set tenant_id to one of {names}")
    return replace(session, settings={**session.settings, "tenant_id": found[0].tenant_id})


def tenants(session: Session) -> list[wire.Tenant]:
    """The organisations that the access reaches; a practice is none."""
    found = session.send(Request("GET", CONNECTIONS)).decode(list[wire.Tenant])
    return [each for each in found if each.tenant_type == "ORGANISATION"]


def disconnect(session: Session) -> bool:
    """Have Xero forget that the organisation of this connection lets us in; whether the access reaches another one."""
    found = session.send(Request("GET", CONNECTIONS)).decode(list[wire.Tenant])
    own = [each for each in found if each.tenant_id == session.settings.get("tenant_id")]
    for each in own:
        session.send(Request("DELETE", f"{CONNECTIONS}/{each.id}"))
    return len(found) > len(own)


def get(session: Session, path: str, *params: Pair, headers: tuple[Pair, ...] = ()) -> Response:
    """Read."""
    return for_tenant(session, Request("GET", path, params=params, headers=headers))


def make(session: Session, path: str, value: Any, seed: str) -> Response:
    """Make something once: the key is made of the body, for Xero refuses a key that comes again with another one.

    A no may be the one that Xero remembers from before a person mended what it was about. It says that nothing was
    made, so it is asked once more under a key that was never used.
    """
    body = _encode(value)
    key = f"{seed[:LONGEST_SEED]}-{hashlib.sha256(body).hexdigest()[:32]}"
    try:
        return _put(session, path, body, key)
    except Refused as refused:
        if refused.status != HTTPStatus.BAD_REQUEST:
            raise
    return _put(session, path, body, f"{key}-{time.time_ns()}")


def _put(session: Session, path: str, body: bytes, key: str) -> Response:
    headers = (("Content-Type", "application/json"), ("Idempotency-Key", key))
    return for_tenant(session, Request("PUT", path, headers=headers, body=body, keyed=True))


def made(response: Response) -> wire.Entry:
    """The document that a write answers with. Raises `Refused`, or `UnknownOutcome` for an answer without one."""
    entries = response.decode(wire.Entries).all
    if not entries:
        raise UnknownOutcome("Xero answered without the document", status=response.status)
    refuse_errors(entries[0])
    if not entries[0].id:
        raise UnknownOutcome("Xero answered without an id", status=response.status)
    return entries[0]


def read(session: Session, remote_id: str) -> wire.Entry:
    """The document under an id of ours. Raises `Refused` (`NOT_FOUND`), a `Failure`."""
    return _only(get(session, f"/{remote_id}").decode(wire.Entries).all, remote_id)


def _only(rows: Sequence[T], remote_id: str) -> T:
    if not rows:
        raise Refused(f"{remote_id} is not at Xero", reason=RefusalReason.NOT_FOUND)
    return rows[0]


def accounts(session: Session) -> list[Option]:
    """All accounts; archived ones are inactive, deleted ones are left out."""
    found = get(session, "/Accounts").decode(wire.Accounts).accounts
    return [account_option(each) for each in found if each.status != "DELETED"]


def contacts(session: Session) -> Iterator[wire.Contact]:
    """Everybody who is not archived."""
    page = 0
    while True:
        page += 1
        query = (("page", str(page)), ("pageSize", str(PAGE)), ("summaryOnly", "true"))
        found = get(session, "/Contacts", *query).decode(wire.Contacts).contacts
        yield from found
        if len(found) < PAGE:
            return


def items(session: Session) -> list[wire.Item]:
    """All items; Xero gives them at once."""
    return get(session, "/Items").decode(wire.Items).items


def item_codes(session: Session) -> frozenset[str]:
    """The codes of all items, asked for once in one piece of work."""
    if "item_codes" not in session.memory:
        session.memory["item_codes"] = frozenset(each.code for each in items(session) if each.code)
    found: frozenset[str] = session.memory["item_codes"]
    return found


def chart(session: Session) -> Chart:
    """The accounts as they were kept last, else as they are now."""
    return Chart(session.accounts or {each.id: each for each in accounts(session)})


def candidates(session: Session, collection: str, document: Document) -> Iterator[wire.Entry]:
    """What bears our reference; voided ones too, for what was taken back there is not made again."""
    reference, day = document.header.reference, document.header.date
    if collection == JOURNALS:
        yield from _journals(session, reference, day)
    elif collection == INVOICES:
        type = "ACCPAY" if isinstance(document, Bill) else "ACCREC"
        rows = pages(session, collection, ("InvoiceNumbers", reference))
        yield from (each for each in rows if each.invoice_number == reference and each.type == type)
    elif collection == CREDIT_NOTES:
        rows = pages(session, collection, ("where", f'CreditNoteNumber=="{reference}"'))
        yield from (each for each in rows if each.credit_note_number == reference)
    elif collection == BANK_TRANSFERS:
        query = (("where", f'Reference=="{reference}"'), ("includeDeleted", "true"))
        found = get(session, f"/{collection}", *query).decode(wire.Entries).all
        yield from (each for each in found if each.reference == reference)
    else:
        rows = pages(session, collection, ("where", f'Reference=="{reference}"'))
        yield from (each for each in rows if each.reference == reference)


def _journals(session: Session, reference: str, day: date) -> list[wire.Entry]:
    """They have no reference, so the narration tells: of those of its day, else (a person dated it anew) of all."""
    questions = [f"Date==DateTime({day:%Y,%m,%d})"]
    if session.settings.get("journal_search", "narration") == "narration":
        questions.append(f'Narration!=null AND Narration.Contains("{reference}")')
    for question in questions:
        rows = pages(session, JOURNALS, ("where", question))
        if found := [each for each in rows if reference in each.narration]:
            return found
    return []


def pages(session: Session, collection: str, *query: Pair, headers: tuple[Pair, ...] = ()) -> Iterator[wire.Entry]:
    """All rows; with `page`, they come whole."""
    page = 0
    while True:
        page += 1
        place = (("page", str(page)), ("pageSize", str(PAGE)))
        found = get(session, f"/{collection}", *query, *place, headers=headers).decode(wire.Entries).all
        yield from found
        if len(found) < PAGE:
            return


def take_back(session: Session, remote_id: str) -> None:
    """Void or delete it, as its list wants it; what was taken back already stays so. Sent twice it changes nothing."""
    collection, _, id = remote_id.partition("/")
    answer = get(session, f"/{remote_id}")
    status = _only(answer.decode(wire.Entries).all, remote_id).status
    if status in ("VOIDED", "DELETED"):
        return
    if collection in (PAYMENTS, BANK_TRANSFERS):
        value: dict[str, Any] = {"Status": "DELETED"}
    else:
        deleted = collection == BANK_TRANSACTIONS or status == "DRAFT"
        envelope = answer.decode(dict[str, msgspec.Raw])
        raw = msgspec.json.decode(envelope[collection], type=list[dict[str, msgspec.Raw]])[0]
        own = {name: raw[name] for name in _DEMANDED.get(collection, ()) if name in raw}
        value = {collection: [{_IDS[collection]: id, **own, "Status": "DELETED" if deleted else "VOIDED"}]}
    request = Request("POST", f"/{remote_id}", headers=(("Content-Type", "application/json"),), keyed=True)
    made(for_tenant(session, replace(request, body=_encode(value))))
