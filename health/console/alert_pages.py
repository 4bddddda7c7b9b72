"""The page of one alert rule: what it would say now, whom it tells, what it has told; a test, and its end."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from health.alerts.addressees import addressees_of
from health.alerts.previewing import preview_of
from health.alerts.services import NobodyToTell, delete_rule, send_test
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from health.models import Alarm, Alert, AlertRule

MOST_SHOWN: Final = 20
VIEW: Final = "health.view_alertrule"
DELETE: Final = "health.delete_alertrule"
# A mail's styles are inside it: nothing else may come of it, wherever it is shown.
_MAIL_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; sandbox"


def rule_of(console: Console, rule_id: UUID) -> AlertRule:
    """The rule; raises Http404 for another partner's, and ours, as for one that does not exist."""
    rows = AlertRule.objects.select_related("partner")
    if console.partner_id is not None:
        rows = rows.filter(partner_id=console.partner_id)
    found = rows.filter(public_id=rule_id).first()
    if found is None:
        raise Http404("There is no such rule.")
    return found


@console_page(VIEW)
def rule_page(console: Console, rule_id: UUID) -> HttpResponse:
    """What it would say, and what it has said."""
    return _shown(console, rule_of(console, rule_id))


@console_page(VIEW)
def mail_page(console: Console, rule_id: UUID) -> HttpResponse:
    """The HTML of the mail, as mail programs show it."""
    message = preview_of(rule_of(console, rule_id))
    response = HttpResponse(message.html or message.text, content_type=f"text/{'html' if message.html else 'plain'}")
    response["Content-Security-Policy"] = _MAIL_POLICY
    return response


@console_page(Right.ALERTS)
def test_act(console: Console, rule_id: UUID) -> HttpResponse:
    """Send a test."""
    rule = rule_of(console, rule_id)
    try:
        why = console.why()
        own = getattr(console.request.user, "email", "")
        count = send_test(rule=rule, own_address=own, actor=console.actor, why=why)
    except (NoReason, NobodyToTell) as refusal:
        return _shown(console, rule, str(refusal))
    messages.success(console.request, f"{count} test message{'s are' if count > 1 else ' is'} on the way.")
    return redirect("admin:console-alert-rule", rule.public_id)


@console_page(DELETE)
def delete_act(console: Console, rule_id: UUID) -> HttpResponse:
    """Delete the rule."""
    rule = rule_of(console, rule_id)
    try:
        delete_rule(rule=rule, actor=console.actor, why=console.why())
    except NoReason as refusal:
        return _shown(console, rule, str(refusal))
    messages.success(console.request, f"The rule “{rule.name}” was deleted.")
    return redirect("admin:health_alertrule_changelist")


def _shown(console: Console, rule: AlertRule, problem: str = "") -> HttpResponse:
    alarms = Alarm.objects.filter(rule=rule, over_at__isnull=True).select_related("company").order_by("-id")
    alerts = Alert.objects.filter(rule=rule).defer("text", "html").order_by("-id")
    context: dict[str, Any] = {
        "title": rule.name,
        "rule": rule,
        "people": None if rule.audience in ("merchant", "partner") else addressees_of(rule, rule.partner_id, None),
        "preview": preview_of(rule),
        "alarms": list(alarms[:MOST_SHOWN]),
        "alerts": list(alerts[:MOST_SHOWN]),
        "may_change": console.may(Right.ALERTS),
        "may_delete": console.may(DELETE),
        "problem": problem,
    }
    return console.shown("console/alert_rule.html", context, status=400 if problem else 200)


_ONE: Final = "alert-rules/<uuid:rule_id>/"
urlpatterns: list[URLPattern] = [
    path(_ONE, require_safe(rule_page), name="console-alert-rule"),
    path(f"{_ONE}mail/", require_safe(mail_page), name="console-alert-mail"),
    path(f"{_ONE}test/", require_POST(test_act), name="console-alert-test"),
    path(f"{_ONE}delete/", require_POST(delete_act), name="console-alert-delete"),
]
