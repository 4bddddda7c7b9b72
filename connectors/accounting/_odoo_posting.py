"""How a document gets into Odoo's books, and out of them again, one call after the other.

Each call is a transaction of its own, so each step may be the last that happens and every one may be done again:
a draft is made under our external id, its lines are replaced, what Odoo computed is compared with the document and put
right, and only a draft that says what the document says is posted. A draft is not in the books: it is "not there".
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from connectors.accounting import _odoo_company as company
from connectors.accounting._odoo_errors import Loaded
from connectors.accounting._odoo_items import Rate, sums
from connectors.accounting._odoo_matching import match, partner_of, unmatched
from connectors.accounting._odoo_moves import content, header_columns, type_of, wanted
from connectors.accounting._odoo_reading import MOVE, Move, discard, items_of, move_of, read, undo
from connectors.accounting._odoo_taxes import AMOUNTS, CODES, Computed, Taxed, computed, corrections
from connectors.accounting._odoo_wire import call, place_of
from connectors.errors import MisconfiguredPlatform, RefusalReason, Refused
from connectors.session import Pushed, Session
from ledger.documents import CreditNote, Document, Invoice

MODULE: Final = "commerce_sync"  # of our external ids


def is_draft(document: Document) -> bool:
    """Whether the document is meant to stay a draft."""
    return isinstance(document, Invoice | CreditNote) and document.draft


def is_whole(session: Session, document: Document, move: Move) -> bool:
    """Whether nothing is left to do: posted (or taken back by a person), and a payment matched."""
    if move.state == "draft":
        return is_draft(document) and sums(items_of(session, move.id), document.header.currency) == wanted(document)
    return move.state == "cancel" or not unmatched(session, document, move)


def pushed(move: Move) -> Pushed:
    """What is kept of a move."""
    return Pushed(str(move.id), answer={"number": move.name or "", "state": move.state})


def deliver(session: Session, document: Document) -> Move:
    """Whatever is still to be done for the document to be in the books. Raises a `Failure`."""
    move = move_of(session, document)
    if move is None or move.state == "draft":
        rate, (_, journal) = _rate(session, document), type_of(document)
        taxes = computed(document, _taxes(session, document, rate))
        company.check_open(session, document.header, journal, has_taxes=bool(taxes))
        lines = content(document, taxes, partner_of(session, document), rate)
        draft = _loaded(session, document, journal, rate)
        move = _filled(session, document, draft, lines, taxes, rate) or _posted(session, document, draft)
    match(session, document, move)
    return move


def _loaded(session: Session, document: Document, journal: str, rate: Rate | None) -> int:
    """The id of our move in Odoo: a draft, unless a person gave the one that is there another reference."""
    external_id, at = f"{MODULE}.{_external_name(session, document)}", company.journal_of(session, journal)
    columns = header_columns(document, external_id, at, place_of(session).company.id, rate)
    return call(session, MOVE, "load", Loaded, fields=list(columns), data=[list(columns.values())]).made()


def _filled(
    session: Session, document: Document, draft: int, lines: dict[str, Any], taxes: Computed, rate: Rate | None
) -> Move | None:
    """Make the draft say what the document says. A move that is no draft any more is answered as it is."""
    try:
        call(session, MOVE, "write", Any, ids=[draft], vals=lines)
    except Refused:
        there = read(session, draft)
        if there.state == "draft":
            raise
        return there
    items = items_of(session, draft)
    if changes := corrections(document, items, taxes, rate):
        call(session, MOVE, "write", Any, ids=[draft], vals={"line_ids": changes})
        items = items_of(session, draft)
    theirs = sums(items, document.header.currency)
    if theirs != wanted(document):
        discard(session, draft)
        said = f"Odoo makes {theirs} of it, and it is {wanted(document)} (minor units by account)"
        name = "taxes" if isinstance(document, Taxed) else "entry_taxes"
        raise Refused(f"{said}: correct the tax or its account in Odoo, or set {name} to {AMOUNTS}")
    return None


def _posted(session: Session, document: Document, draft: int) -> Move:
    """The draft, posted on the document's day; a draft that is refused is not left behind."""
    if is_draft(document):
        return read(session, draft)
    try:
        call(session, MOVE, "action_post", Any, ids=[draft])
    except Refused:
        if read(session, draft).state == "draft":
            discard(session, draft)
            raise
    move = read(session, draft)
    if move.state != "posted":
        raise Refused(f"Odoo did not post {document.header.reference}: it is {move.state}")
    if move.date != document.header.date:  # Odoo moves an invoice of a locked tax period to the next open day
        undo(session, move.id)
        said = f"Odoo dates it {move.date}: {document.header.date} is locked"
        raise Refused(said, reason=RefusalReason.PERIOD_LOCKED)
    return move


def _rate(session: Session, document: Document) -> Rate | None:
    return company.rate_of(session, document.header.currency, document.header.date)


def _taxes(session: Session, document: Document, rate: Rate | None) -> str:
    """Whether Odoo computes the taxes of a document. Of an entry in another currency it does not."""
    name, usual = ("taxes", CODES) if isinstance(document, Taxed) else ("entry_taxes", AMOUNTS)
    chosen = str(session.settings.get(name) or usual)
    if chosen not in (CODES, AMOUNTS):
        raise MisconfiguredPlatform(f"the setting {name} is {CODES} or {AMOUNTS}, not {chosen!r}")
    return chosen if isinstance(document, Taxed) or rate is None else AMOUNTS


def _external_name(session: Session, document: Document) -> str:
    """Our name of the document in Odoo: the same for each sending, and of no other company in the database."""
    seed = f"{place_of(session).company.id}:{document.header.key}"
    return f"{document.header.reference}-{hashlib.sha256(seed.encode()).hexdigest()[:16]}".replace(".", "-")
