"""What every answer of this site has, whatever answers: a page, the API, a file, a redirect, an error of Django's.

A view that says something of its own for itself (the merchant's pages, the console, pictures) is left as it is: what
stands here is the strictest that an answer can have which needs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from commerce_sync.flow.errors import bad_request
from commerce_sync.unstorable import is_unstorable

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # What may be kept says so itself.
    "Cache-Control": "no-store",
}


class EveryAnswerMiddleware:
    """Comes before whatever may answer. Methods that nothing here has (TRACE, and made-up ones) end here: views that
    only tell POST from the rest would take them for GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with the headers that it does not have yet."""
        known = request.method in METHODS
        response = self._get_response(request) if known else HttpResponseNotAllowed(METHODS)
        for name, value in _ALWAYS.items():
            response.setdefault(name, value)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What cannot be stored is a bad request, wherever it was found out; whatever else went wrong is not."""
        return bad_request(request, exception) if is_unstorable(exception) else None
