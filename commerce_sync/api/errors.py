"""What goes wrong at the API, as data, and the one published body in which it is said."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from typing import Final

from django.http import Http404, HttpResponse
from msgspec import UNSET, UnsetType
from rest_framework import exceptions

from commerce_sync import correlation
from commerce_sync.api.shape import Shape, encode
from commerce_sync.outage import Outage, outage_of

logger = logging.getLogger(__name__)

SERVICE: Final = "CommerceSync"
JSON: Final = "application/json"


class ErrorItem(Shape):
    """One thing that is wrong with a request; ``item_id`` is the path of the field."""

    item_id: str | None = None
    message: str | None = None
    validator_name: str | None = None


class ErrorItems(Shape):
    """All that is wrong with a request."""

    errors: list[ErrorItem] | None = None
    warnings: list[ErrorItem] | None = None


class ErrorMessage(Shape):
    """The published body of every answer that is not a success."""

    status_code: int
    service: str
    error: str
    correlation_id: str
    can_be_retried: str
    detailed_error_code: int
    validation: ErrorItems | None | UnsetType = UNSET


class ApiError(Exception):
    """An answer that is not a success. ``items`` are (field, message); ``retry`` None: we cannot know."""

    def __init__(
        self,
        status: int,
        error: str,
        *,
        items: Iterable[tuple[str, str]] = (),
        retry: bool | None = False,
        code: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.error, self.items = status, error, tuple(items)
        self.retry, self.code, self.headers = retry, code, dict(headers or {})
        super().__init__(error)


def invalid(error: str, *items: tuple[str, str]) -> ApiError:
    """400: the request cannot be carried out as it is; ``items`` name the fields."""
    return ApiError(400, error, items=items)


def missing(what: str, identity: object) -> ApiError:
    """404. What belongs to another partner is answered in the very same words as what does not exist."""
    return ApiError(404, f"No {what} was found with ID {identity}")


def conflict(error: str, *, code: int = 0, retry: bool | None = False) -> ApiError:
    """409: it contradicts the present state."""
    return ApiError(409, error, code=code, retry=retry)


_RETRY: Final = {True: "True", False: "False", None: "Unknown"}


def error_answer(error: ApiError) -> HttpResponse:
    """The published answer."""
    found = [ErrorItem(item_id=field or None, message=message, validator_name=None) for field, message in error.items]
    body = ErrorMessage(
        status_code=error.status,
        service=SERVICE,
        error=error.error,
        correlation_id=correlation.current(),
        can_be_retried=_RETRY[error.retry],
        detailed_error_code=error.code,
        validation=ErrorItems(errors=found, warnings=[]) if found else UNSET,
    )
    return HttpResponse(encode(body), status=error.status, content_type=JSON, headers=error.headers)


def as_api_error(error: Exception) -> ApiError:
    """What an exception is at the API. One that nobody foresaw is logged whole and told as 500 without its words."""
    match error:
        case ApiError():
            return error
        case exceptions.Throttled():
            wait = max(1, math.ceil(getattr(error, "wait", None) or 1))
            words = f"Too many requests with this key. Try again in {wait} seconds."
            return ApiError(429, words, retry=True, headers={"Retry-After": str(wait)})
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return ApiError(401, str(error.detail), headers={"WWW-Authenticate": 'Basic realm="API key"'})
        case exceptions.MethodNotAllowed():
            return ApiError(405, str(error.detail))
        case exceptions.APIException():
            return ApiError(error.status_code, str(error.detail))
        case Http404():
            return ApiError(404, "There is nothing at this address.")
    if outage := outage_of(error):
        logger.error("%s %s (%s)", outage.said, outage.todo, type(error).__name__)
        return _unavailable(outage)
    logger.exception("a request failed", exc_info=error)
    words = "An error of ours, which has been noted with this correlation id. Nothing was changed; try again later."
    return ApiError(500, words, retry=True)


def _unavailable(outage: Outage) -> ApiError:
    """503. Whether a change was made may be unknown (the answer to its commit can be lost), so none is said to be."""
    again = f"Send the same request again in {outage.after_seconds} seconds"
    words = f"{outage.said} {again}; a POST with its Idempotency-Key is carried out once."
    return ApiError(503, words, retry=True, headers={"Retry-After": str(outage.after_seconds)})
