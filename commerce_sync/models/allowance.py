"""How much of its rate limit a key has used."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Allowance(models.Model):
    """The calls that one key has taken, in bundles and by all processes, in the minute that began at ``minute``."""

    key = models.OneToOneField(
        "commerce_sync.ApiKey", on_delete=models.CASCADE, primary_key=True, related_name="allowance"
    )
    minute = models.DateTimeField()
    taken = models.IntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(taken__gte=0), name="allowance_taken_counts_up")]

    def __str__(self) -> str:
        return f"{self.taken} since {self.minute}"
