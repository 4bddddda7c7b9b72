"""A second one of the same document, which a frozen worker made after others had taken over: it is taken back at once.

Advisory locks keep others away while a worker lives; when PostgreSQL itself is restarted while a worker is frozen in
the middle of a call, they are gone and it does not know. Whoever is told of an id first has it bound; whoever comes
later sees that, and takes back what it made. Both are told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import psycopg
from django.db import Error, InterfaceError, OperationalError, connection
from msgspec import Struct

from connectors.errors import Failure
from connectors.models import Connection
from connectors.platform import AccountingPlatform
from connectors.session import Pushed, Session
from ledger.services import audit

logger = logging.getLogger(__name__)

SESSION_LOST: Final = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
"""What a statement raises whose session is gone, among other reasons."""


class Second(Struct, frozen=True):
    """What was made although the document is bound to the id `bound`."""

    reference: str
    document: Any
    bound: str
    pushed: Pushed


def bound_anew(bind: Callable[[], bool]) -> bool | None:
    """What `bind` says once more, in a session of its own if ours was lost; None when it cannot be asked."""
    if connection.in_atomic_block:
        return None
    if not connection.is_usable():
        connection.close()  # the next statement opens a new one
    try:
        return bind()
    except (psycopg.Error, Error):
        logger.exception("what was delivered could not be written down; it is looked up by its reference")
        return None


def take_back(platform: AccountingPlatform, session: Session, second: Second) -> bool:
    """Take it back where the platform can; whether it is gone. An audit entry `document.doubled` says so either way."""
    kind, why = getattr(second.document, "kind", ""), ""
    if kind not in platform.voids:
        why = "The platform takes none back."
    else:
        try:
            platform.void(session, second.pushed.remote_id, kind)
        except Failure as failure:
            why = str(failure)
    detail = {
        "bound": second.bound, "second": second.pushed.remote_id, "url": second.pushed.url[:1000],
        "taken_back": not why, "why": why[:500],
    }  # fmt: skip
    logger.warning("document %s was made twice: %s", second.reference, detail)
    company = Connection.objects.select_related("company").get(pk=session.connection_id).company
    audit(code="document.doubled", actor="push", company=company, subject=second.reference, detail=detail)
    return not why
