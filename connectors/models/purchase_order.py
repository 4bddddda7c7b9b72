"""A purchase order that we draft at accounting software."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

ORDER_STATES = ["prepared", "sending", "pushed", "refused", "waiting", "unknown"]


class PurchaseOrder(models.Model):
    """One draft on its way to one accounting connection, under a reference of ours. States as of a `PushItem`.

    ``lines`` are what is to be bought, as JSON (`connectors.ordering_body`); they never change, so a second sending is
    the same order. ``sending`` is committed before the call, and what came of it together with ``remote_id``.
    """

    class State(models.TextChoices):
        """Those of a delivery."""

        PREPARED = "prepared"
        SENDING = "sending"
        PUSHED = "pushed"
        REFUSED = "refused"
        WAITING = "waiting"
        UNKNOWN = "unknown"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, related_name="purchase_orders")
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, related_name="purchase_orders", db_index=False
    )
    reference = models.CharField(max_length=20)
    supplier = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    ordered_on = models.DateField()
    lines: models.JSONField[list[Any], list[Any]] = models.JSONField()
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.PREPARED)
    attempts = models.IntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    waits_until = models.DateTimeField(null=True, blank=True)
    remote_id = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=1000, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_sentence = models.CharField(max_length=500, blank=True)
    failure_remedy = models.CharField(max_length=500, blank=True)
    failure_turn = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "reference"], name="purchase_order_reference_once"),
            # Two of our orders that are one order there would hide that one was never made.
            models.UniqueConstraint(
                fields=["connection", "remote_id"], condition=~Q(remote_id=""), name="purchase_order_remote_once"
            ),
            models.CheckConstraint(condition=Q(state__in=ORDER_STATES), name="purchase_order_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "unknown"]) | Q(claimed_at__isnull=False, deadline_at__isnull=False),
                name="purchase_order_sending_has_deadline",
            ),
            models.CheckConstraint(
                condition=(Q(state="pushed") & ~Q(remote_id="")) | (~Q(state="pushed") & Q(remote_id="")),
                name="purchase_order_pushed_has_id",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(waits_until__isnull=False), name="purchase_order_waiting_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(failure_code=""), name="purchase_order_refused_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "id"],
                condition=~Q(state__in=["pushed", "refused"]),
                name="purchase_order_open",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
