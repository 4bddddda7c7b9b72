"""What has happened that an endpoint wants to know of, and has not become an event yet."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Heard(models.Model):
    """One row that a trigger (migrations/sql/hearing.sql) wrote in the very transaction of what it tells of.

    ``kind`` is `audit` (``row_id`` is of the audit entry) or an event type (of a sync, a document or a problem). A row
    lives until it has become an event: the transaction that makes the event deletes it. Without foreign keys, so that
    hearing costs those who are listened to next to nothing.
    """

    id = models.BigAutoField(primary_key=True)
    company_id = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    row_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "heard"

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id}"
