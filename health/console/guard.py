"""What stands before every page of the console: how long a log-in lasts, the second factor, the password once more,
and headers that let a browser load nothing that is not ours and keep no copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode

from health.console import second_factor, sessions
from health.console.confirming import ask_first, needs_confirming
from health.console.second_factor_pages import PAGES

# unfold's Alpine evaluates what stands in attributes, and its pages set styles in elements (decision 0035).
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def is_console(request: HttpRequest) -> bool:
    """Whether the address is one of the console's."""
    return request.path.startswith(f"/{settings.COMMERCE_SYNC_ADMIN_PATH}/")


class ConsoleMiddleware:
    """Comes after those of sessions, people and second factors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The log-in is looked at wherever somebody is logged in, the rest only at the console."""
        why, at_console = sessions.keep(request), is_console(request)
        response = _stopped(request, why) if at_console else None
        response = response or self._get_response(request)
        if at_console:
            _head(response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Pages of people and keys wait for the password."""
        name = request.resolver_match.url_name if request.resolver_match else ""
        if not is_console(request) or not request.user.is_authenticated:
            return None
        return ask_first(request) if needs_confirming(request, name or "") else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """So do the acts that say so themselves."""
        return ask_first(request) if isinstance(error, sessions.NotConfirmed) else None


def _stopped(request: HttpRequest, why: str) -> HttpResponse | None:
    """An answer instead of the page; None when the page may be shown."""
    asked = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("admin:index")
    if why:
        return redirect(f"{reverse('admin:login')}?{urlencode({'ended': why, 'next': asked})}")
    try:
        name = resolve(request.path_info).url_name
    except Resolver404:
        name = ""
    if name not in PAGES and second_factor.is_missing(request):
        return redirect(f"{reverse('admin:console-second-factor')}?{urlencode({'next': asked})}")
    return None


def _head(response: HttpResponse) -> None:
    response.setdefault("Content-Security-Policy", POLICY)
    response["Cache-Control"] = "no-store"
    # With no referrer at all browsers would name the origin of a form "null", and it could not be checked.
    response["Referrer-Policy"] = "same-origin"
    response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
    response["X-Robots-Tag"] = "noindex, nofollow"
