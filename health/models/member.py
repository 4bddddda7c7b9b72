"""Who works at the console: in which role, and for whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Member(models.Model):
    """A person of the console. ``partner`` None: one of ours, who sees the companies of all partners; else only those
    of that partner. What a role may do is in health/console/roles.py."""

    class Role(models.TextChoices):
        """The roles, the one that may most last."""

        SUPPORT = "support"
        FINANCE = "finance"
        ENGINEER = "engineer"
        ADMINISTRATOR = "administrator"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    role = models.CharField(max_length=13, choices=Role)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["support", "finance", "engineer", "administrator"]), name="member_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"
