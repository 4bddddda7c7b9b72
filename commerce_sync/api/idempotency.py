"""A POST with an ``Idempotency-Key`` is carried out once, however often it is sent.

The answer is stored in the transaction of what was done: both are there or neither. A second request with the same key
waits for the first and gets its answer; the same key for another request is refused. A refusal that says to try again
is not stored, nor is an error of ours. Keys are a partner's own and are kept for `KEPT`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from commerce_sync.api.errors import JSON, ApiError, conflict, error_answer, invalid
from commerce_sync.models import StoredAnswer
from commerce_sync.outage import is_lock_timeout
from ledger import sql
from ledger.models import Partner
from ledger.services import now

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
KEPT: Final = timedelta(hours=24)
_PROPER: Final = re.compile(r"[\x21-\x7e]{1,255}")
_BEGIN: Final = """
    INSERT INTO commerce_sync_storedanswer (partner_id, key, request_sha256, created_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (partner_id, key) DO NOTHING
"""


def once(partner: Partner, request: HttpRequest, carry_out: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer to ``request``: of ``carry_out``, or of the first request with its key. Raises `ApiError`."""
    key = request.headers.get(HEADER)
    if key is None:
        return carry_out()
    if not _PROPER.fullmatch(key):
        raise invalid(f"{HEADER} must be 1 to 255 visible ASCII characters.", (HEADER, "not a proper key"))
    asked = _digest(request)
    StoredAnswer.objects.filter(partner=partner, key=key, created_at__lt=now() - KEPT).delete()
    try:
        with transaction.atomic():
            if sql.execute(_BEGIN, (partner.pk, key, asked, now())):
                return _carried_out(partner, key, carry_out)
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        raise conflict("The first request with this key is still being carried out.", retry=True) from None
    return _replayed(partner, key, asked)


def _carried_out(partner: Partner, key: str, carry_out: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        with transaction.atomic():
            response = carry_out()
    except ApiError as error:
        response = error_answer(error)
        if error.retry:  # to be asked again as it is: a stored refusal would outlast its cause
            transaction.set_rollback(True)
            return response
    assert isinstance(response, HttpResponse)  # noqa: S101  # views here answer whole bodies, never streams
    if response.status_code >= 500:
        transaction.set_rollback(True)
        return response
    StoredAnswer.objects.filter(partner=partner, key=key).update(status=response.status_code, body=response.content)
    return response


def _replayed(partner: Partner, key: str, asked: bytes) -> HttpResponse:
    stored = StoredAnswer.objects.filter(partner=partner, key=key).first()
    if stored is None or stored.status is None or stored.body is None:
        raise conflict("The first request with this key is still being carried out.", retry=True)
    if bytes(stored.request_sha256) != asked:
        words = f"This {HEADER} was used for another request. Use a new key for each new thing to do."
        raise invalid(words, (HEADER, "used for another request"))
    response = HttpResponse(bytes(stored.body), status=stored.status, content_type=JSON)
    response[REPLAYED] = "true"
    return response


def _digest(request: HttpRequest) -> bytes:
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + request.body).digest()


def forget_old_answers() -> int:
    """Delete what is no longer kept; how many."""
    return StoredAnswer.objects.filter(created_at__lt=now() - KEPT).delete()[0]
