"""The filters of the ledger's lists at the console, each of which has its index."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from ledger.admin_filters import Choice, Days, Exactly, OfCompany, OfPartner
from ledger.models import Source
from ledger.models.document import KINDS as DOCUMENT_KINDS
from ledger.models.record import KIND_CHOICES
from ledger.problems import CATALOG


class PartnerOfRow(OfPartner):
    """Rows that have their partner themselves."""

    path = "partner_id"


class RecordsOfCompany(OfCompany):
    """By source, as the indexes of records have it. A partner's people choose a company: theirs may be few among
    many, and no index has the records of a partner."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The newest of all for people of ours; else those of the companies that are asked for."""
        member = getattr(request.user, "member", None)
        if not self.value and member is not None and member.partner_id is not None:
            self.note = "Choose a company: all records together are too many to be searched."
            return queryset.none()
        return super().queryset(request, queryset)

    def of(self, rows: QuerySet[Any], ids: list[int]) -> QuerySet[Any]:
        """By source, as the indexes have it."""
        return rows.filter(source_id__in=list(Source.objects.filter(company_id__in=ids).values_list("pk", flat=True)))


class RecordKind(Choice):
    """The kind of a record."""

    title = "Kind"
    parameter = "kind"
    lookup = "kind"
    needs = ("company",)
    options = KIND_CHOICES


class RecordId(Exactly):
    """What the platform calls it."""

    title = "Platform's id"
    parameter = "number"
    lookup = "external_id"
    needs = ("company",)


class Versions(Choice):
    """Current and former versions have indexes of their own."""

    title = "Versions"
    parameter = "versions"
    hint = "Current"
    needs = ("company",)
    options = (("former", "Former"),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The current ones, of one company, unless the former are asked for."""
        if self.value or not request.GET.get("company", "").strip():
            return super().queryset(request, queryset)
        return queryset.filter(superseded=False)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The former ones."""
        return rows.filter(superseded=True)


class DocumentKind(Choice):
    """The kind of a document."""

    title = "Kind"
    parameter = "kind"
    lookup = "kind"
    needs = ("company",)
    options = tuple((kind, kind.replace("_", " ")) for kind in DOCUMENT_KINDS)


class DocumentDays(Days):
    """The date of a document."""

    title = "Dated"
    parameter = "dated"
    lookup = "date"
    is_date = True
    needs = ("company",)


class ProblemCode(Choice):
    """The code of a problem."""

    title = "What"
    parameter = "code"
    lookup = "code"
    options = tuple((code, code.replace("_", " ")) for code in sorted(CATALOG))


class ProblemState(Choice):
    """Open ones only, unless all are asked for."""

    title = "State"
    parameter = "state"
    hint = "Open"
    needs = ("company",)
    options = (("any", "Open and resolved"),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The open ones, unless all are asked for."""
        if self.value != "any":
            return queryset.filter(resolved_at__isnull=True)
        return super().queryset(request, queryset)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """All of them."""
        return rows


class AuditCode(Exactly):
    """The dotted code."""

    title = "What"
    parameter = "code"
    lookup = "code"
    hint = "sync.paused …"


class AuditDays(Days):
    """When it happened."""

    title = "Days"
    parameter = "at"
    lookup = "at"
    needs = ("company", "code")
