"""A company that something happened to which the watches should look at."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Lookout(models.Model):
    """One row that a trigger (migrations/sql/looking.sql) wrote in the very transaction of what happened: a sync ended,
    a problem came or went, a connection or a schedule changed. Whoever looks at the company takes its rows away.
    Without foreign key and without uniqueness, so that it costs next to nothing and nobody waits for anybody."""

    id = models.BigAutoField(primary_key=True)
    company_id = models.BigIntegerField(db_index=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"company {self.company_id}"
