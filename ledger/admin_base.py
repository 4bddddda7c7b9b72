"""What every page of rows at the console stands on: nothing is edited there, nobody sees another partner's rows, and no
big table is counted, sorted or searched without an index."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from ledger.admin_filters import Narrowing

MOST_COUNTED: Final = 500
"""Ten pages: who looks for something farther away narrows the list."""


def partner_scope(user: AbstractBaseUser | AnonymousUser) -> int | None:
    """The partner whose rows this person may see; None: those of all partners.

    Raises PermissionDenied for whoever is not said to be one of ours or of a partner's: nobody sees everything by
    mistake.
    """
    if getattr(user, "is_superuser", False):
        return None
    member = getattr(user, "member", None)
    if member is None:
        raise PermissionDenied("Nobody has said yet in which role you work here. An administrator can.")
    partner_id: int | None = member.partner_id
    return partner_id


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic for mypy only
    """Counts at most `MOST_COUNTED` rows: who looks for something farther away narrows the list."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most `MOST_COUNTED`."""
        if isinstance(self.object_list, QuerySet):
            return self.object_list[:MOST_COUNTED].count()  # in its order, whose index can stop there
        return len(self.object_list)


class Listing(ChangeList):  # type: ignore[misc]  # unfold has no types
    """A list in the one order that its index has, whatever the address asks for. Filters of ours are a plain form above
    it (``bar``), those of Django are where unfold shows them; a row leads to its own page where there is one."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        specs: list[Any] = self.filter_specs  # type: ignore[has-type]
        self.bar = [spec for spec in specs if isinstance(spec, Narrowing)]
        self.filter_specs = [spec for spec in specs if not isinstance(spec, Narrowing)]
        self.has_filters = bool(self.filter_specs)
        known = {name for spec in self.bar for name in spec.expected_parameters()} | {"q"}
        self.kept = [
            (name, each) for name, all_of in self.filter_params.items() if name not in known for each in all_of
        ]
        self.is_narrowed_further = any(spec.is_given() for spec in self.bar[4:])
        self.is_cut = self.result_count >= MOST_COUNTED

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """That of the list: no other one has an index."""
        return self.model_admin.ordering or ("-pk",)

    def get_ordering_field_columns(self) -> dict[int, str]:
        """No column is marked: none can be chosen."""
        return {}

    def url_for_result(self, result: Model) -> str:
        """The page of a row."""
        page = getattr(self.model_admin, "page_of", None)
        return str(page(result) if page is not None else super().url_for_result(result))


class Unchangeable:
    """No adding, changing or deleting, whatever rights the user has."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class Scoped(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows of which everybody sees those of the own partner only.

    ``partner_path`` leads from the row to its partner, as in a filter; None: the rows belong to the installation, and
    a partner's people see none. ``looked_up`` are the fields in which the search finds exactly what is typed; each of
    them has an index.
    """

    partner_path: ClassVar[str | None] = "company__partner"
    looked_up: ClassVar[tuple[str, ...]] = ()
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    sortable_by: ClassVar[Any] = ()
    change_list_template = "console/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that this person may see."""
        rows: QuerySet[Any] = super().get_queryset(request)
        partner_id = partner_scope(request.user)
        if partner_id is None:
            return rows
        return rows.filter(**{self.partner_path: partner_id}) if self.partner_path is not None else rows.none()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Listing]:
        """Ours."""
        return Listing

    def get_search_fields(self, request: HttpRequest) -> Any:
        """What makes the page show a field to search in."""
        return self.search_fields or self.looked_up

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The rows that have exactly this in one of `looked_up`."""
        words = search_term.replace("\0", "").strip()
        if not words or not self.looked_up:
            rows, has_doubles = super().get_search_results(request, queryset, words)
            return rows, has_doubles
        found = Q()
        for path in self.looked_up:
            if (value := _typed(self.model, path, words)) is not None:
                found |= Q(**{path: value})
        return (queryset.filter(found) if found else queryset.none()), False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A partner's people choose among their own partner."""
        partner_id = partner_scope(request.user)
        if db_field.name == "partner" and partner_id is not None:
            kwargs["queryset"] = db_field.related_model.objects.filter(pk=partner_id)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnly(Unchangeable, Scoped):
    """Rows to be looked at. Made for big tables: newest first, no count of everything."""

    ordering: ClassVar[Any] = ("-pk",)
    actions: Any = None


class Rows(Unchangeable, TabularInline):  # type: ignore[misc]  # unfold has no types
    """Rows shown on the page of what they belong to."""


def _typed(model: type[Model], path: str, words: str) -> Any:
    """What was typed as a value of the field that the path leads to; None: it cannot be one."""
    kind = model
    *steps, last = path.split("__")
    for step in steps:
        kind = kind._meta.get_field(step).related_model  # type: ignore[assignment]
    field = kind._meta.pk if last == "pk" else kind._meta.get_field(last)
    match field.get_internal_type():
        case "UUIDField":
            try:
                return UUID(words)
            except ValueError:
                return None
        case "BigAutoField" | "AutoField" | "BigIntegerField" | "IntegerField" | "ForeignKey" | "OneToOneField":
            return int(words) if words.isascii() and words.isdigit() and len(words) < 19 else None
        case _:
            return words
