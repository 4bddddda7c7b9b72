"""What every page of rows at the console stands on: nothing is edited there, nobody sees another partner's rows, and no
big table is counted."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin, TabularInline

MOST_COUNTED: Final = 5_000


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
            return self.object_list.order_by()[:MOST_COUNTED].count()
        return len(self.object_list)


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
    a partner's people see none.
    """

    partner_path: ClassVar[str | None] = "company__partner"
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that this person may see."""
        rows: QuerySet[Any] = super().get_queryset(request)
        partner_id = partner_scope(request.user)
        if partner_id is None:
            return rows
        return rows.filter(**{self.partner_path: partner_id}) if self.partner_path is not None else rows.none()

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
