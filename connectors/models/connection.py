"""One company's authorized link to a platform."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Connection(models.Model):
    """One company's authorized link to a platform.

    A commerce connection has a `source`: the identity scope of the ids that its records carry, which outlives
    the connection. `settings` holds what the platform's addresses and calls need (shop, tenant, environment),
    never a secret. `references_version` counts changes of its `Reference` rows, so that a process may keep them.
    """

    class Kind(models.TextChoices):
        COMMERCE = "commerce"
        ACCOUNTING = "accounting"

    class Status(models.TextChoices):
        PENDING_AUTH = "PendingAuth"
        LINKED = "Linked"
        DEAUTHORIZED = "Deauthorized"
        UNLINKED = "Unlinked"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, related_name="connections")
    platform = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING_AUTH)
    source = models.OneToOneField(
        "ledger.Source", on_delete=models.PROTECT, null=True, blank=True, related_name="connection"
    )
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    references_version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    linked_at = models.DateTimeField(null=True, blank=True)
    last_synced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Two linked books would each receive half of the documents.
            models.UniqueConstraint(
                fields=["company"],
                condition=Q(kind="accounting", status="Linked"),
                name="connection_one_linked_accounting",
            ),
            # Records need an identity scope, and only connections that bring records have one.
            models.CheckConstraint(
                condition=Q(kind="commerce", source__isnull=False) | Q(kind="accounting", source__isnull=True),
                name="connection_source_iff_commerce",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["PendingAuth", "Linked", "Deauthorized", "Unlinked"]),
                name="connection_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="Linked") | Q(linked_at__isnull=False),
                name="connection_linked_has_linked_at",
            ),
        ]
        indexes = [
            models.Index(fields=["platform", "-id"], name="connection_by_platform"),
            models.Index(fields=["status", "-id"], name="connection_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.name}".strip()
