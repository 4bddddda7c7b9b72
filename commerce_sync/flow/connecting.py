"""Connecting a platform from the merchant's pages: by consent in the browser, or by keys that the merchant types in."""

from __future__ import annotations

import logging
from typing import Any, Final
from uuid import UUID

import msgspec
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commerce_sync.flow.merchant import Merchant, again, merchant_page, shown
from connectors import consent, handover
from connectors.authorization import BadAuthorization, secret_fields, setting_names
from connectors.authorizing import authorize
from connectors.declare import Asked
from connectors.errors import BadCallback, Failure, MisconfiguredPlatform
from connectors.models import Connection
from connectors.platform import Platform
from connectors.services import AlreadyLinked, platform_of

logger = logging.getLogger(__name__)

_KEPT: Final = "flow_consents"
MOST_KEPT: Final = 5  # ways begun in one session: two tabs, and some that were given up
ACTOR: Final = "merchant"


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, merchant: Merchant, connection_id: UUID) -> HttpResponse:
    """The page of one connection: on to the platform's consent, or the fields that its access needs."""
    row = Connection.objects.filter(company=merchant.company, public_id=connection_id).first()
    if row is None:
        return again(request)
    row.company = merchant.company
    platform = platform_of(row)
    if request.method == "POST":
        return _given(request, merchant, row, platform)
    if consent.asks_consent(row) and not _asked(row, platform):
        return _sent(request, merchant, row, {})
    return _form(request, merchant, row, platform)


@merchant_page
@require_safe
def callback(request: HttpRequest, merchant: Merchant, platform: str) -> HttpResponse:
    """Back from the platform's consent: the code is exchanged, once, for the connection that the way was begun for."""
    begun = _used_up(request, request.GET.get("state", ""))
    if begun is None:
        return again(request)
    found = msgspec.convert(begun, consent.Consent)
    row = Connection.objects.select_related("company").filter(pk=found.connection_id).first()
    if row is None or row.company_id != merchant.company.pk or platform_of(row).slug != platform:
        return again(request)
    try:
        consent.finish(found, {name: request.GET[name] for name in request.GET}, actor=ACTOR)
    except BadCallback:
        return _failed(request, merchant, row, _("The connection was not completed."), 400)
    except BadAuthorization as error:
        return _failed(request, merchant, row, " ".join(sentence for _, sentence in error.items), 400)
    except (AlreadyLinked, Failure) as error:
        return _failed(request, merchant, row, _sentence(error, platform_of(row)), 409)
    return redirect("flow")


def _used_up(request: HttpRequest, state: str) -> Any:
    """The way that was begun under ``state``; None when there is none, or it was used. Before anything else happens: of
    two returns at once, as after a double click, one gets it, for platforms take back what a code gave that is shown
    twice."""
    with transaction.atomic():
        list(Session.objects.select_for_update().filter(pk=request.session.session_key))
        stored = type(request.session)(request.session.session_key)
        kept: dict[str, Any] = stored.get(_KEPT, {})
        begun = kept.pop(state, None)
        if begun is not None:
            stored[_KEPT] = kept
            stored.save()
    request.session[_KEPT] = kept
    return begun


def _given(request: HttpRequest, merchant: Merchant, row: Connection, platform: Platform) -> HttpResponse:
    """The form was sent: the access is stored, or the way to the consent is shown."""
    fields = {
        name: request.POST[name].strip() for name, _label, _secret in _fields(row, platform) if request.POST.get(name)
    }
    if consent.asks_consent(row):
        return _sent(request, merchant, row, fields)
    if "handover" in request.POST:
        return _handed_over(request, merchant, row, platform, fields)
    try:
        authorize(connection=row, secrets=fields, actor=ACTOR)
    except BadAuthorization as error:
        return _form(request, merchant, row, platform, dict(error.items))
    except (AlreadyLinked, Failure) as error:
        return _failed(request, merchant, row, _sentence(error, platform), 409)
    return redirect("flow")


def _sent(request: HttpRequest, merchant: Merchant, row: Connection, fields: dict[str, str]) -> HttpResponse:
    """On to the platform. After a form by a link: browsers hold a form's redirects to this site."""
    try:
        begun = consent.begin(row, fields)
    except BadAuthorization as error:
        return _form(request, merchant, row, platform_of(row), dict(error.items))
    except Failure as error:
        return _failed(request, merchant, row, _sentence(error, platform_of(row)), 409)
    kept = list(request.session.get(_KEPT, {}).items())[-(MOST_KEPT - 1) :]
    request.session[_KEPT] = {**dict(kept), begun.state: msgspec.to_builtins(begun.consent)}
    if request.method == "POST":
        return shown(
            request, merchant, "flow/onward.html", {"address": begun.address, "name": _(platform_of(row).name)}
        )
    return redirect(begun.address)


def _handed_over(
    request: HttpRequest, merchant: Merchant, row: Connection, platform: Platform, fields: dict[str, str]
) -> HttpResponse:
    """On to the page of the merchant's own server that makes a key and posts it to us (`commerce_sync.flow.keys`)."""
    try:
        address = handover.begin(row, fields, app=merchant.brand_name)
    except BadAuthorization as error:
        return _form(request, merchant, row, platform, dict(error.items))
    except Failure as error:
        return _failed(request, merchant, row, _sentence(error, platform), 409)
    return shown(request, merchant, "flow/onward.html", {"address": address, "name": _(platform.name)})


def _form(
    request: HttpRequest,
    merchant: Merchant,
    row: Connection,
    platform: Platform,
    problems: dict[str, str] | None = None,
) -> HttpResponse:
    problems = problems or {}
    fields = [
        {
            "name": name,
            "label": _(asked.label),
            "where": _(asked.where) if asked.where else "",
            "secret": secret,
            "problem": problems.get(name, ""),
            "value": "" if secret else request.POST.get(name, ""),
        }
        for name, asked, secret in _fields(row, platform)
    ]
    others = [sentence for name, sentence in problems.items() if name not in {field["name"] for field in fields}]
    hands_over = handover.handover_of(platform) is not None
    context = {"name": _(platform.name), "fields": fields, "others": others, "hands_over": hands_over}
    return shown(request, merchant, "flow/connect.html", context, status=400 if problems else 200)


def _fields(row: Connection, platform: Platform) -> list[tuple[str, Asked, bool]]:
    """(name, what it is, whether it is a secret) of what has to be typed in."""
    found = [(name, Asked(label), False) for name, label in _asked(row, platform).items()]
    secrets = {} if consent.asks_consent(row) else secret_fields(platform.auth)
    return found + [(name, asked, True) for name, asked in secrets.items()]


def _asked(row: Connection, platform: Platform) -> dict[str, str]:
    """The settings that the platform's addresses need and that are not known yet."""
    needed = () if platform.local else platform.hosts.settings_needed
    names = setting_names(platform)
    return {name: names[name] for name in needed if not row.settings.get(name)}


def _failed(request: HttpRequest, merchant: Merchant, row: Connection, sentence: str, status: int) -> HttpResponse:
    context = {"sentence": sentence, "connection": row, "name": _(platform_of(row).name)}
    return shown(request, merchant, "flow/failed.html", context, status=status)


def _sentence(error: Exception, platform: Platform) -> str:
    """What went wrong, for the merchant; what only the operator can mend is logged in its own words."""
    if isinstance(error, AlreadyLinked):
        return str(error)
    if isinstance(error, MisconfiguredPlatform):
        logger.error("%s cannot be connected: %s", platform.name, error)
        words = _("%(name)s cannot be connected here at the moment. The people who run this have been told.")
        return words % {"name": _(platform.name)}
    return _("%(name)s did not answer as it should. Try again in a few minutes.") % {"name": _(platform.name)}
