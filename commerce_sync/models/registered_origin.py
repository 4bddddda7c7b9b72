"""Where a partner's own pages live."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class RegisteredOrigin(models.Model):
    """A web origin (scheme, host, port) of a partner's: merchants are only ever sent back to one of these."""

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.CASCADE, related_name="origins", db_index=False)
    origin = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "origin"], name="origin_once"),
            models.CheckConstraint(condition=Q(origin__regex=r"^https?://[^/?#@]+$"), name="origin_is_an_origin"),
        ]

    def __str__(self) -> str:
        return self.origin
