"""What our document is called at the platform."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Binding(models.Model):
    """Our document ↔ their id, one to one in both directions; written in the transaction that says "pushed".

    `answer` is what the platform said, `verified_at` when it was asked for its legs (null: not yet) and `agrees`
    whether they were ours (null: not asked yet, or the platform does not say); `read_back` is what was there: account →
    debits less credits, in minor units. `voided_at`: taken back there.
    """

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, related_name="bindings", db_index=False
    )
    document = models.ForeignKey("ledger.Document", on_delete=models.PROTECT, related_name="bindings")
    kind = models.CharField(max_length=12)
    remote_id = models.CharField(max_length=200)
    url = models.CharField(max_length=1000, blank=True)
    answer: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    bound_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    agrees = models.BooleanField(null=True)
    read_back: models.JSONField[dict[str, int] | None, dict[str, int] | None] = models.JSONField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "document"], name="binding_document_once"),
            models.UniqueConstraint(fields=["connection", "kind", "remote_id"], name="binding_remote_id_once"),
            models.CheckConstraint(condition=~Q(remote_id=""), name="binding_has_remote_id"),
            models.CheckConstraint(
                condition=Q(agrees__isnull=True) | Q(verified_at__isnull=False), name="binding_agrees_when_verified"
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "id"], condition=Q(verified_at__isnull=True), name="binding_unverified"),
            # What somebody changed there; few, and asked for by each look of the watches.
            models.Index(fields=["connection", "id"], condition=Q(agrees=False), name="binding_disagreeing"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}"
