"""A tax rate of the built-in general ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from connectors.models.books_account import BooksAccount


class BooksTaxRate(models.Model):
    """One tax code that lines may carry. `rate_ppm` is in millionths (20 % = 200000).

    Amounts of tax come with the documents and are never computed from it: the rate is there for reports and for
    people. `account` is where this tax is owed; it belongs to the same connection.
    """

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="books_tax_rates")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    rate_ppm = models.PositiveIntegerField()
    account = models.ForeignKey(BooksAccount, on_delete=models.PROTECT, related_name="tax_rates")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "books_tax_rate"
        ordering = ["connection_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "code"], name="books_tax_rate_code_once"),
            models.CheckConstraint(condition=~Q(code=""), name="books_tax_rate_has_code"),
            # No tax is more than what it is charged on; a larger number is a percentage put into the wrong unit.
            models.CheckConstraint(condition=Q(rate_ppm__lte=1_000_000), name="books_tax_rate_at_most_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
