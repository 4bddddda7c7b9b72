"""A payment and what it settles: whose it is, what of the two is open, and their matching."""

from __future__ import annotations

from typing import Any

from connectors.accounting._odoo_reading import ITEM, Move, items_of, read, undo
from connectors.accounting._odoo_wire import call, id_of
from connectors.errors import RefusalReason, Refused
from connectors.session import Session
from ledger.documents import Document, Payment


def partner_of(session: Session, document: Document) -> int:
    """The partner of what a payment settles; 0 for other documents. `Refused` when it is not there."""
    if not isinstance(document, Payment):
        return 0
    return id_of(read(session, _settled(session, document)).partner_id)


def unmatched(session: Session, document: Document, move: Move) -> list[int]:
    """The items of a payment and of what it settles that are still to be matched; none when nothing is open."""
    if not isinstance(document, Payment) or move.state != "posted":
        return []
    own = [item for item in items_of(session, move.id) if item.account == document.control]
    if not own or any(item.is_matched for item in own):
        return []
    settled = items_of(session, _settled(session, document))
    still = [item.id for item in settled if item.account == document.control and not item.reconciled]
    return [*(item.id for item in own), *still] if still else []


def match(session: Session, document: Document, move: Move) -> None:
    """Match a payment with what it settles; where Odoo refuses to, the payment does not stay in the books alone."""
    pair = unmatched(session, document, move)
    if not pair:
        return
    try:
        call(session, ITEM, "reconcile", Any, ids=pair)
    except Refused:
        if _is_matched(session, document, move):
            return  # a proxy sent it on a second time, and only the second answer came
        undo(session, move.id)
        raise


def _is_matched(session: Session, document: Document, move: Move) -> bool:
    control = document.control if isinstance(document, Payment) else ""
    return any(item.is_matched for item in items_of(session, move.id) if item.account == control)


def _settled(session: Session, document: Payment) -> int:
    remote_id = session.remote_ids.get(document.settles, "")
    if not remote_id.isdigit():
        raise Refused("what the payment settles is not in Odoo", reason=RefusalReason.NOT_FOUND)
    return int(remote_id)
