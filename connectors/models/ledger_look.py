"""When the accounting software of a connection was asked what its ledger holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class LedgerLook(models.Model):
    """One row for each connection that can be asked. ``next_at`` is when it is asked next.

    A look goes from ``first_day`` through ``last_day`` in spans; ``reached_day`` is the last day that is kept of the
    look that is under way (None: none is). ``looked_at`` is when a look ended, ``said`` why the last one did not.
    ``opening_day`` is the day before our first document of which balances were told, ``balance_day`` the last such day.
    """

    connection = models.OneToOneField(
        "connectors.Connection", on_delete=models.CASCADE, primary_key=True, related_name="ledger_look"
    )
    next_at = models.DateTimeField(db_index=True)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    reached_day = models.DateField(null=True, blank=True)
    opening_day = models.DateField(null=True, blank=True)
    balance_day = models.DateField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    said = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reached_day__isnull=True) | Q(first_day__isnull=False, last_day__isnull=False),
                name="ledger_look_under_way_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"connection {self.connection_id} next at {self.next_at:%Y-%m-%d %H:%M}"
