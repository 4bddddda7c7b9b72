"""Moves and their items, as they stand in Odoo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_items import MoveLine
from connectors.accounting._odoo_wire import Ref, call, place_of, search
from connectors.errors import Failure, RefusalReason, Refused
from connectors.session import Session
from connectors.webhooks import Heard
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


class _Stamped(msgspec.Struct):
    """A move's last change, in UTC and to the second, which Odoo does not say."""

    id: int
    write_date: datetime


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


def changed(session: Session, since: datetime) -> Heard:
    """The moves of the company that were written to since an instant."""
    written = ["write_date", ">=", f"{since.astimezone(UTC):%Y-%m-%d %H:%M:%S}"]
    found = search(session, MOVE, _Stamped, [["company_id", "=", place_of(session).company.id], written])
    return Heard({str(each.id): each.write_date.replace(tzinfo=UTC) for each in found})


def gone(session: Session, held: Sequence[str]) -> set[str]:
    """Those of these moves that do not exist any more."""
    found = search(session, MOVE, _Stamped, [["id", "in", [int(each) for each in held if each.isdigit()]]])
    return set(held) - {str(each.id) for each in found}


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
