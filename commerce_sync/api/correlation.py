"""One id per request, on its answer and on every line that is logged meanwhile, so that they can be found together."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Correlation-Id"
_PROPER: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_current: ContextVar[str] = ContextVar("correlation", default="")


def current() -> str:
    """The id of the request that is being answered, "" outside of requests."""
    return _current.get()


class CorrelationMiddleware:
    """Takes the caller's id when it is a proper one, else makes one; puts it on the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.headers.get(HEADER, "")
        correlation = said if _PROPER.fullmatch(said) else uuid4().hex
        token = _current.set(correlation)
        try:
            response = self._get_response(request)
        finally:
            _current.reset(token)
        response[HEADER] = correlation
        return response


class CorrelationFilter(logging.Filter):
    """Puts the id on log records as ``correlation``."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation = _current.get() or "-"
        return True
