"""The audit trail: what happened, by whom, append-only; the stream that apps above listen to."""

from __future__ import annotations

import uuid

from django.db import models

from ledger.models.company import Company
from ledger.models.partner import Partner


class AuditEntry(models.Model):
    """One event under a dotted code ("sync.failed", "book.changed"), written in the transaction of what it tells of.

    ``detail`` holds facts and never a secret. PostgreSQL refuses to change or delete an entry.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, related_name="audit", db_index=False)
    code = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["code", "-id"], name="audit_by_code"),
            models.Index(fields=["company", "-id"], name="audit_of_company"),
            models.Index(fields=["subject", "-id"], condition=~models.Q(subject=""), name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"
