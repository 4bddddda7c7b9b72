"""The undo: postings taken back on a person's word, and whether they came back."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q


class Undo(models.Model):
    """One undo of a sync, or of a posting and what is tied to it.

    requested ─▶ running ─▶ done (─▶ redone)      `failed` from `requested`: the plan no longer fitted, nothing happened

    `plan` is what was agreed to (`commerce_sync.undo_plan.Plan`, as JSON). From `running` on the records are set aside
    and every document that has to go is marked so; what is left is delivery, which every later run goes on with.
    `run` is the run that began it; `failure_*` say what is in the way. `redone_at`: its records wait for, or are in, a
    run again (`redo_run`).
    """

    class State(models.TextChoices):
        """The states above."""

        REQUESTED = "requested"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, related_name="undos", db_index=False)
    sync = models.ForeignKey("commerce_sync.Sync", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    posting = models.ForeignKey("ledger.Posting", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    run = models.OneToOneField("commerce_sync.Sync", on_delete=models.PROTECT, related_name="undo")
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    plan: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    actor = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_sentence = models.CharField(max_length=500, blank=True)
    failure_remedy = models.CharField(max_length=500, blank=True)
    failure_turn = models.CharField(max_length=10, blank=True)
    redone_at = models.DateTimeField(null=True, blank=True)
    redone_by = models.CharField(max_length=200, blank=True)
    redo_run = models.ForeignKey(
        "commerce_sync.Sync", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            # A plan holds for the books as they are: not for two undos at once.
            models.UniqueConstraint(
                fields=["company"], condition=Q(finished_at__isnull=True), name="undo_one_unfinished"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, state__in=["requested", "running"])
                | Q(finished_at__isnull=False, state__in=["done", "failed"]),
                name="undo_finished_iff_final_state",
            ),
            models.CheckConstraint(
                condition=Q(sync__isnull=True, posting__isnull=False) | Q(sync__isnull=False, posting__isnull=True),
                name="undo_of_one_thing",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure_code=""), name="undo_failed_says_why"),
            models.CheckConstraint(condition=Q(redone_at__isnull=True) | Q(state="done"), name="undo_redone_was_done"),
        ]
        indexes = [models.Index(fields=["company", "-id"], name="undo_of_company")]

    def __str__(self) -> str:
        return f"undo {self.public_id} {self.state}"

    @property
    def posting_ids(self) -> list[int]:
        """The postings that it takes back."""
        return [posting["posting_id"] for posting in self.plan["postings"]]
