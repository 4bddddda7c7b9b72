"""Problems as rows: why something is not in the books, until it is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger.models.company import Company
from ledger.models.record import RecordRow
from ledger.models.source import Source
from ledger.problems import Problem


class ProblemRow(models.Model):
    """One reason, met by one record or by one row that never became a record. Open until ``resolved_at``.

    ``subject`` makes an open problem unique: the same thing is reported once, however often it is met.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="problems", db_index=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    record = models.ForeignKey(RecordRow, on_delete=models.PROTECT, null=True, related_name="problems")
    subject = models.CharField(max_length=300)
    code = models.CharField(max_length=40)
    path = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict)
    page = models.BigIntegerField(null=True)
    page_row = models.IntegerField(null=True)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_problem"
        verbose_name = "problem"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "subject", "code"],
                condition=Q(resolved_at__isnull=True),
                name="problem_is_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], condition=Q(resolved_at__isnull=True), name="problem_open"),
            models.Index(fields=["code", "-id"], condition=Q(resolved_at__isnull=True), name="problem_open_by_code"),
            models.Index(fields=["company", "-id"], name="problem_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.subject}"

    @property
    def problem(self) -> Problem:
        """The problem as a value, with its sentence and remedy."""
        return Problem(self.code, path=self.path, detail=self.detail)
