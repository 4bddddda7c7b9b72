"""The console's pages of what a partner has its merchants read and see: texts, visible accounts, origins."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.http import urlencode

from commerce_sync import account_keys
from commerce_sync.branding_form import LONGEST_REASON
from commerce_sync.flow.locales import NAMES
from commerce_sync.flow_settings import BadTexts, change_texts, choose_visible_keys, visible_keys
from commerce_sync.flow_texts import REQUIRED, defaults
from commerce_sync.models import FlowText, RegisteredOrigin
from commerce_sync.origins import OriginInUse, TooManyOrigins, register_origin, remove_origin
from connectors import registry
from connectors.addresses import BadAddress
from ledger.models import Partner


def texts_page(request: HttpRequest, partner: Partner, context: dict[str, Any]) -> HttpResponse:
    """Every text in one locale: ours, and the partner's own beside it."""
    locale = request.GET.get("locale", "")
    locale = locale if locale in NAMES else next(iter(NAMES))
    own = dict(FlowText.objects.filter(partner=partner, locale=locale).values_list("key", "text"))
    refused: dict[str, str] = {}
    problem, why = _reason(request)
    if request.method == "POST":
        wanted = {key: _wanted(request, key) for key in defaults(locale)}
        changes = {key: text for key, text in wanted.items() if text != own.get(key)}
        try:
            if not problem:
                by = {"actor": request.user.get_username(), "why": why}
                change_texts(partner=partner, locale=locale, changes=changes, **by)
        except BadTexts as error:
            refused = dict(error.items)
        if problem or refused:
            own = {key: text for key, text in wanted.items() if text is not None}
        else:
            messages.success(request, f"{len(changes)} texts were changed.")
            return redirect(f"{request.path}?{urlencode({'locale': locale})}")
    rows = [
        {
            "key": key,
            "ours": text,
            "own": own.get(key, ""),
            "is_hidden": own.get(key) == "",
            "required": key in REQUIRED,
            "problem": refused.get(key, ""),
        }
        for key, text in defaults(locale).items()
    ]
    said = {"title": "Texts", "rows": rows, "locale": locale, "locales": NAMES, "problem": problem, "why": why}
    return _shown(request, "texts", {**context, **said}, is_refused=bool(problem or refused))


def _reason(request: HttpRequest) -> tuple[str, str]:
    """What is wrong with the reason that a form gives, and the reason: every change is kept with one."""
    why = " ".join(request.POST.get("why", "").replace("\0", "").split())[:LONGEST_REASON]
    return ("Say why: it is kept in the audit trail." if request.method == "POST" and not why else "", why)


def _shown(request: HttpRequest, name: str, context: dict[str, Any], *, is_refused: bool) -> HttpResponse:
    return TemplateResponse(request, f"admin/branding/{name}.html", context, status=400 if is_refused else 200)


def _wanted(request: HttpRequest, key: str) -> str | None:
    """What a form wants for a text; None: ours."""
    if request.POST.get(f"hide:{key}"):
        return ""
    return request.POST.get(key, "").replace("\r\n", "\n") or None


def accounts_page(request: HttpRequest, partner: Partner, context: dict[str, Any]) -> HttpResponse:
    """Which accounts the pages ask for, for one platform."""
    platforms = {each.key: each.name for each in registry.platforms()}
    platform = request.GET.get("platform", "")
    platform = platform if platform in platforms else next(iter(platforms))
    problem, why = _reason(request)
    ticked = [key for key in account_keys.ALL if request.POST.get(key)]
    chosen = None if request.POST.get("all") else ticked
    if request.method == "POST" and not problem:
        by = {"actor": request.user.get_username(), "why": why}
        choose_visible_keys(partner=partner, platform_key=platform, keys=chosen, **by)
        messages.success(request, "It was saved.")
        return redirect(f"{request.path}?{urlencode({'platform': platform})}")
    visible = chosen if problem else visible_keys(partner, platform)
    rows = [
        {"key": key, "required": key in account_keys.REQUIRED, "shown": visible is None or key in visible}
        for key in account_keys.ALL
    ]
    said = {
        "title": "Visible accounts", "rows": rows, "platforms": platforms, "platform": platform, "all": visible is None,
        "problem": problem, "why": why,
    }  # fmt: skip
    return _shown(request, "accounts", {**context, **said}, is_refused=bool(problem))


def origins_page(request: HttpRequest, partner: Partner, context: dict[str, Any]) -> HttpResponse:
    """Where merchants may be sent back to, and where pictures may come from."""
    by, typed = {"actor": request.user.get_username()}, request.POST.get("origin", "").strip()
    problem, by["why"] = _reason(request)
    if request.method == "POST":
        if not problem:
            problem = _remove(request, partner, by) if "remove" in request.POST else _register(partner, typed, by)
        if not problem:
            messages.success(request, "It was saved.")
            return redirect(request.path)
    rows = RegisteredOrigin.objects.filter(partner=partner).order_by("origin")
    said = {"title": "Registered origins", "rows": rows, "problem": problem, "typed": typed, "why": by["why"]}
    return _shown(request, "origins", {**context, **said}, is_refused=bool(problem))


def _register(partner: Partner, text: str, by: dict[str, str]) -> str:
    try:
        register_origin(partner=partner, text=text, **by)
    except BadAddress as error:
        return str(error)
    except TooManyOrigins:
        return "There are as many as there may be. Remove one that is no longer needed."
    return ""


def _remove(request: HttpRequest, partner: Partner, by: dict[str, str]) -> str:
    said = request.POST["remove"]
    row = RegisteredOrigin.objects.filter(partner=partner, pk=int(said) if said.isdecimal() else 0).first()
    if row is None:
        return "There is no such origin any more."
    try:
        remove_origin(origin=row, **by)
    except OriginInUse as error:
        return f"The {error.field.partition('_')[0]} of the branding is there. Change the branding first."
    return ""
