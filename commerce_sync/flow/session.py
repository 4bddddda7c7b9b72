"""A merchant's session: bound to one company from the link that opened it, and to no other.

It ends after `IDLE` without a page, and `LONGEST` after its start however busy it was. One by which somebody of the
console only looks (`commerce_sync.flow.viewing`) ends after `LOOKING`.
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
LOOKING: Final = timedelta(minutes=15)
_SEEN_EVERY: Final = timedelta(minutes=1)  # how exact the idle time is: a write per page would cost more than it tells
_KEY: Final = "flow"
_PARTNER: Final = "flow_partner"  # whose pages they were, also when they have ended
_LEFT: Final = "flow_left"  # where somebody who looked came from


class FlowSession(msgspec.Struct, frozen=True):
    """Whose pages these are: a company's row id, the platforms and the way back that the link was made with.

    ``viewer`` is who only looks at them (as the audit trail names this person, whose row id is ``viewer_id``), and
    ``back`` where this person came from; "" for the merchant.
    """

    company_id: int
    commerce_platform: str
    accounting_platform: str
    redirect_url: str
    started_at: datetime
    seen_at: datetime
    viewer: str = ""
    viewer_id: int = 0
    back: str = ""

    @property
    def ends_at(self) -> datetime:
        """When it is over at the latest."""
        return self.started_at + (LOOKING if self.viewer else LONGEST)


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
    request.session.pop(_LEFT, None)
    _store(request, FlowSession(**used._asdict(), started_at=at, seen_at=at))


def begin_looking(request: HttpRequest, session: FlowSession, partner_id: int) -> None:
    """Let somebody of the console look: within the session of the console, which goes on as it is."""
    request.session[_PARTNER] = partner_id
    request.session.pop(_LEFT, None)
    _store(request, session)


def looked_at_by(request: HttpRequest) -> FlowSession | None:
    """The session by which somebody of the console looks in this browser, whether it has ended or not."""
    found = _kept(request)
    return found if found is not None and found.viewer else None


def end_looking(request: HttpRequest) -> FlowSession | None:
    """Look no longer; what it was, or None when nobody looked."""
    found = looked_at_by(request)
    if found is None:
        return None
    del request.session[_KEY]
    request.session[_LEFT] = found.back
    return found


def left_for(request: HttpRequest) -> str:
    """Where somebody came from whose look has ended; "" for whoever has not looked."""
    found = request.session.get(_LEFT, "")
    return found if isinstance(found, str) else ""


def last_partner(request: HttpRequest) -> int | None:
    """The row id of the partner whose pages this browser was let into last; None: it never was."""
    found = request.session.get(_PARTNER)
    return found if isinstance(found, int) else None


def current(request: HttpRequest) -> FlowSession | None:
    """The session of this browser; None when there is none or it has ended."""
    found = _kept(request)
    if found is None:
        return None
    at = now()
    if at - found.seen_at >= IDLE or at >= found.ends_at:
        if end_looking(request) is None:
            del request.session[_KEY]
        return None
    if at - found.seen_at >= _SEEN_EVERY:
        _store(request, msgspec.structs.replace(found, seen_at=at))
    return found


def _kept(request: HttpRequest) -> FlowSession | None:
    kept = request.session.get(_KEY)
    try:
        return msgspec.convert(kept, FlowSession) if kept is not None else None
    except msgspec.ValidationError:  # from before these fields were what they are
        return None


def _store(request: HttpRequest, session: FlowSession) -> None:
    request.session[_KEY] = msgspec.to_builtins(session)
