"""What every page of the merchant's has: the reader's language, nothing that is not ours, no copy kept, no frame, no
trace in an address."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from commerce_sync.flow.locales import LANGUAGES, locale_of

P = ParamSpec("P")
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view whose every answer has the headers of these pages."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        with translation.override(LANGUAGES[locale_of(request)]):
            response = view(request, *args, **kwargs)
            if isinstance(response, HttpResponseNotAllowed):
                response.content = _only_by_its_form(request)
        response.setdefault("Content-Security-Policy", _POLICY)
        response["Content-Language"] = locale_of(request)
        response["Vary"] = "Accept-Language, Cookie"
        response["Cache-Control"] = "no-store"
        # With no referrer at all browsers would name the origin of a form "null", and it could not be checked.
        response.setdefault("Referrer-Policy", "same-origin")
        response["X-Frame-Options"] = "DENY"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


def unreferred(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page in whose address is a secret: nobody is told it, not even our own next page."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response

    return guarded


def _only_by_its_form(request: HttpRequest) -> str:
    """Somebody came by a bookmark, or loaded again what a form had sent: the way back, instead of an empty page."""
    words = {
        "title": _("There is nothing to see here"),
        "sentence": _("This address only takes what a form sends. Nothing was changed."),
        "todo": _("Go on from the overview."),
    }
    return render_to_string("flow/wrong.html", words, request)
