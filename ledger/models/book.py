"""The versions of a company's book: who changed what, why, and what was different."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ledger.book import Book, decode_book
from ledger.models.company import Company


class BookVersion(models.Model):
    """One version of how a company wants its sales kept; immutable, the highest ``number`` is in force."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="book_versions", db_index=False)
    number = models.IntegerField()
    body = models.BinaryField()
    difference = models.JSONField(default=list)
    reason = models.CharField(max_length=500)
    author = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "number"], name="book_version_number_once")]

    def __str__(self) -> str:
        return f"{self.company} v{self.number}"

    @property
    def book(self) -> Book:
        """The book as a value."""
        return decode_book(bytes(self.body))
