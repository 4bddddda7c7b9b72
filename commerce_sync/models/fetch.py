"""What the pages of the set-up need, fetched in the background."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Fetch(models.Model):
    """The fetch of one company: what there is to choose from, and its recent sales. The latest one only.

    waiting ─▶ running ─▶ done | failed      `links` are the connections that it is about, so that another link is
    noticed. `options` and `rows` count what has come so far; `failure_code` says what ended it, in our own codes.
    """

    class State(models.TextChoices):
        """The states above."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    company = models.OneToOneField("ledger.Company", on_delete=models.CASCADE, primary_key=True, related_name="fetch")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    links: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    options = models.IntegerField(default=0)
    rows = models.IntegerField(default=0)
    requested_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    failed_link = models.ForeignKey("connectors.Connection", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], ended_at__isnull=True)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
                name="fetch_ended_iff_final_state",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure_code=""), name="fetch_failed_says_why"),
        ]

    def __str__(self) -> str:
        return f"fetch for {self.company_id}: {self.state}"

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None
