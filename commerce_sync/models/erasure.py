"""The erasure: that what is kept of a person, or of a whole company that left, is to be forgotten, and that it was."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q


class Erasure(models.Model):
    """One request to forget; carried out piece by piece, the books untouched.

    ``texts`` are what names the person (an id at the sales system, an e-mail, a name), gone once it is done; a whole
    company has none. ``at_page`` is the last raw page that was looked through, ``counts`` what was found so far.
    """

    class Kind(models.TextChoices):
        """Whose data."""

        PERSON = "person"
        COMPANY = "company"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, related_name="erasures", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind)
    texts: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    at_page = models.BigIntegerField(default=0)
    counts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="company", texts=[])
                | Q(kind="person", finished_at__isnull=False, texts=[])
                | (Q(kind="person", finished_at__isnull=True) & ~Q(texts=[])),
                name="erasure_names_persons_while_it_lasts",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(actor=""), name="erasure_says_why_and_who"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="erasure_open"),
            models.Index(fields=["company", "-id"], name="erasure_of_company"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.public_id} of a {self.kind}"
