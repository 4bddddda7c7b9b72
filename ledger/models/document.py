"""The document row: what an accounting platform is to receive, frozen."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast

from ledger.documents import Document as PureDocument
from ledger.documents import decode_document
from ledger.models.company import Company
from ledger.models.posting import Posting

KINDS = ["journal", "invoice", "credit_note", "bill", "payment", "deposit"]

# The id by which a document is known outside: a hash of its key, which begins with its company's public id, in the form
# of a UUID of version 8. Computed and not stored: a row that never changes has nothing to be kept in step with.
PUBLIC_ID = Cast(
    Func(F("key"), template="overlay(overlay(md5(%(expressions)s) placing '8' from 13) placing '8' from 17)"),
    models.UUIDField(),
)


class Document(models.Model):
    """A document in its stored form, with its entries as `DocumentLine` rows.

    PostgreSQL refuses any change but three, each once: ``pushed_at`` (it is at the platform), ``withdrawn_at`` (it
    never went there and never will) and ``voided_at`` (it was there and has been taken back). What counts in the books
    is neither withdrawn nor voided. Amounts are minor units of ``currency``.
    """

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="documents")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="documents", db_index=False)
    key = models.CharField(max_length=900)
    reference = models.CharField(max_length=21)
    kind = models.CharField(max_length=12)
    date = models.DateField()
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    narration = models.TextField()
    body = models.BinaryField()
    created_at = models.DateTimeField()
    pushed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="document_key_once"),
            models.UniqueConstraint(fields=["company", "reference"], name="document_reference_once"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="document_kind_is_known"),
            models.CheckConstraint(
                condition=Q(pushed_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="document_pushed_or_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | Q(pushed_at__isnull=False), name="document_voided_was_pushed"
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "id"],
                condition=Q(pushed_at__isnull=True, withdrawn_at__isnull=True),
                name="document_unpushed",
            ),
            models.Index(F("company"), F("date"), name="document_by_date"),
            models.Index(PUBLIC_ID, name="document_by_public_id"),
            # What a merchant reads out on the telephone.
            models.Index(fields=["reference"], name="document_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def public_id(self) -> UUID:
        """The id by which the document is known outside; `PUBLIC_ID` is the same for queries."""
        digest = hashlib.md5(self.key.encode(), usedforsecurity=False).hexdigest()
        return UUID(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}")

    @property
    def document(self) -> PureDocument:
        """The document as the pure core composed it."""
        return decode_document(bytes(self.body))
