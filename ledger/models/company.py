"""The company: the merchant whose books these are."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Lower

from ledger.models.partner import Partner


class Company(models.Model):
    """One merchant. ``currency`` and ``zone`` are what the books start from; the book's versions say what holds."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="companies")
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    tags: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict, blank=True)
    currency = models.CharField(max_length=3)
    zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "companies"
        ordering = ["name", "id"]
        constraints = [
            # A creation that is repeated without its answer must not make the merchant twice; and a merchant is also
            # known by name when its set-up begins.
            models.UniqueConstraint("partner", Lower("name"), name="company_name_once_per_partner"),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="company_currency_is_iso"),
        ]
        indexes = [
            # The console's list, of all and of one partner's; and names by the beginnings of their words.
            models.Index(fields=["name", "id"], name="company_by_name"),
            models.Index(fields=["partner", "name", "id"], name="company_of_partner_by_name"),
            GinIndex(SearchVector("name", config="simple"), name="company_by_words"),
        ]

    def __str__(self) -> str:
        return self.name
