"""What an account held in the merchant's accounting software, as it was told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class TheirBalance(models.Model):
    """The balance of an account at the end of ``day``, in minor units, debits positive. Two are kept of each account:
    the day before our first document, and the last one that was asked for. An account that was not told of is empty."""

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, related_name="their_balances", db_index=False
    )
    account = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    amount = models.BigIntegerField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "account", "currency", "day"], name="their_balance_once_a_day"
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="their_balance_currency_is_iso"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.day}"
