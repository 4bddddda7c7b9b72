"""Locked periods of the built-in general ledger: who closed the books through which day, and who opened them again."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from connectors.errors import RefusalReason, Refused
from connectors.models import Connection
from connectors.models.books_lock import BooksLock
from ledger.services import audit


def locked_through(connection_id: int) -> date | None:
    """The last day that takes no entry, or None when everything is open."""
    latest = BooksLock.objects.filter(connection_id=connection_id).order_by("-id").first()
    return latest.locked_through if latest else None


@transaction.atomic
def lock_period(*, connection_id: int, through: date | None, author: str, reason: str = "") -> None:
    """Close the books through the day ``through``, or with an earlier day (or None) open them again.

    Opening needs a ``reason``; Refused(validation) without one. Waits for pushes under way, and later ones see it.
    Setting what holds already changes nothing. Every change is a row of its own and an entry in the audit trail.
    """
    connection = Connection.objects.select_for_update(of=("self",)).filter(pk=connection_id).first()
    if connection is None:
        raise Refused(f"there is no connection {connection_id}", reason=RefusalReason.NOT_FOUND)
    before = locked_through(connection_id)
    if through == before:
        return
    opens = before is not None and (through is None or through < before)
    if opens and not reason.strip():
        raise Refused("say why the period is opened again")
    BooksLock.objects.create(connection_id=connection_id, locked_through=through, author=author, reason=reason)
    audit(
        company=connection.company,
        code="books.period_unlocked" if opens else "books.period_locked",
        subject=through.isoformat() if through else "",
        actor=author,
        detail={
            "connection": str(connection.public_id),
            "before": before.isoformat() if before else None,
            "after": through.isoformat() if through else None,
            "reason": reason,
        },
    )
