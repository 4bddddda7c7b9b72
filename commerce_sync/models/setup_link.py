"""The way from a partner's product into the merchant's pages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SetupLink(models.Model):
    """A single-use code that opens the pages of one company. Only the code's SHA-256 is stored.

    It works until ``expires_at``, 30 seconds after it was made, and once: ``used_at`` is set by the first who posts it.
    ``platforms`` are the two platforms that the link was asked for; ``redirect_url`` is where the merchant goes at the
    end, "" for nowhere.
    """

    company = models.ForeignKey("ledger.Company", on_delete=models.CASCADE, related_name="setup_links")
    sha256 = models.BinaryField(max_length=32)
    commerce_platform = models.CharField(max_length=40)
    accounting_platform = models.CharField(max_length=40)
    redirect_url = models.CharField(max_length=1_000, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256"], name="setup_link_once"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="setup_link_expires_after_creation"
            ),
        ]

    def __str__(self) -> str:
        return f"link of {self.created_at:%Y-%m-%d %H:%M:%S}"
