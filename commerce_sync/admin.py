"""The console's view of runs and keys; and the queue's own tables taken out of the admin site.

django-q2 runs any dotted path that a Schedule names, so who may edit its rows may run any code; and its
rows are bells, not work: editing them changes nothing that matters. Work is watched in our own tables.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db.models import Case, F, QuerySet, When
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Success
from django_q.models import Schedule as BellSchedule

from commerce_sync.admin_branding import BrandingAdmin
from commerce_sync.models import ApiKey, CompanyQueue, Heartbeat, Job, Schedule
from ledger.admin_base import ReadOnly
from ledger.admin_filters import Choice, OfCompany, OfPartner

__all__ = ["BrandingAdmin"]  # it registers itself when this module is read

for model in (BellSchedule, OrmQ, Success, Failure):
    try:
        admin.site.unregister(model)
    except NotRegistered:
        # OrmQ is registered only with the database broker.
        continue


class ScheduleState(Choice):
    """What is not as it usually is."""

    title = "State"
    parameter = "state"
    options = (("failing", "Failing"), ("paused", "Paused"))

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in this state."""
        if self.value == "failing":
            return rows.filter(failing_days__gt=0).order_by("-failing_days")
        return rows.filter(paused_at__isnull=False) if self.value == "paused" else rows.none()


@admin.register(Schedule)
class ScheduleAdmin(ReadOnly):
    list_display = ("company", "frequency", "hour", "zone", "next_due_at", "enabled", "failing_days", "paused_at")
    list_filter = (OfCompany, OfPartner, ScheduleState)
    list_select_related = ("company",)


class JobState(Choice):
    """Where a piece of work stands."""

    title = "State"
    parameter = "state"
    lookup = "state"
    options = tuple(Job.State.choices)


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ("key", "company", "state", "attempts", "max_attempts", "next_at", "lease_until")
    list_filter = (OfCompany, OfPartner, JobState)
    list_select_related = ("company",)
    looked_up = ("key", "sync__public_id")
    search_help_text = "Key, or the id of a sync"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Without the traces of errors, which only the page of one job shows."""
        return super().get_queryset(request).defer("last_error", "payload")


@admin.register(CompanyQueue)
class CompanyQueueAdmin(ReadOnly):
    list_display = ("company", "lane", "served", "next_at")
    list_filter = (OfCompany,)
    list_select_related = ("company",)
    exclude = ("served_at",)
    readonly_fields = ("served",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CompanyQueue]:
        """Whoever was never served stands at minus infinity, which is no time that Python knows."""
        served = Case(When(served_at__gt=datetime.min.replace(tzinfo=UTC), then=F("served_at")))
        rows: QuerySet[CompanyQueue] = super().get_queryset(request)
        return rows.defer("served_at").annotate(was_served_at=served)

    @admin.display(description="Served last", empty_value="never")
    def served(self, row: CompanyQueue) -> datetime | None:
        """When its last job was claimed."""
        return cast("datetime | None", vars(row)["was_served_at"])


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    partner_path = None
    list_display = ("slot", "at", "detail")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("prefix", "name", "partner", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("partner",)
    search_fields = ("prefix", "name", "partner__name")
    exclude = ("sha256",)
