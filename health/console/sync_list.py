"""The history of syncs: of all companies, or of those that are asked for, newest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.db.models.fields import DurationField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from commerce_sync.models import Sync
from commerce_sync.status import CODES, NOTHING_TO_WRITE, WRITTEN
from connectors.models import Connection, PushItem
from health.console.sync_words import RESULTS, TRIGGERS, lasted, result_of
from ledger.admin_base import ReadOnly, partner_scope
from ledger.admin_filters import Choice, Days, Exactly, OfCompany, OfPartner, Platform
from ledger.company_search import companies_said
from ledger.models import Company, Posting

MOST_REFUSED: Final = 2_000
"""Documents that a list of syncs with failed items is made from, the newest first."""
_LONGER: Final = {"10": timedelta(minutes=10), "30": timedelta(minutes=30), "60": timedelta(hours=1)}


class Result(Choice):
    """What a sync came to, in groups."""

    title = "Result"
    parameter = "result"
    options = (
        *((key, words) for key, words in RESULTS.items() if key != "late"),
        *((str(code), f"{code} {words}") for code, words in CODES.items() if code >= 4000),
    )

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the group, or of one code."""
        match self.value:
            case "running":
                return rows.filter(finished_at__isnull=True)
            case "written":
                return rows.filter(code=WRITTEN)
            case "nothing":
                return rows.filter(code=NOTHING_TO_WRITE)
            case "failed":
                return rows.filter(code__gte=4000)
            case code if code in dict(self.options):
                return rows.filter(code=int(code), code__gte=4000)
            case _:
                return rows.none()


class Trigger(Choice):
    """What caused it."""

    title = "Caused by"
    parameter = "trigger"
    lookup = "trigger"
    options = tuple(TRIGGERS.items())


class Started(Days):
    """When it began."""

    title = "Began"
    parameter = "began"
    lookup = "started_at"


class DaysCovered(Days):
    """The last business day that it was for."""

    title = "Through business day"
    parameter = "covers"
    lookup = "through_day"
    needs = ("company",)
    is_date = True


class Longer(Choice):
    """How long it took."""

    title = "Took longer than"
    parameter = "longer"
    hint = "Any time"
    options = (("10", "10 minutes"), ("30", "30 minutes"), ("60", "1 hour"))

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that took longer."""
        if self.value not in _LONGER:
            return rows.none()
        took = ExpressionWrapper(F("finished_at") - F("started_at"), DurationField())
        longer: QuerySet[Any] = rows.alias(took=took).filter(took__gt=_LONGER[self.value])
        return longer


class OfPlatform(Platform):
    """With a connection to this platform."""

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Companies that have one."""
        return rows.filter(Exists(Connection.objects.filter(company=OuterRef("company"), platform=self.value)))


class FailedItems(Choice):
    """Whose documents are refused now."""

    title = "Documents"
    parameter = "items"
    options = (("refused", "Some refused now"), ("unknown", "Some of unknown outcome"))

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """From the items to their syncs: there are few of them."""
        if self.value not in dict(self.options):
            return rows.none()
        among = PushItem.objects.filter(state=self.value)
        if (partner_id := partner_scope(self.request.user)) is not None:
            among = among.filter(company__partner=partner_id)
        if said := self.request.GET.get("company", "").strip():
            among = among.filter(company__in=companies_said(said, Company.objects.order_by()).values("pk"))
        items = among.order_by("-document")[:MOST_REFUSED].values_list("document__posting", flat=True)
        acts = Posting.objects.filter(pk__in=list(items)).values_list("act", flat=True)
        return rows.filter(public_id__in=set(acts))


class ErrorCode(Exactly):
    """The code of what ended it."""

    title = "Error code"
    parameter = "error"
    lookup = "failure_code"
    hint = "account_archived …"


class ErrorWords(Exactly):
    """Words in the sentence of what ended it."""

    title = "Error says"
    parameter = "says"
    needs = ("company", "began_from", "error")

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Among those that failed."""
        return rows.filter(code__gte=4000, failure_sentence__icontains=self.value)


@admin.register(Sync)
class SyncAdmin(ReadOnly):
    list_display = ("began", "result", "company_name", "cause", "days", "documents", "took", "sentence")
    list_display_links = ("began",)
    list_filter = (
        *(OfCompany, OfPartner, Result, Trigger, Started, OfPlatform),
        *(DaysCovered, Longer, FailedItems, ErrorCode, ErrorWords),
    )
    list_select_related = ("company__partner",)
    looked_up = ("public_id",)
    search_help_text = "The id of a sync"
    ordering = ("-started_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sync]:
        """Without what only the page of one sync shows."""
        return super().get_queryset(request).defer("failure_remedy")

    def page_of(self, sync: Sync) -> str:
        """Its page."""
        return reverse("admin:console-sync", args=(sync.public_id,))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of the sync, which has an address of its own."""
        known = object_id if object_id.isascii() and object_id.isdigit() and len(object_id) < 19 else "0"
        sync = self.get_queryset(request).filter(pk=int(known)).first()
        return redirect(self.page_of(sync) if sync else reverse("admin:commerce_sync_sync_changelist"))

    @admin.display(description="Began")
    def began(self, sync: Sync) -> str:
        """When it began, UTC."""
        return f"{sync.started_at:%d %b %Y %H:%M}"

    @admin.display(description="Result")
    def result(self, sync: Sync) -> SafeString:
        """The group of its code."""
        found = result_of(sync)
        return format_html('<span class="list-badge {}">{}</span>', found, RESULTS[found])

    @admin.display(description="Company")
    def company_name(self, sync: Sync) -> SafeString:
        """With its partner, and a link to the syncs of this company alone."""
        address = f"{reverse('admin:commerce_sync_sync_changelist')}?company={sync.company.public_id}"
        return format_html(
            '<a href="{}">{}</a><br><small>{}</small>', address, sync.company.name, sync.company.partner.name
        )

    @admin.display(description="Caused by")
    def cause(self, sync: Sync) -> str:
        """In words."""
        return TRIGGERS.get(sync.trigger, sync.trigger)

    @admin.display(description="Days")
    def days(self, sync: Sync) -> str:
        """The business days that it was for."""
        ends = [f"{day:%d %b %Y}" for day in (sync.from_day, sync.through_day) if day]
        return " – ".join(dict.fromkeys(ends))

    @admin.display(description="Written")
    def documents(self, sync: Sync) -> int:
        """Documents that arrived at the accounting software."""
        return int(sync.counts.get("written", 0))

    @admin.display(description="Took")
    def took(self, sync: Sync) -> str:
        """In words."""
        return lasted(sync)

    @admin.display(description="What ended it")
    def sentence(self, sync: Sync) -> str:
        """Why it failed."""
        return sync.failure_sentence or (CODES[sync.code] if sync.code >= 4000 else "")
