"""The filters of the lists of the outside at the console, each of which has its index."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from connectors.models import Connection, PushItem
from connectors.models.push_item import TROUBLED
from ledger.admin_filters import Choice, Days, Exactly, OfCompany, Platform


class OfConnectedCompany(OfCompany):
    """By connection, as the indexes have it."""

    def of(self, rows: QuerySet[Any], ids: list[int]) -> QuerySet[Any]:
        """The rows of the connections of these companies."""
        links = Connection.objects.filter(company_id__in=ids).values_list("pk", flat=True)
        return rows.filter(connection_id__in=list(links))


class ItemsOfCompany(OfCompany):
    """By the documents of the company: what is at the platform has no index of its own by company."""

    def of(self, rows: QuerySet[Any], ids: list[int]) -> QuerySet[Any]:
        """The items of the documents of these companies."""
        return rows.filter(document__company_id__in=ids)


class ItemState(Choice):
    """Where a delivery stands: what somebody may have to look at, unless something else is asked for. That is little,
    and has indexes; what has arrived is looked at company by company."""

    title = "State"
    parameter = "state"
    hint = "In trouble"
    options = tuple(PushItem.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of one company, or of one document, everything."""
        if self.value or any(request.GET.get(name, "").strip() for name in ("company", "q")):
            return super().queryset(request, queryset)
        return queryset.filter(state__in=TROUBLED)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in this state."""
        if self.value not in dict(self.options):
            return rows.none()
        if self.value == "pushed" and not self.request.GET.get("company", "").strip():
            self.note = "Choose a company as well: what has arrived is too much to be listed as a whole."
            return rows.none()
        if self.value not in ("pushed", "removed"):
            rows = rows.filter(~Q(state__in=["pushed", "removed"]))  # as the index of what is open says it
        return rows.filter(state=self.value)


class ItemFailure(Exactly):
    """The code of what the platform said, of what is refused now."""

    title = "Error code"
    parameter = "error"
    hint = "account_archived …"

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Among the refused."""
        return rows.filter(state="refused", failure_code=self.value)


class ItemTurn(Choice):
    """Whose turn it is, of what is refused now."""

    title = "Whose turn"
    parameter = "turn"
    options = (("merchant", "Merchant"), ("partner", "Partner"), ("support", "Support"), ("nobody", "Nobody"))

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Among the refused."""
        return rows.filter(state="refused", failure_turn=self.value)


class DocumentDated(Days):
    """The date of the document."""

    title = "Dated"
    parameter = "dated"
    lookup = "document__date"
    is_date = True
    needs = ("company",)


class ConnectionKind(Choice):
    """Sales or accounting."""

    title = "Kind"
    parameter = "kind"
    lookup = "kind"
    options = tuple(Connection.Kind.choices)


class ConnectionStatus(Choice):
    """Whether it works."""

    title = "Status"
    parameter = "status"
    lookup = "status"
    options = tuple(Connection.Status.choices)


class CallFailure(Choice):
    """Whether it went well."""

    title = "Went"
    parameter = "went"
    options = (("wrong", "Wrong"),)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those that failed."""
        return rows.exclude(failure="") if self.value == "wrong" else rows.none()


class CallDays(Days):
    """When it was made."""

    title = "Made"
    parameter = "made"
    lookup = "started_at"


class CallPlatform(Platform):
    """Of one platform; an index has them."""


class Dataset(Exactly):
    """The stream of a page."""

    title = "Dataset"
    parameter = "dataset"
    lookup = "dataset"
    needs = ("company",)
    hint = "orders …"


class RemoteId(Exactly):
    """What the accounting software calls it."""

    title = "Their id"
    parameter = "theirs"
    lookup = "remote_id"
    needs = ("company",)


class Agrees(Choice):
    """What reading back has said."""

    title = "Read back"
    parameter = "agrees"
    options = (("no", "Differs"), ("unread", "Not yet read"))
    needs = ("company",)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those that differ, or are not read."""
        if self.value == "no":
            return rows.filter(agrees=False)
        return rows.filter(verified_at__isnull=True) if self.value == "unread" else rows.none()


class ThingId(Exactly):
    """The id of a named thing."""

    title = "Their id"
    parameter = "theirs"
    lookup = "external_id"
    needs = ("company",)


class Code(Exactly):
    """The code of an account or rate."""

    title = "Code"
    parameter = "code"
    lookup = "code"
    needs = ("company",)


class ItemId(Exactly):
    """The id of what is kept in stock."""

    title = "Thing"
    parameter = "thing"
    lookup = "item_id"
    needs = ("company",)


class EntryReference(Exactly):
    """The reference of an entry in the built-in books."""

    title = "Reference"
    parameter = "reference"
    lookup = "reference"
    needs = ("company",)
