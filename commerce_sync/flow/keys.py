"""Where a merchant's own server posts the key that it made for us (`connectors.handover`)."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from commerce_sync.flow.connecting import ACTOR
from connectors import handover, registry
from connectors.authorization import BadAuthorization
from connectors.errors import BadCallback, Failure
from connectors.services import AlreadyLinked

logger = logging.getLogger(__name__)


@csrf_exempt  # no browser and no session: the signed state says for which connection the key is
@require_POST
def keys(request: HttpRequest, platform: str) -> HttpResponse:
    """200 when the key is kept, and only then: a shop deletes the key again that it could not hand over."""
    known = registry.named(platform)
    said = request.headers.get("Content-Length", "0")
    if known is None or not said.isdigit() or int(said) > handover.LONGEST_BODY:
        return HttpResponse(status=404 if known is None else 413)
    body = request.read(handover.LONGEST_BODY + 1)
    try:
        handover.take(known, body, actor=ACTOR)
    except BadCallback as reason:
        logger.warning("a key for %s was not taken: %s", known.name, reason)
        return HttpResponse(status=401)
    except (BadAuthorization, AlreadyLinked, Failure) as reason:
        logger.warning("a key for %s was not taken: %s", known.name, type(reason).__name__)
        return HttpResponse(status=400)
    return HttpResponse(status=200)
