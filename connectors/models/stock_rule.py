"""When a company wants to be told that something runs out, and what is then done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class StockRule(models.Model):
    """What holds for one thing of one source, or (``connection`` null, ``item_id`` "") for all that has no rule.

    What a rule leaves null or empty is taken from the source, then from the company's rule for all. ``drafts_orders``
    is the company's choice, made in its rule for all: a draft purchase order where the accounting software has them,
    else a notice. ``supplier`` and ``account`` are ids at the accounting software. ``unit_cost`` (minor units of
    ``currency``) is what one costs with all that it took to get it here; it outranks what the source tells.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("ledger.Company", on_delete=models.CASCADE, related_name="stock_rules", db_index=False)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, null=True, blank=True, related_name="stock_rules"
    )
    item_id = models.CharField(max_length=200, blank=True)
    threshold = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    reorder_quantity = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    supplier = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=200, blank=True)
    unit_cost = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    drafts_orders = models.BooleanField(default=False)
    changed_by = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=Q(connection__isnull=True), name="stock_rule_for_all_once"
            ),
            models.UniqueConstraint(fields=["company", "connection", "item_id"], name="stock_rule_once"),
            models.CheckConstraint(
                condition=Q(connection__isnull=True, item_id="", unit_cost__isnull=True)
                | (Q(connection__isnull=False, drafts_orders=False) & ~Q(item_id="")),
                name="stock_rule_is_for_one_or_all",
            ),
            models.CheckConstraint(
                condition=(Q(threshold__isnull=True) | Q(threshold__gte=0))
                & (Q(reorder_quantity__isnull=True) | Q(reorder_quantity__gt=0)),
                name="stock_rule_quantities_make_sense",
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__isnull=True, currency="") | Q(unit_cost__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="stock_rule_cost_has_currency",
            ),
        ]

    def __str__(self) -> str:
        return f"rule for {self.item_id or 'all'}"
