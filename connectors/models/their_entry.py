"""An entry of somebody else's in the merchant's accounting software, as it was told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class TheirEntry(models.Model):
    """What a document that is not ours does to one account that our documents use. Minor units, debits positive; never
    zero. Replaced span by span when the accounting software is asked again."""

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, related_name="their_entries", db_index=False
    )
    remote_id = models.CharField(max_length=200)
    account = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    amount = models.BigIntegerField()
    reference = models.CharField(max_length=200, blank=True)
    text = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "their entries"
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id", "account", "currency"], name="their_entry_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="their_entry_moves_money"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="their_entry_currency_is_iso"),
        ]
        indexes = [models.Index(fields=["connection", "day"], name="their_entry_by_day")]

    def __str__(self) -> str:
        return f"{self.reference or self.remote_id} {self.day}"
