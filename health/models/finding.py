"""Something that a person should look at, for as long as its cause is there."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from health.findings.kinds import KINDS, SEVERITIES, Kind, in_words


class Finding(models.Model):
    """open ─▶ assigned ─▶ resolved; or ignored, with a reason, until its facts change.

    One row is open for each (company, code, subject). It is closed by the watch when its cause is gone, or by a person;
    when the cause is there again later, that is a new finding. ``company`` None: it is about a partner, or about the
    whole installation. ``amount`` is in minor units of ``currency``. ``digest`` is of the facts, so that it is seen
    when they change. ``assigned_to`` names who works on it, also where that is nobody of the console (``assignee``);
    ``ignored_until`` is the day on which an ignored one comes back by itself, None: only when its facts change.
    """

    class State(models.TextChoices):
        """The states above."""

        OPEN = "open"
        ASSIGNED = "assigned"
        RESOLVED = "resolved"
        IGNORED = "ignored"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    company = models.ForeignKey(
        "ledger.Company", on_delete=models.PROTECT, null=True, related_name="findings", db_index=False
    )
    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    root = models.CharField(max_length=200)
    severity = models.CharField(max_length=7, choices=[(each, each) for each in SEVERITIES])
    turn = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    day = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    count = models.IntegerField(default=1)
    params = models.JSONField(default=dict)
    causes = models.JSONField(default=list)
    digest = models.BinaryField()
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assigned_to = models.CharField(max_length=200, blank=True, default="", db_default="")
    ignored_until = models.DateField(null=True, blank=True)
    retried_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "partner", "code", "subject"],
                condition=Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="finding_is_open_once",
            ),
            models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="finding_severity_known"),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False) & ~Q(resolved_by="")
                | Q(state__in=["open", "assigned", "ignored"], resolved_at__isnull=True, resolved_by=""),
                name="finding_resolved_says_by_whom",
            ),
            models.CheckConstraint(condition=~Q(state="ignored") | ~Q(reason=""), name="finding_ignored_says_why"),
            models.CheckConstraint(condition=~Q(root=""), name="finding_has_root"),
            models.CheckConstraint(
                condition=~Q(state="assigned") | ~Q(assigned_to=""), name="finding_assigned_says_to_whom"
            ),
            models.CheckConstraint(
                condition=Q(state="ignored") | Q(ignored_until__isnull=True), name="finding_until_is_of_ignored"
            ),
        ]
        indexes = [
            # The queue of work, of everybody and of one partner's; and all of one root cause.
            models.Index(fields=["-id"], condition=Q(resolved_at__isnull=True), name="finding_queue"),
            models.Index(
                fields=["partner", "-id"], condition=Q(resolved_at__isnull=True), name="finding_partner_queue"
            ),
            models.Index(fields=["code", "root", "-id"], name="finding_root"),
            models.Index(fields=["company", "-id"], name="finding_company"),
            models.Index(fields=["assignee", "-id"], condition=Q(state="assigned"), name="finding_assigned"),
            models.Index(fields=["partner", "-id"], name="finding_partner"),
            # What time alone changes: nobody took it, or it was ignored for a while only.
            models.Index(
                fields=["opened_at"],
                condition=Q(state="open", severity="error", escalated_at__isnull=True),
                name="finding_unattended",
            ),
            models.Index(
                fields=["ignored_until"], condition=Q(ignored_until__isnull=False), name="finding_ignored_until"
            ),
            models.Index(fields=["-resolved_at"], condition=Q(resolved_at__isnull=False), name="finding_resolved"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.subject}"

    @property
    def kind(self) -> Kind:
        """Its entry in the catalog; a KeyError here is a programming mistake."""
        return KINDS[self.code]

    @property
    def facts(self) -> dict[str, Any]:
        """The params with the currency, which makes amounts of them money."""
        return {**self.params, **({"currency": self.currency} if self.currency else {})}

    @property
    def sentence(self) -> str:
        """What is wrong, in plain words."""
        return in_words(self.kind.sentence, self.facts)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return in_words(self.kind.remedy, self.facts)
