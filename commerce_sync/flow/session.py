"""A merchant's session: bound to one company from the link that opened it, and to no other.

It ends after `IDLE` without a page, and `LONGEST` after its start however busy it was.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.http import HttpRequest

from commerce_sync.setup_links import UsedLink
from ledger.services import now

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=8)
_SEEN_EVERY: Final = timedelta(minutes=1)  # how exact the idle time is: a write per page would cost more than it tells
_KEY: Final = "flow"


class FlowSession(msgspec.Struct, frozen=True):
    """Whose pages these are: a company's row id, the platforms and the way back that the link was made with."""

    company_id: int
    commerce_platform: str
    accounting_platform: str
    redirect_url: str
    started_at: datetime
    seen_at: datetime


def begin(request: HttpRequest, used: UsedLink) -> None:
    """Bind the browser to the link's company. The session gets a new key, so that nobody who knew the old one follows;
    what it was bound to before is gone."""
    at = now()
    request.session.cycle_key()
    request.session.set_expiry(LONGEST)
    _store(request, FlowSession(**used._asdict(), started_at=at, seen_at=at))


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
