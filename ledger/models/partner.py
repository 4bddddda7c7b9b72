"""The partner: who calls our API for their merchants, and the wall between one partner's data and another's."""

from __future__ import annotations

import uuid

from django.db import models


class Partner(models.Model):
    """A platform that embeds us. Everything below a partner is invisible to every other partner.

    ``currency`` and ``zone`` are those of a new company of which nothing else is said.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, unique=True)
    currency = models.CharField(max_length=3, default="USD")
    zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="partner_currency_is_iso"),
        ]

    def __str__(self) -> str:
        return self.name
