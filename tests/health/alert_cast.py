"""Findings, rules and people for the tests of alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection as database

from health.alerts.errand import raise_next
from health.alerts.sending import send_due
from health.alerts.services import save_rule, set_contact
from health.findings.kinds import KINDS
from health.models import Alert, AlertRule, CompanyContact, Finding, Member
from ledger.models import Company, Partner
from ledger.services import now

AT = datetime(2026, 11, 3, 10, tzinfo=UTC)


def a_finding(
    company: Company | None, code: str = "delivery_unknown", *, root: str = "", at: datetime = AT, **changes: Any
) -> Finding:
    """One that a watch has just opened."""
    kind = KINDS[code]
    subject = changes.pop("subject", str(Finding.objects.count()))
    facts = {"count": 1, "since": "09:00", "platform": "Square", "account": "Till (090)", "day": "2026-11-02"}
    known = {
        "partner": company.partner if company else None, "severity": kind.severity, "turn": kind.turn, "params": facts,
        "digest": b"x", "opened_at": at, "changed_at": at, "seen_at": at,
    }  # fmt: skip
    return Finding.objects.create(
        company=company, code=code, subject=subject, root=root or f"{code} {subject}", **{**known, **changes}
    )


def is_over(*findings: Finding, at: datetime = AT) -> None:
    """The watch closes them: their cause is gone."""
    for each in findings:
        Finding.objects.filter(pk=each.pk).update(
            state="resolved", resolved_at=at, resolved_by="the watch", changed_at=at
        )  # fmt: skip


def a_rule(partner: Partner | None = None, **values: Any) -> AlertRule:
    """A rule that mails to ops@example.com, at once and without waiting for calm, if nothing else is said."""
    known = {"name": "Ops", "audience": "addresses", "addresses": ["ops@example.com"], "calm_minutes": 0}
    if values.get("audience", "addresses") != "addresses" or values.get("channel") == "slack":
        known["addresses"] = []
    return save_rule(rule=None, partner=partner, actor="test", slack_url=values.pop("slack_url", ""),
                     values={**known, **values})  # fmt: skip


def a_person(role: str, partner: Partner | None = None, name: str = "sam") -> Any:
    """Staff with an address."""
    user = get_user_model().objects.create_user(name, f"{name}@example.com", is_staff=True)
    Member.objects.create(user=user, role=role, partner=partner)
    return user


def a_contact(company: Company, wants: str = "at_once", locale: str = "en-us") -> CompanyContact:
    """The merchant wants to be told."""
    return set_contact(company=company, email="owner@shop.example", locale=locale, wants=wants, actor="test")


def told(at: datetime = AT) -> list[Alert]:
    """What is written to the outbox when all rules are looked at, at this time."""
    before = set(Alert.objects.values_list("pk", flat=True))
    AlertRule.objects.update(looked_at=None)
    while raise_next(at):
        pass
    return list(Alert.objects.exclude(pk__in=before).order_by("pk"))


def send_all() -> int:
    """Send what waits, whenever it would be due."""
    Alert.objects.filter(state="waiting").update(next_at=now() - timedelta(seconds=1))
    return send_due(5)


def leases_end() -> None:
    """Time passes over all that is being sent."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE health_alert SET lease_until = lease_until - interval '1 hour'")
