"""An account of the built-in general ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class BooksAccount(models.Model):
    """One account in the chart of one accounting connection.

    `code` is what mappings and documents name, so it never changes; the name may. An account is archived, not
    deleted, once it has entries: an archived account keeps its history and takes no new line. Balances are kept per
    currency, so an account has no currency of its own.
    """

    class Type(models.TextChoices):
        ASSET = "asset"
        LIABILITY = "liability"
        EQUITY = "equity"
        INCOME = "income"
        EXPENSE = "expense"

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="books_accounts")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=9, choices=Type)
    subtype = models.CharField(max_length=20, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "books_account"
        ordering = ["connection_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "code"], name="books_account_code_once"),
            # Exports name an account by its code: only these characters survive the grammar of each of them.
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9A-Z]{1,20}$"), name="books_account_code_plain"),
            models.CheckConstraint(condition=~Q(name__regex=r"^\s*$"), name="books_account_has_name"),
            models.CheckConstraint(
                condition=Q(type__in=["asset", "liability", "equity", "income", "expense"]),
                name="books_account_type_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
