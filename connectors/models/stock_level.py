"""How many of a thing are at a place, as far as a source has told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StockLevel(models.Model):
    """What is known now of one thing at one location of a source; ``location_id`` is "" for all of them together.

    Each figure has the instant from which it holds (``counted_at``, ``threshold_at``, ``cost_at``): an older row never
    overwrites a newer one. Nothing known is null. ``unit_cost`` is in minor units of ``currency``. ``low_since`` is set
    when stock reaches its threshold and cleared when it is above again: what is raised is raised once in between;
    ``ordered_in`` is the purchase order that asks for more of it.
    """

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, related_name="stock_levels", db_index=False
    )
    item_id = models.CharField(max_length=200)
    location_id = models.CharField(max_length=200, blank=True)
    product_id = models.CharField(max_length=400, blank=True)
    sku = models.CharField(max_length=400, blank=True)
    name = models.CharField(max_length=400, blank=True)
    on_hand = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)
    threshold = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    threshold_at = models.DateTimeField(null=True, blank=True)
    unit_cost = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    cost_at = models.DateTimeField(null=True, blank=True)
    low_since = models.DateTimeField(null=True, blank=True)
    ordered_in = models.ForeignKey(
        "connectors.PurchaseOrder", on_delete=models.PROTECT, null=True, blank=True, related_name="levels"
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "item_id", "location_id"], name="stock_level_once"),
            models.CheckConstraint(condition=~Q(item_id=""), name="stock_level_has_item"),
            # A figure without its time could be overwritten by an older one.
            models.CheckConstraint(
                condition=(Q(on_hand__isnull=True) | Q(counted_at__isnull=False))
                & (Q(threshold__isnull=True) | Q(threshold_at__isnull=False))
                & (Q(unit_cost__isnull=True) | Q(cost_at__isnull=False)),
                name="stock_level_figures_have_times",
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__isnull=True, currency="") | Q(unit_cost__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="stock_level_cost_has_currency",
            ),
            models.CheckConstraint(
                condition=Q(low_since__isnull=True) | Q(on_hand__isnull=False), name="stock_level_low_is_counted"
            ),
        ]
        indexes = [
            models.Index(fields=["connection"], condition=Q(low_since__isnull=False), name="stock_level_low"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.sku or self.item_id}{' at ' if self.location_id else ''}{self.location_id}"
