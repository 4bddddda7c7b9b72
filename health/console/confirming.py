"""The password once more, before people and keys are touched: an unlocked screen is not enough for that."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from commerce_sync.onward import path_or
from health.console.log_in import NotLetIn, confirm
from health.console.page import Console, console_page
from health.console.sessions import is_confirmed, note_confirmed
from ledger.services import audit

# The beginnings of the names of the admin's own pages of people and keys, and the ends of those where nothing is sent.
_PEOPLE: Final = ("health_member_",)
_KEYS: Final = ("commerce_sync_apikey_",)
_ONLY_LOOKS: Final = ("_changelist", "_history")


def needs_confirming(request: HttpRequest, name: str) -> bool:
    """Whether this page of the admin, by the name of its address, waits for the password. A form waits when it is
    opened, so that nobody fills it in vain."""
    looks = request.method in ("GET", "HEAD")
    asked = name.startswith(_PEOPLE) and not (looks and name.endswith(_ONLY_LOOKS))
    asked = asked or (name.startswith(_KEYS) and not looks)
    return asked and not is_confirmed(request)


def ask_first(request: HttpRequest) -> HttpResponseRedirect:
    """To the question, and from there back to the page; nothing has been done yet."""
    back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    return redirect(f"{reverse('admin:console-confirm')}?{urlencode({'next': back})}")


@console_page("ledger.view_company")
def confirm_page(console: Console) -> HttpResponse:
    """Asks for the password, and leads on to where the person was going."""
    request = console.request
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    onward = path_or(wanted, reverse("admin:index"))
    said = ""
    if request.method == "POST":
        try:
            confirm(request, request.POST.get("password", ""))
        except NotLetIn as refused:
            said = str(refused)
        else:
            note_confirmed(request)
            audit(code="login.confirmed", actor=console.actor, subject=request.user.get_username())
            return redirect(onward)
    context = {"title": "Your password, please", "next": onward, "said": said}
    return console.shown("console/confirm.html", context, status=400 if said else 200)
