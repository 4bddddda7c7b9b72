"""A merchant's session: bound to one company from the link that opened it, and to no other.

It ends after `IDLE` without a page, and `LONGEST` after its start however busy it was.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from commerce_sync.setup_links import UsedLink
from ledger.services import now

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=8)
_SEEN_EVERY: Final = timedelta(minutes=1)  # how exact the idle time is: a write per page would cost more than it tells
_KEY: Final = "flow"
_PARTNER: Final = "flow_partner"  # whose pages they were, also when they have ended


class FlowSession(msgspec.Struct, frozen=True):
    """Whose pages these are: a company's row id, the platforms and the way back that the link was made with."""

    company_id: int
    commerce_platform: str
    accounting_platform: str
    redirect_url: str
    started_at: datetime
    seen_at: datetime


def begin(request: HttpRequest, used: UsedLink, partner_id: int) -> None:
    """Bind the browser to the link's company. The session gets a new key, so that nobody who knew the old one follows;
    what it was bound to before is gone. A form of another company's that is still open in a second window is refused
    from now on: what it says must not become the choices of this company."""
    at = now()
    before = request.session.get(_KEY)
    if before is not None and before.get("company_id") != used.company_id:
        rotate_token(request)
    request.session.cycle_key()
    request.session.set_expiry(LONGEST)
    request.session[_PARTNER] = partner_id
    _store(request, FlowSession(**used._asdict(), started_at=at, seen_at=at))


def last_partner(request: HttpRequest) -> int | None:
    """The row id of the partner whose pages this browser was let into last; None: it never was."""
    found = request.session.get(_PARTNER)
    return found if isinstance(found, int) else None


def current(request: HttpRequest) -> FlowSession | None:
    """The session of this browser; None when there is none or it has ended."""
    kept = request.session.get(_KEY)
    if kept is None:
        return None
    try:
        found = msgspec.convert(kept, FlowSession)
    except msgspec.ValidationError:  # from before these fields were what they are
        return None
    at = now()
    if at - found.seen_at >= IDLE or at - found.started_at >= LONGEST:
        del request.session[_KEY]
        return None
    if at - found.seen_at >= _SEEN_EVERY:
        _store(request, msgspec.structs.replace(found, seen_at=at))
    return found


def _store(request: HttpRequest, session: FlowSession) -> None:
    request.session[_KEY] = msgspec.to_builtins(session)
