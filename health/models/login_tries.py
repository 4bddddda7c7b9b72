"""How often somebody has tried in vain to get into the console, and until when nobody is let try again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class LoginTries(models.Model):
    """One row for a name, an address or a second factor, under a keyed hash of it: what people type where a name is
    asked for is sometimes their password. ``tries`` counts those that were begun and have not succeeded."""

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.IntegerField()
    last_at = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "login tries"
        constraints = [
            models.CheckConstraint(condition=Q(tries__gte=0), name="login_tries_count_up"),
            models.CheckConstraint(condition=Q(key__regex="^[0-9a-f]{64}$"), name="login_tries_name_nobody"),
        ]

    def __str__(self) -> str:
        return f"{self.tries} until {self.last_at:%Y-%m-%d %H:%M}"
