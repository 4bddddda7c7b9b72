"""What the bank brought, as the merchant's accounting software tells it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class BankLine(models.Model):
    """A transaction on a bank account that the bank itself knows of, in minor units; money that came is positive.
    Replaced span by span when the accounting software is asked again."""

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, related_name="bank_lines", db_index=False
    )
    remote_id = models.CharField(max_length=200)
    account = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    amount = models.BigIntegerField()
    text = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id", "account"], name="bank_line_once"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="bank_line_currency_is_iso"),
        ]
        indexes = [models.Index(fields=["connection", "day"], name="bank_line_by_day")]

    def __str__(self) -> str:
        return f"{self.text or self.remote_id} {self.day}"
