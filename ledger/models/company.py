"""The company: the merchant whose books these are."""

from __future__ import annotations

import uuid

from django.db import models

from ledger.models.partner import Partner


class Company(models.Model):
    """One merchant. ``currency`` and ``zone`` are what the books start from; the book's versions say what holds."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="companies")
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "companies"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="company_currency_is_iso"),
        ]

    def __str__(self) -> str:
        return self.name
