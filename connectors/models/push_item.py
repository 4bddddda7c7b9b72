"""The delivery of one document: where it stands between our books and theirs."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

STATES = ["prepared", "sending", "pushed", "refused", "waiting", "unknown", "removed", "voiding", "voided"]
TROUBLED = ["refused", "unknown", "waiting", "removed"]
BOUND = ["pushed", "removed", "voiding", "voided"]  # it is at the platform, or was


class PushItem(models.Model):
    """One document on its way to one accounting connection.

    prepared ─▶ sending ─▶ pushed (─▶ removed: somebody took it away at the platform)
                   ├─────▶ refused   they understood and said no: `failure_*` say why and whose turn it is
                   ├─────▶ waiting   not before `waits_until`
                   └─────▶ unknown   it may have happened: looked up before anything else

    `sending` is committed before the call, with `claimed_at` and `deadline_at` (when the call has certainly ended), by
    the clock of the database. PostgreSQL lets nothing be sent but what is prepared or has waited, and nothing that is
    pushed go back.

    pushed ─▶ voiding ─▶ voided   taken back at the platform (`connectors.voiding`)
                 └─────▶ pushed   they refused to: it stays there, and `failure_*` say why

    `voiding` is committed before the call too. Voiding is safe to repeat, so a lost answer is asked for again.
    """

    class State(models.TextChoices):
        """The states above."""

        PREPARED = "prepared"
        SENDING = "sending"
        PUSHED = "pushed"
        REFUSED = "refused"
        WAITING = "waiting"
        UNKNOWN = "unknown"
        REMOVED = "removed"
        VOIDING = "voiding"
        VOIDED = "voided"

    document = models.OneToOneField(
        "ledger.Document", on_delete=models.PROTECT, primary_key=True, related_name="push_item"
    )
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, related_name="+", db_index=False)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, related_name="push_items", db_index=False
    )
    state = models.CharField(max_length=8, choices=State, default=State.PREPARED)
    attempts = models.IntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    waits_until = models.DateTimeField(null=True, blank=True)
    binding = models.OneToOneField(
        "connectors.Binding", on_delete=models.PROTECT, null=True, blank=True, related_name="push_item"
    )
    failure_code = models.CharField(max_length=40, blank=True)
    failure_sentence = models.CharField(max_length=500, blank=True)
    failure_remedy = models.CharField(max_length=500, blank=True)
    failure_turn = models.CharField(max_length=10, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="push_item_state_known"),
            # The intent is on disk before the network, and somebody knows when it is over.
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "unknown"]) | Q(claimed_at__isnull=False, deadline_at__isnull=False),
                name="push_item_sending_has_deadline",
            ),
            models.CheckConstraint(
                condition=Q(state__in=BOUND, binding__isnull=False) | (~Q(state__in=BOUND) & Q(binding__isnull=True)),
                name="push_item_pushed_has_binding",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(waits_until__isnull=False), name="push_item_waiting_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(failure_code=""), name="push_item_refused_says_why"
            ),
        ]
        indexes = [
            # What is not finished; pushed rows are history and take no room here (the few voided ones do).
            models.Index(
                fields=["connection", "document"],
                condition=~Q(state__in=["pushed", "removed"]),
                name="push_item_open",
            ),
            models.Index(fields=["company"], condition=Q(state="refused"), name="push_item_refused"),
            # What somebody may have to look at, whosever it is; few among many.
            models.Index(fields=["state", "-document"], condition=Q(state__in=TROUBLED), name="push_item_troubled"),
            models.Index(fields=["-document"], condition=Q(state__in=TROUBLED), name="push_item_newest_troubled"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.state}"
