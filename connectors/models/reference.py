"""A name that a commerce platform uses."""

from __future__ import annotations

from typing import Any

from django.db import models


class Reference(models.Model):
    """A name that a commerce platform uses: a location, category, tender type, tax rate, channel.

    Known from its lists or met on a record; what a mapping can be made for, and what a person sees instead of
    an id.
    """

    class Kind(models.TextChoices):
        LOCATION = "location"
        CATEGORY = "category"
        TENDER = "tender"
        TAX_RATE = "tax_rate"
        CHANNEL = "channel"
        PRODUCT = "product"
        CUSTOMER = "customer"

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.CASCADE, related_name="references")
    kind = models.CharField(max_length=10, choices=Kind)
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=400, blank=True)
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "external_id"], name="reference_once"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="reference_has_external_id"),
            models.CheckConstraint(
                condition=models.Q(first_seen_at__lte=models.F("last_seen_at")),
                name="reference_seen_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id
