"""How much of a rate is used up."""

from __future__ import annotations

from django.db import models


class BudgetLine(models.Model):
    """How much of one rate is used up, shared by every worker on every host.

    A token bucket in one instant: `booked_until` is the moment up to which calls are booked. It is only moved
    by the statements in `connectors.budget`, by the clock of the database. A rate that is counted has a row for each
    slot of its window.
    """

    key = models.CharField(max_length=120, primary_key=True)
    booked_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
