"""What an answer, or the lack of one, means: the judgment of the door. No clock, no network, no database."""

from __future__ import annotations

from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Final, NamedTuple

import requests
import urllib3

from connectors import errors
from connectors.errors import Failure, UnknownOutcome
from connectors.platform import Platform
from connectors.redact import redact
from connectors.transport import BodyTooLarge
from connectors.wire import Response, retry_after

ANNOUNCED: Final = "announced:"
# What may come out of the sockets; a Failure raised below (a private address) is none of these and passes
# through.
LOST: Final = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)
_OUR_MISTAKES: Final = (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)
_CUT_SHORT: Final = (urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError)


def of_loss(error: Exception, *, write_left: bool) -> Failure:
    """No complete answer: what it means depends on whether bytes of a write may have left."""
    detail = f"{type(error).__name__}: {error}"
    if write_left:
        return UnknownOutcome(detail)
    if isinstance(error, _OUR_MISTAKES):
        return errors.MisconfiguredPlatform(detail)
    if isinstance(error, BodyTooLarge):
        return errors.BadAnswer(detail)
    return errors.CutAnswer(detail) if isinstance(error, _CUT_SHORT) else errors.PlatformDown(detail)


def of_answer(platform: Platform, response: Response) -> Failure | None:
    """What a complete answer means.

    None: success. The platform's own words come before the table of statuses.
    """
    if response.ok:
        return _page_for_people(response) or platform.complaint(response)
    understood = 400 <= response.status < 500 and response.status != 401
    refusal = platform.refusal(response) if understood else None
    return refusal or errors.failure_of(response.status, response.sample, write=response.write)


def of_token_answer(response: Response) -> Failure | None:
    """A refusal by a token endpoint is left to `auth.read_tokens`.

    No text goes into an error: it may hold tokens.
    """
    if response.status in (400, 401, 403):
        return None
    return errors.failure_of(response.status, "", write=False)


def announced(platform: Platform, response: Response | None) -> str:
    """What a good answer says of the end of what was asked (`ANNOUNCED` before it); "" for nothing."""
    headers = response.headers if response else {}
    said = [f"{name}: {headers[name]}" for name in platform.announces if headers.get(name)]
    return redact(f"{ANNOUNCED} {'; '.join(said)}") if said else ""


class Pause(NamedTuple):
    """How long a platform asks us to stay away, whether it refused for that reason, and whether it asks that of all our
    connections."""

    length: timedelta
    is_refused: bool
    is_for_all: bool = False


def asked_pause(platform: Platform, response: Response, now: datetime) -> Pause | None:
    """How long the platform asks us to stay away.

    By 429, by 503 with a time unless it was a write, or in the platform's own words. A 429 is an answer of the
    gatekeeper: nothing was carried out. A 503 may come from behind the gate.
    """
    if response.ok:
        length, is_refused = platform.breath(response)
        return None if length is None else Pause(length, is_refused)
    header = response.headers.get("retry-after")
    if response.status == 429:
        usual, is_for_all = platform.too_many(response)
        return Pause(usual if usual and header is None else retry_after(header, now), True, is_for_all)
    if response.status == 503 and header is not None and not response.write:
        return Pause(retry_after(header, now), True)
    return None


def _page_for_people(response: Response) -> Failure | None:
    """An HTML page with status 200 is a proxy's or a log-in page: the platform itself has not answered."""
    if not response.headers.get("content-type", "").lower().startswith("text/html"):
        return None
    failure = UnknownOutcome if response.write else errors.BadAnswer
    return failure(f"a web page came instead of data: {response.sample}", status=response.status)
