"""Something to choose from at an accounting platform."""

from __future__ import annotations

from typing import Any

from django.db import models


class Option(models.Model):
    """Something to choose from at an accounting platform, as it was when it was last fetched.

    Kept when it disappears there (`active` false): mappings and old documents still name it.
    """

    class Kind(models.TextChoices):
        ACCOUNT = "account"
        TAX_RATE = "tax_rate"
        CUSTOMER = "customer"
        SUPPLIER = "supplier"
        ITEM = "item"
        TRACKING = "tracking"

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.CASCADE, related_name="options")
    kind = models.CharField(max_length=10, choices=Kind)
    external_id = models.CharField(max_length=200)
    code = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=400)
    type = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3, null=True, blank=True)
    active = models.BooleanField(default=True)
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "external_id"], name="option_once"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="option_has_external_id"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()
