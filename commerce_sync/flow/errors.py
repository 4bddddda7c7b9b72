"""What merchants see where something is not there, or goes wrong: our own pages, in their language. Everything else of
the site keeps Django's."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.csrf import csrf_failure

from commerce_sync.flow.merchant import look_before
from commerce_sync.flow.page import page
from commerce_sync.outage import Outage, outage_of

logger = logging.getLogger(__name__)
_OURS: Final = ("/flow", "/link/", "/oauth/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that no page of ours sends."""
    return _wrong(request, 400) if _is_ours(request) else defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Something that nobody may do."""
    return _not_here(request) if _is_ours(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page."""
    return _not_here(request) if _is_ours(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A mistake of ours, or an outage of the database (503, and when to come again).

    The page needs neither the database nor the session: they may be what is broken.
    """
    if outage := outage_of(sys.exc_info()[1]):
        return _closed(request, outage)
    return _wrong(request, 500) if _is_ours(request) else defaults.server_error(request)


def not_ours(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is not, or no longer, of the pages that this browser has open (CSRF)."""
    return _form_too_old(request) if _is_ours(request) else csrf_failure(request, reason)


@page
def _not_here(request: HttpRequest) -> HttpResponse:
    return render(request, "flow/missing.html", {"look": look_before(request)}, status=404)


@page
def _form_too_old(request: HttpRequest) -> HttpResponse:
    words = {
        "title": _("This page is no longer up to date"),
        "sentence": _("Nothing was saved. These pages were opened again meanwhile, perhaps in another window."),
        "todo": _("Go back, load the page again, and send it once more."),
    }
    return _said(request, {**words, "look": look_before(request)}, 403)


@page
def _wrong(request: HttpRequest, status: int) -> HttpResponse:
    words = {
        "title": _("Something went wrong"),
        "sentence": _("It is not your fault, and nothing that was saved is lost."),
        "todo": _("Try again in a few minutes. If it happens again, tell the people who support you when it was."),
    }
    return _said(request, words, status)


def _closed(request: HttpRequest, outage: Outage) -> HttpResponse:
    logger.error("%s %s", outage.said, outage.todo)
    if _is_ours(request):
        response = _wrong(request, 503)
    else:
        words = f"{outage.said} Nothing that was saved is lost. Try again in {outage.after_seconds} seconds."
        response = HttpResponse(words, status=503, content_type="text/plain; charset=utf-8")
    response["Retry-After"] = str(outage.after_seconds)
    return response


def _said(request: HttpRequest, words: dict[str, Any], status: int) -> HttpResponse:
    return render(request, "flow/wrong.html", words, status=status)


def _is_ours(request: HttpRequest) -> bool:
    return request.path.startswith(_OURS)
