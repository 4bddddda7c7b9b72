"""One id per request or run, on its answer and on every line that is logged meanwhile, so that they are found together.

A request's is the caller's or made here; a run's is the id of its sync, which keeps that of the request that asked.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Correlation-Id"
_PROPER: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_current: ContextVar[str] = ContextVar("correlation", default="")
_about: ContextVar[dict[str, str]] = ContextVar("about", default={})  # noqa: B039  # replaced, never changed


def current() -> str:
    """The id of the request that is being answered, or of the run that is under way; "" when neither is."""
    return _current.get()


@contextmanager
def of(correlation: str, **about: object) -> Iterator[None]:
    """Within this, `current` is ``correlation``, and the log tells what it is ``about`` (company, sync)."""
    token, former = _current.set(correlation), _about.set({name: str(said) for name, said in about.items()})
    try:
        yield
    finally:
        _current.reset(token)
        _about.reset(former)


def about(**facts: object) -> None:
    """From here to the end of the request or run the log tells this as well (company, sync)."""
    _about.set(_about.get() | {name: str(said) for name, said in facts.items()})


class CorrelationMiddleware:
    """Takes the caller's id when it is a proper one, else makes one; puts it on the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.headers.get(HEADER, "")
        correlation = said if _PROPER.fullmatch(said) else uuid4().hex
        with of(correlation):
            response = self._get_response(request)
        response[HEADER] = correlation
        return response


class CorrelationFilter(logging.Filter):
    """Puts the id on log records as ``correlation``, and what it is about as ``company`` and ``sync``."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation = _current.get() or "-"
        for name in ("company", "sync"):
            if not hasattr(record, name):
                setattr(record, name, _about.get().get(name, ""))
        return True
