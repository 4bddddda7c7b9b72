"""An address at which a partner wants to be told."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class WebhookEndpoint(models.Model):
    """One address of a partner's. ``event_types`` empty: everything, types that come later too.

    ``sealed_secret`` is the signing secret, encrypted and bound to this row; ``sealed_former`` still signs, beside it,
    until ``former_until``. ``failures`` counts tries in a row that failed since ``failing_since``; after a few of them
    nothing is sent before ``rests_until``. ``disabled_at`` ends all sending, and ``disabled_reason`` says why.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    event_types = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    sealed_secret = models.BinaryField()
    sealed_former = models.BinaryField(null=True, blank=True)
    former_until = models.DateTimeField(null=True, blank=True)
    key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    served_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.IntegerField(default=0)
    rests_until = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            # The same event twice at one address is a mistake, and a way to make us flood somebody.
            models.UniqueConstraint(fields=["partner", "url"], name="webhook_endpoint_url_once"),
            models.CheckConstraint(
                condition=Q(url__regex=r"^https?://[^\s/@]+/\S*$"), name="webhook_endpoint_url_is_web"
            ),
            models.CheckConstraint(
                condition=Q(sealed_former__isnull=True, former_until__isnull=True)
                | Q(sealed_former__isnull=False, former_until__isnull=False),
                name="webhook_endpoint_former_secret_ends",
            ),
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_reason="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_reason="")),
                name="webhook_endpoint_disabled_says_why",
            ),
            models.CheckConstraint(
                condition=Q(failing_since__isnull=True, failures=0) | Q(failing_since__isnull=False, failures__gt=0),
                name="webhook_endpoint_failing_counts",
            ),
        ]

    def __str__(self) -> str:
        return self.url
