"""Where platforms ring: the raw body is bounded, verified, noted and answered at once, with nothing in the answer.

While the database does not answer it is 503: 200 would say that the delivery is kept, and it would not come again.
An address that leads nowhere answers 404 with the same words whatever is wrong with it; a signature that is not
believed 401 and says no more, since the sender may be anybody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from commerce_sync.outage import outage_of
from commerce_sync.webhooks import take_delivery
from connectors import deliveries
from connectors.models import Connection
from connectors.signatures import Arrived, BadSignature, is_greeting
from ledger import faultpoints
from ledger.services import now

MOST_BYTES: Final = 1024 * 1024
logger = logging.getLogger(__name__)
P = ParamSpec("P")


def _kept_or_unavailable(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Answer 503 where the database does not take the delivery, so that the platform delivers it again."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except Exception as error:
            outage = outage_of(error)
            if outage is None:
                raise
            logger.warning("a delivery cannot be kept now: %s", outage.todo)
            database.close_if_unusable_or_obsolete()
            return HttpResponse(status=503, headers={"Retry-After": str(outage.after_seconds)})

    return answered


@csrf_exempt  # no browser and no session: the signature says who sent it
@require_POST
@_kept_or_unavailable
def of_connection(request: HttpRequest, platform: str, connection: UUID) -> HttpResponse:
    """A delivery to the address of one connection."""
    found = deliveries.declared_by(platform)
    addressed = deliveries.addressed(found[0], connection) if found else None
    if found is None or addressed is None:
        return HttpResponse(status=404)
    return _taken(request, platform, addressed)


@csrf_exempt
@require_POST
@_kept_or_unavailable
def of_app(request: HttpRequest, platform: str) -> HttpResponse:
    """A delivery to the one address that a platform has for all merchants of our app."""
    found = deliveries.declared_by(platform)
    if found is None or found[1].facts.account is None:
        return HttpResponse(status=404)
    return _taken(request, platform, None)


def _taken(request: HttpRequest, slug: str, connection: Connection | None) -> HttpResponse:
    body = _body(request)
    found = deliveries.declared_by(slug)
    if body is None or found is None:
        return HttpResponse(status=413)
    platform, declared = found
    headers = {name.lower(): value for name, value in request.headers.items()}
    arrived, at = Arrived(_address(request, connection), headers, body), now()
    if is_greeting(declared, arrived):
        return HttpResponse(status=200)
    try:
        deliveries.believe(platform, declared, arrived, connection, at)
    except BadSignature as reason:
        logger.warning("a delivery to %s is not believed: %s", request.path, reason)
        return HttpResponse(status=401)
    faultpoints.reached("after_verify")
    concerned = [connection] if connection is not None else deliveries.concerned(platform, declared, arrived)
    for each in concerned:
        take_delivery(connection=each, declared=declared, arrived=arrived, at=at)
    faultpoints.reached("before_200")
    # 200 also for a seller whom nobody here knows (any more): the platform would switch the whole address off.
    return HttpResponse(status=200)


def _body(request: HttpRequest) -> bytes | None:
    """The raw body, None when it is larger than any delivery."""
    said = request.headers.get("Content-Length", "0")
    if not (said.isascii() and said.isdigit() and len(said) < 10) or int(said) > MOST_BYTES:
        return None
    body = request.read(MOST_BYTES + 1)
    return body if len(body) <= MOST_BYTES else None


def _address(request: HttpRequest, connection: Connection | None) -> str:
    """The address as it is registered at the platform, which may not be the one that a proxy passes on."""
    own = connection.settings.get("webhook_url") if connection is not None else None
    public = getattr(settings, "COMMERCE_SYNC_PUBLIC_URL", "")
    return str(own) if own else f"{public}{request.path}" if public else request.build_absolute_uri(request.path)
