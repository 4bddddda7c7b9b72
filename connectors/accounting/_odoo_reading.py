"""Moves and their items, as they stand in Odoo."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_items import MoveLine
from connectors.accounting._odoo_wire import Ref, call, place_of, search
from connectors.errors import Failure, RefusalReason, Refused
from connectors.session import Session
from ledger.documents import Document

MOVE: Final = "account.move"
ITEM: Final = "account.move.line"


class Move(msgspec.Struct):
    """A move, as Odoo has it. `posted_before` says that it was in the books once, whatever it is now."""

    id: int
    state: str
    date: date
    name: str | bool = ""
    partner_id: Ref = False
    posted_before: bool = False


def move_of(session: Session, document: Document) -> Move | None:
    """The move with the document's reference, in whatever state. Raises `Refused` for two."""
    domain = [["ref", "=", document.header.reference], ["company_id", "=", place_of(session).company.id]]
    found = search(session, MOVE, Move, domain)
    if len(found) > 1:
        said = f"{document.header.reference} is there {len(found)} times"
        raise Refused(said, reason=RefusalReason.DUPLICATE)
    return found[0] if found else None


def read(session: Session, move: int) -> Move:
    """A move by its id; a missing one is `Refused` with `not_found`, one that may not be seen with `permission`."""
    fields = [field.encode_name for field in msgspec.structs.fields(Move)]
    found = call(session, MOVE, "read", list[Move], ids=[move], safe=True, fields=fields)
    if not found:
        raise Refused(f"there is no move {move}", reason=RefusalReason.NOT_FOUND)
    return found[0]


def items_of(session: Session, move: int) -> list[MoveLine]:
    """The items of a move."""
    return search(session, ITEM, MoveLine, [["move_id", "=", move]])


def discard(session: Session, move: int) -> None:
    """Remove a draft that is not to be posted. When that fails too, the next attempt takes the draft up."""
    try:
        call(session, MOVE, "unlink", Any, ids=[move])
    except Failure:
        return


def undo(session: Session, move: int) -> None:
    """Take out of the books what was just posted and must not stay. Raises a `Failure` when Odoo keeps it there."""
    call(session, MOVE, "button_draft", Any, ids=[move])
    discard(session, move)
