"""The raw page: what a platform sent, byte for byte."""

from __future__ import annotations

from django.db import models


class Page(models.Model):
    """One answer or one pushed batch, compressed (Zstandard), kept beside the records made of it.

    ``digest`` is of dataset and rows: the same page again holds nothing new. ``refused`` counts rows that became no
    record. Pages may be purged (``body`` null) without touching the books.
    """

    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, related_name="pages", db_index=False
    )
    dataset = models.CharField(max_length=40)
    digest = models.BinaryField(max_length=16)
    body = models.BinaryField(null=True)
    body_bytes = models.BigIntegerField()
    rows = models.IntegerField()
    refused = models.IntegerField(default=0)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "digest"], name="page_once")]

    def __str__(self) -> str:
        return f"{self.dataset} page {self.pk} ({self.rows} rows)"
