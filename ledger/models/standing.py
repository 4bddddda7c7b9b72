"""The standing: where one version of a record stands with the books."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger.models.company import Company
from ledger.models.posting import Posting
from ledger.models.record import RecordRow


class Standing(models.Model):
    """Every version of a record ends in the books, in a problem, or is overtaken before it got there.

    pending → in_books → left (a newer version, a deletion or a restatement took it out again)
    pending → problem  (it does not add up; only a newer version cures it)
    pending → overtaken (a newer version came first)
    in_books → set aside (its posting was undone; it stays out, and so do newer versions, until somebody says otherwise)

    ``round`` counts how often the same version is posted anew, under a changed book. ``posting`` brought it into the
    books, ``left_by`` took it out; of what is set aside, ``posting`` is the one whose undoing keeps it out. The foreign
    keys are held by triggers that look at a statement as a whole (sql/guards.sql): row by row, as constraints do it,
    they were a tenth of the cost of storing and posting.
    """

    class State(models.IntegerChoices):
        """The states above."""

        PENDING = 0
        IN_BOOKS = 1
        LEFT = 2
        PROBLEM = 3
        OVERTAKEN = 4
        SET_ASIDE = 5

    pk = models.CompositePrimaryKey("record_id", "round")
    record = models.ForeignKey(
        RecordRow, on_delete=models.PROTECT, related_name="standings", db_index=False, db_constraint=False
    )
    round = models.SmallIntegerField(default=0)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    happened_at = models.DateTimeField()
    state = models.SmallIntegerField(choices=State.choices, default=State.PENDING)
    posting = models.ForeignKey(
        Posting, on_delete=models.PROTECT, null=True, related_name="entered", db_index=False, db_constraint=False
    )
    left_by = models.ForeignKey(
        Posting, on_delete=models.PROTECT, null=True, related_name="left", db_index=False, db_constraint=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["company", "happened_at"], condition=Q(state=0), name="standing_pending"),
            # What was undone is little, and asked for by company and time or by posting.
            models.Index(fields=["company", "happened_at"], condition=Q(state=5), name="standing_set_aside"),
            # The records of a posting: of each document that is explained, undone or reconciled by its days.
            models.Index(fields=["posting"], condition=Q(posting__isnull=False), name="standing_of_posting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=[1, 2]) | Q(posting__isnull=False),
                name="standing_in_books_has_posting",
            ),
            models.CheckConstraint(condition=Q(state=2) | Q(left_by__isnull=True), name="standing_left_is_left"),
            models.CheckConstraint(
                condition=~Q(state=2) | Q(left_by__isnull=False), name="standing_left_names_posting"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[0, 3, 4]) | Q(posting__isnull=True),
                name="standing_outside_has_no_posting",
            ),
            models.CheckConstraint(
                condition=~Q(state=5) | Q(posting__isnull=False), name="standing_set_aside_names_posting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}/{self.round}: {self.get_state_display()}"
