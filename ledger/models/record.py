"""The record row: one version of one canonical fact, kept for ever as the bytes that were hashed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger.commerce import KINDS, Record, decode
from ledger.models.source import Source

KIND_CHOICES = [(kind, kind.replace("_", " ")) for kind in KINDS]


class RecordRow(models.Model):
    """A version of a record; immutable but for ``superseded`` and ``confirmed_at``.

    ``digest`` is the hash of ``body`` (the canonical JSON, with id and ``updated_at`` in it), ``raw_digest`` that of
    the row as the platform sent it. ``page`` and ``page_row`` lead to the raw page: plain numbers and no foreign key,
    because raw pages may be purged without touching the books. ``confirmed_at`` is a later time stamp under which the
    platform said the same again: what it said in between is an older truth. ``incomplete`` marks a refund whose parts
    wait for its original order. ``total`` is the record's signed effect on money owed, in minor units: what
    reconciliation sums. ``erased_at`` is when what the body says of a person was last taken out of it: `digest` stays
    that of what was received.
    """

    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="records", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    external_id = models.CharField(max_length=255)
    revision = models.IntegerField()
    superseded = models.BooleanField(default=False)
    deleted = models.BooleanField(default=False)
    incomplete = models.BooleanField(default=False)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    happened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    received_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    digest = models.BinaryField(max_length=16)
    raw_digest = models.BinaryField(max_length=16)
    page = models.BigIntegerField(null=True)
    page_row = models.IntegerField(null=True)
    body = models.BinaryField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_record"
        verbose_name = "record"
        indexes = [
            models.Index(fields=["source"], condition=Q(incomplete=True, superseded=False), name="record_incomplete"),
            # Lists, in the order in which things came to us. Two, so that a first load appends at the end of each: with
            # the kind in front, orders would be inserted in the middle and leave half of every page empty.
            models.Index(
                fields=["source", "received_at", "id"],
                condition=Q(superseded=False, deleted=False, kind="order"),
                name="record_orders_listed",
            ),
            models.Index(
                fields=["source", "kind", "received_at", "id"],
                condition=Q(superseded=False, deleted=False) & ~Q(kind="order"),
                name="record_others_listed",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id", "kind"],
                condition=Q(superseded=False),
                name="record_has_one_current_version",
            ),
            # Of former versions only: the current one is unique already, and a first load pays for each index.
            models.UniqueConstraint(
                fields=["source", "external_id", "kind", "digest"],
                condition=Q(superseded=True),
                name="record_version_is_stored_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="record_kind_is_known"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="record_revision_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id} v{self.revision}"

    @property
    def record(self) -> Record:
        """The canonical record."""
        return decode(self.kind, bytes(self.body), deleted=self.deleted)  # type: ignore[arg-type]
