"""Which accounts a partner lets its merchants map."""

from __future__ import annotations

from django.db import models


class VisibleAccounts(models.Model):
    """The account keys that the merchant's pages show for one platform; no row: all of them.

    The required ones are shown whether they are listed or not.
    """

    partner = models.ForeignKey(
        "ledger.Partner", on_delete=models.CASCADE, related_name="visible_accounts", db_index=False
    )
    platform = models.CharField(max_length=40)
    keys: models.JSONField[list[str], list[str]] = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "visible accounts"
        constraints = [models.UniqueConstraint(fields=["partner", "platform"], name="visible_accounts_once")]

    def __str__(self) -> str:
        return f"visible accounts for {self.platform}"
