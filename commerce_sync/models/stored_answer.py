"""What was answered to a POST, so that the same POST is not carried out twice."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StoredAnswer(models.Model):
    """The answer to one request with an ``Idempotency-Key``; ``status`` null while it is still being carried out.

    ``request_sha256`` is of method, path and body: the same key for something else is a mistake of the caller's.
    """

    partner = models.ForeignKey("ledger.Partner", on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    request_sha256 = models.BinaryField(max_length=32)
    status = models.SmallIntegerField(null=True, blank=True)
    body = models.BinaryField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "key"], name="stored_answer_once"),
            models.CheckConstraint(
                condition=Q(status__isnull=True, body__isnull=True) | Q(status__isnull=False, body__isnull=False),
                name="stored_answer_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"answer to {self.key}"
