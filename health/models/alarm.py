"""What a rule tells of for as long as it lasts: all findings of one root cause."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Alarm(models.Model):
    """From the first finding of a group until the last is over: the memory by which nothing is told twice.

    ``partner`` and ``company`` are set where people of one partner, or one merchant, are told. ``news`` is what is
    still to be told, from ``tell_at`` on (None: not planned yet); ``told_at`` is when somebody was told last. Nothing
    of the group has been there since ``gone_at``; once that has lasted the alarm is over. ``rank`` is the gravest
    severity that was seen, 0 the gravest of all.
    """

    class News(models.TextChoices):
        """What is to be told."""

        NONE = "", "Nothing"
        OPENED = "opened"
        ESCALATED = "escalated"
        STILL = "still"
        RECOVERED = "recovered"

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey("health.AlertRule", on_delete=models.CASCADE, related_name="alarms", db_index=False)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    code = models.CharField(max_length=40)
    root = models.CharField(max_length=200)
    rank = models.SmallIntegerField()
    count = models.IntegerField()
    news = models.CharField(max_length=9, choices=News, blank=True)
    tell_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "code", "root", "partner", "company"],
                condition=Q(over_at__isnull=True),
                nulls_distinct=False,
                name="alarm_lasts_once",
            ),
            models.CheckConstraint(
                condition=Q(news__in=["", "opened", "escalated", "still", "recovered"]), name="alarm_news_known"
            ),
            models.CheckConstraint(
                condition=~Q(news="recovered") | Q(over_at__isnull=False, told_at__isnull=False),
                name="alarm_recovery_was_told_of",
            ),
        ]
        indexes = [
            models.Index(fields=["rule", "tell_at"], condition=~Q(news=""), name="alarm_news"),
            models.Index(fields=["over_at"], condition=Q(over_at__isnull=False), name="alarm_over"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.root}"
