"""The pages of the second factor: asked for after the password, set up, and taken away by the person it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, Final

import segno
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from commerce_sync.onward import path_or
from health.console import second_factor
from health.console.log_in import NotLetIn, is_of_the_console
from health.console.page import Console, console_page
from health.console.sessions import NotConfirmed, is_confirmed

PAGES: Final = ("console-second-factor", "console-second-factor-setup", "console-second-factor-picture", "logout")


def _half_in(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """For whoever has said the password, with or without the second factor."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("admin:login")
        if not is_of_the_console(request.user):
            raise PermissionDenied
        return view(request)

    return csrf_protect(guarded)


@_half_in
def ask_page(request: HttpRequest) -> HttpResponse:
    """Asks for the number of the app."""
    device = second_factor.of(request.user)  # type: ignore[arg-type]  # whoever comes here is logged in
    if device is None:
        return redirect("admin:console-second-factor-setup")
    said, onward = "", _onward(request)
    if request.method == "POST":
        try:
            second_factor.show(request, request.POST.get("number", ""))
            return redirect(onward)
        except NotLetIn as refused:
            said = str(refused)
    return _shown(request, "console/second_factor.html", {"title": "Second factor", "said": said, "next": onward})


@_half_in
def set_up_page(request: HttpRequest) -> HttpResponse:
    """Shows the secret, and takes the first number; then shows the codes, once."""
    said = ""
    try:
        device = second_factor.draft(request.user)  # type: ignore[arg-type]  # whoever comes here is logged in
    except NotLetIn:
        return redirect("admin:console-second-factor-own")
    if request.method == "POST":
        try:
            codes = second_factor.set_up(request, request.POST.get("number", ""))
            context = {"title": "Codes for when the app is lost", "codes": codes, "next": reverse("admin:index")}
            return _shown(request, "console/second_factor_codes.html", context)
        except NotLetIn as refused:
            said = str(refused)
    secret = second_factor.secret_of(device)
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    context = {"title": "Set up a second factor", "secret": groups, "said": said}
    return _shown(request, "console/second_factor_setup.html", context)


@_half_in
def picture(request: HttpRequest) -> HttpResponse:
    """The secret as a QR code, for as long as it is not confirmed."""
    try:
        device = second_factor.draft(request.user)  # type: ignore[arg-type]  # whoever comes here is logged in
    except NotLetIn:
        raise Http404 from None
    out = BytesIO()
    segno.make(second_factor.address_of(device), error="m").save(out, kind="svg", scale=6, border=4, light="#fff")
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


@console_page("ledger.view_company")
def own_page(console: Console) -> HttpResponse:
    """The person's own second factor: whether there is one, and how many codes are left."""
    device = second_factor.of(console.request.user)  # type: ignore[arg-type]  # whoever comes here is logged in
    context: dict[str, Any] = {
        "title": "Your second factor", "device": device, "left": len(device.recovery) if device else 0,
        "required": settings.COMMERCE_SYNC_STAFF_SECOND_FACTOR,
    }  # fmt: skip
    return console.shown("console/second_factor_own.html", context)


@console_page("ledger.view_company")
def _remove_own(console: Console) -> HttpResponse:
    """Takes it away, after the password; where one is required the next page asks to set up another."""
    if not is_confirmed(console.request):
        raise NotConfirmed
    user: Any = console.request.user
    if second_factor.remove(user=user, actor=console.actor, why="by the person"):
        messages.success(console.request, "Your second factor is removed.")
    return redirect("admin:console-second-factor-own")


remove_own = require_POST(_remove_own)


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return path_or(wanted, reverse("admin:index"))


def _shown(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    frame = admin.site.each_context(request)
    status = 400 if context.get("said") else 200
    return TemplateResponse(request, template, {**frame, **context}, status=status)
