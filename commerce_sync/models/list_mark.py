"""A place in a long list that a page was read to."""

from __future__ import annotations

from django.db import models


class ListMark(models.Model):
    """Where in a long list the row at ``position`` (from 0) is: a later page begins there and skips nothing.

    ``list_key`` identifies the list: source, dataset, filter, direction. ``total`` is the length of the list when all
    of it was counted, None on a mark that a page left behind. Marks are hints with a short life: the table is UNLOGGED,
    empty after a crash of the server, and nothing is lost with it.
    """

    pk = models.CompositePrimaryKey("list_key", "position")
    list_key = models.BinaryField(max_length=16)
    position = models.BigIntegerField()
    at = models.DateTimeField()
    record = models.BigIntegerField()
    total = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "commerce_sync_listmark"

    def __str__(self) -> str:
        return f"{self.position:,} at {self.at}"
