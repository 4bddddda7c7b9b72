"""How a move leaves Odoo's books: reset and canceled, or reversed by Odoo's own wizard."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from connectors.accounting._odoo_reading import ITEM, MOVE, Move, items_of, read
from connectors.accounting._odoo_wire import Ref, call, id_of, search
from connectors.session import Session

REVERSAL: Final = "account.move.reversal"


class Booked(msgspec.Struct):
    """The journal of a move."""

    journal_id: Ref


def take_back(session: Session, move_id: int) -> None:
    """Cancel a move, or reverse it where the merchant wants it so; twice changes nothing. Raises a `Failure`."""
    move = read(session, move_id)
    if move.state == "cancel":
        return
    if move.state == "posted" and session.settings.get("take_back") == "reverse":
        _reverse(session, move)
        return
    if move.state == "posted":
        call(session, MOVE, "button_draft", Any, ids=[move_id])
    call(session, MOVE, "button_cancel", Any, ids=[move_id])


def _reverse(session: Session, move: Move) -> None:
    """A mirror of the same day, made by Odoo's own wizard, posted and matched; each step unless it is done."""
    mirrors = _mirrors(session, move)
    if not mirrors:
        context = {"active_model": MOVE, "active_ids": [move.id]}
        journal = call(session, MOVE, "read", list[Booked], ids=[move.id], safe=True, fields=["journal_id"])
        values: dict[str, Any] = {
            "move_ids": [(6, 0, [move.id])],
            "date": move.date.isoformat(),
            "reason": "Taken back",
        }
        values |= {"journal_id": id_of(journal[0].journal_id)}
        wizard = call(session, REVERSAL, "create", list[int], vals_list=[values], context=context)
        call(session, REVERSAL, "refund_moves", Any, ids=wizard, context=context)
        mirrors = _mirrors(session, move)
    for mirror in mirrors:
        if mirror.state == "draft":  # of an entry Odoo posts the mirror itself, of an invoice it does not
            call(session, MOVE, "action_post", Any, ids=[mirror.id])
        both = [*items_of(session, move.id), *items_of(session, mirror.id)]
        if pair := [item.id for item in both if item.display_type == "payment_term" and not item.reconciled]:
            call(session, ITEM, "reconcile", Any, ids=pair)


def _mirrors(session: Session, move: Move) -> list[Move]:
    return search(session, MOVE, Move, [["reversed_entry_id", "=", move.id], ["state", "!=", "cancel"]])
