"""How a document gets into Odoo's books, and out of them again, one call after the other.

Each call is a transaction of its own, so each step may be the last that happens and every one may be done again:
a draft is made under our external id, its lines are replaced, what Odoo computed is compared with the document and put
right, and only a draft that says what the document says is posted. A draft is not in the books: it is "not there".
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_errors import of_messages
from connectors.accounting._odoo_moves import (
    AMOUNTS,
    CODES,
    MoveLine,
    content,
    corrections,
    header_columns,
    sums,
    type_of,
    wanted,
)
from connectors.accounting._odoo_wire import Ref, call, id_of, place_of, search
from connectors.errors import Failure, MisconfiguredPlatform, RefusalReason, Refused
from connectors.session import Pushed, Session
from ledger.documents import CreditNote, Document, Invoice, Payment

MODULE: Final = "commerce_sync"  # of our external ids
MOVE: Final = "account.move"
ITEM: Final = "account.move.line"


class Move(msgspec.Struct):
    """A move, as Odoo has it."""

    id: int
    state: str
    date: date
    name: str | bool = ""
    partner_id: Ref = False


class _Loaded(msgspec.Struct):
    """The answer to `load`."""

    ids: list[int] | bool | None = None
    messages: list[dict[str, Any]] = []


class _Journal(msgspec.Struct):
    id: int
    code: str


def move_of(session: Session, document: Document) -> Move | None:
    """The move with the document's reference, in whatever state. Raises `Refused` for two."""
    domain = [["ref", "=", document.header.reference], ["company_id", "=", place_of(session).company.id]]
    found = search(session, MOVE, Move, domain)
    if len(found) > 1:
        said = f"{document.header.reference} is there {len(found)} times"
        raise Refused(said, reason=RefusalReason.DUPLICATE)
    return found[0] if found else None


def items_of(session: Session, move: int) -> list[MoveLine]:
    """The items of a move."""
    return search(session, ITEM, MoveLine, [["move_id", "=", move]])


def is_draft(document: Document) -> bool:
    """Whether the document is meant to stay a draft."""
    return isinstance(document, Invoice | CreditNote) and document.draft


def is_whole(session: Session, document: Document, move: Move) -> bool:
    """Whether nothing is left to do: posted (or taken back by a person), and a payment matched."""
    if move.state == "draft":
        return is_draft(document) and sums(items_of(session, move.id), document.header.currency) == wanted(document)
    return move.state == "cancel" or not _unmatched(session, document, move)


def pushed(move: Move) -> Pushed:
    """What is kept of a move."""
    return Pushed(str(move.id), answer={"number": move.name or "", "state": move.state})


def deliver(session: Session, document: Document) -> Move:
    """Whatever is still to be done for the document to be in the books. Raises a `Failure`."""
    _check_currency(session, document)
    move = move_of(session, document)
    if move is None or move.state == "draft":
        move = _posted(session, document, _drafted(session, document))
    if move.state == "posted" and (pair := _unmatched(session, document, move)):
        call(session, ITEM, "reconcile", Any, ids=pair)
    return move


def _drafted(session: Session, document: Document) -> int:
    """The id of the draft, saying what the document says."""
    place, settled = place_of(session), _settled(session, document)
    _, journal = type_of(document)
    external_id = f"{MODULE}.{_external_name(session, document)}"
    columns = header_columns(document, external_id, _journal(session, journal), place.company.id)
    loaded = call(session, MOVE, "load", _Loaded, fields=list(columns), data=[list(columns.values())])
    if not isinstance(loaded.ids, list) or not loaded.ids:
        raise of_messages(loaded.messages)
    move = loaded.ids[0]
    call(session, MOVE, "write", Any, ids=[move], vals=content(document, settled, _taxes(session)))
    items = items_of(session, move)
    if changes := corrections(document, items):
        call(session, MOVE, "write", Any, ids=[move], vals={"line_ids": changes})
        items = items_of(session, move)
    theirs = sums(items, document.header.currency)
    if theirs != wanted(document):
        _discard(session, move)
        said = f"Odoo makes {theirs} of it, and it is {wanted(document)} (minor units by account)"
        raise Refused(f"{said}: correct the tax or its account in Odoo, or set taxes to {AMOUNTS}")
    return move


def _posted(session: Session, document: Document, draft: int) -> Move:
    """The draft, posted on the document's day; a draft that is refused is not left behind."""
    if is_draft(document):
        return read(session, draft)
    try:
        call(session, MOVE, "action_post", Any, ids=[draft])
    except Refused:
        if read(session, draft).state == "draft":
            _discard(session, draft)
            raise
    move = read(session, draft)
    if move.state != "posted":
        raise Refused(f"Odoo did not post {document.header.reference}: it is {move.state}")
    if move.date != document.header.date:  # Odoo moves an invoice of a locked tax period to the next open day
        call(session, MOVE, "button_draft", Any, ids=[move.id])
        _discard(session, move.id)
        said = f"Odoo dates it {move.date}: {document.header.date} is locked"
        raise Refused(said, reason=RefusalReason.PERIOD_LOCKED)
    return move


def read(session: Session, move: int) -> Move:
    """A move by its id; a missing one is `Refused` with `not_found`, one that may not be seen with `permission`."""
    fields = [field.encode_name for field in msgspec.structs.fields(Move)]
    found = call(session, MOVE, "read", list[Move], ids=[move], safe=True, fields=fields)
    if not found:
        raise Refused(f"there is no move {move}", reason=RefusalReason.NOT_FOUND)
    return found[0]


def _discard(session: Session, move: int) -> None:
    """Remove a draft that is not to be posted. When that fails too, the next attempt takes the draft up."""
    try:
        call(session, MOVE, "unlink", Any, ids=[move])
    except Failure:
        return


def _settled(session: Session, document: Document) -> int:
    """The partner of what a payment settles; 0 for other documents. `Refused` when it is not there."""
    if not isinstance(document, Payment):
        return 0
    return id_of(read(session, _settled_move(session, document)).partner_id)


def _settled_move(session: Session, document: Payment) -> int:
    remote_id = session.remote_ids.get(document.settles, "")
    if not remote_id.isdigit():
        raise Refused("what the payment settles is not in Odoo", reason=RefusalReason.NOT_FOUND)
    return int(remote_id)


def _unmatched(session: Session, document: Document, move: Move) -> list[int]:
    """The items of a payment and of what it settles that are still to be matched; none when nothing is open."""
    if not isinstance(document, Payment) or move.state != "posted":
        return []
    own = [item for item in items_of(session, move.id) if item.account == document.control]
    if not own or any(item.is_matched for item in own):
        return []
    settled = items_of(session, _settled_move(session, document))
    still = [item.id for item in settled if item.account == document.control and not item.reconciled]
    return [*(item.id for item in own), *still] if still else []


def _journal(session: Session, type: str) -> int:
    """The journal of a type: the one whose code the setting names, else the first in the merchant's order."""
    place = place_of(session)
    if type in place.journals:
        return place.journals[type]
    code = str(session.settings.get(f"{type}_journal") or "")
    domain: list[Any] = [["type", "=", type], ["company_id", "=", place.company.id]]
    if code:
        domain.append(["code", "=", code])
    found = search(session, "account.journal", _Journal, domain)
    if not found:
        named = f" with the code {code}" if code else ""
        raise MisconfiguredPlatform(f"Odoo has no journal of the type {type}{named}")
    return place.journals.setdefault(type, found[0].id)


def _taxes(session: Session) -> str:
    chosen = str(session.settings.get("taxes") or CODES)
    if chosen not in (CODES, AMOUNTS):
        raise MisconfiguredPlatform(f"the setting taxes is {CODES} or {AMOUNTS}, not {chosen!r}")
    return chosen


def _check_currency(session: Session, document: Document) -> None:
    base = place_of(session).currency
    if document.header.currency != base:
        said = f"the document is in {document.header.currency} and the company in {base}: it must be entered by hand"
        raise Refused(said)


def _external_name(session: Session, document: Document) -> str:
    """Our name of the document in Odoo: the same for each sending, and of no other company in the database."""
    seed = f"{place_of(session).company.id}:{document.header.key}"
    return f"{document.header.reference}-{hashlib.sha256(seed.encode()).hexdigest()[:16]}".replace(".", "-")
