"""The key with which a partner calls the API."""

from __future__ import annotations

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q


class ApiKey(models.Model):
    """One key of a partner. Only the SHA-256 of the key is stored: it has 256 random bits, so there is nothing to guess
    and no need for a slow hash. ``prefix`` is the readable beginning by which people tell keys apart.

    A key works until ``expires_at`` or ``revoked_at``, whichever comes first. Written by `commerce_sync.api_keys`.
    """

    # Rows that were there before the column get theirs from PostgreSQL.
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    sha256 = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["partner_id", "id"]
        constraints = [
            # A look-up is by the hash of what the caller sent.
            models.UniqueConstraint(fields=["sha256"], name="api_key_once"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(prefix=""), name="api_key_has_names"),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("created_at")),
                name="api_key_expires_after_creation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
