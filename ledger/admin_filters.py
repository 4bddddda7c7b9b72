"""How long lists are narrowed: by a plain form above the list, each field of which is served by an index.

A filter that no index serves by itself says what it `needs` beside it; without that the list stays empty and says so,
which is better than a page that takes a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final

from django.contrib.admin.filters import ListFilter
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from ledger.company_search import companies_said
from ledger.models import Company, Partner

MOST_COMPANIES: Final = 200
"""Of one name: more are no answer to a question about a merchant."""
MOST_PARTNERS: Final = 200
_EARLIEST, _LATEST = date(1900, 1, 2), date(2199, 12, 30)


class Narrowing(ListFilter):
    """One field of the form. ``kind`` is how it is shown; ``value`` what was typed or chosen, "" for nothing; ``note``
    what is to be said about it."""

    parameter: ClassVar[str] = ""
    kind: ClassVar[str] = "text"
    hint: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    options: Sequence[tuple[str, str]] = ()
    note: str = ""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.request = request
        self.model = model
        self.value = self._said(params, self.parameter)

    def has_output(self) -> bool:
        """Always."""
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        """None in Django's way."""
        return iter(())

    def expected_parameters(self) -> list[str | None]:
        """Its parameters in the address."""
        return [self.parameter]

    def is_given(self) -> bool:
        """Whether anything was chosen."""
        return bool(self.value)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are left."""
        if not self.is_given():
            return queryset
        if self.needs and not any(request.GET.get(name, "").strip() for name in self.needs):
            self.note = f"Choose {' or '.join(self.needs)} as well: the whole list is too long to be searched for this."
            return queryset.none()
        return self.narrowed(queryset)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that fit."""
        raise NotImplementedError

    def _said(self, params: dict[str, Any], name: str) -> str:
        found = params.pop(name, None)
        return str(found[-1]).replace("\0", "").strip()[:300] if found else ""


class Choice(Narrowing):
    """One of a few. ``lookup`` is the field; "" where `narrowed` says what a choice means."""

    kind = "choice"
    lookup: ClassVar[str] = ""

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the choice; none for what is not one."""
        if self.value not in dict(self.options):
            return rows.none()
        return rows.filter(**{self.lookup: self.value})


class Exactly(Narrowing):
    """What is typed, to the letter."""

    lookup: ClassVar[str] = ""

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that have it."""
        return rows.filter(**{self.lookup: self.value})


class Days(Narrowing):
    """From a day through a day, in UTC; ``lookup`` is an instant, or with ``is_date`` a date."""

    kind = "days"
    lookup: ClassVar[str] = ""
    is_date: ClassVar[bool] = False

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.first = self._said(params, f"{self.parameter}_from")
        self.last = self._said(params, f"{self.parameter}_to")

    def expected_parameters(self) -> list[str | None]:
        """Both ends."""
        return [f"{self.parameter}_from", f"{self.parameter}_to"]

    def is_given(self) -> bool:
        """Whether one of the ends was given."""
        return bool(self.first or self.last)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of these days."""
        first, last = day_of(self.first), day_of(self.last)
        if (self.first and first is None) or (self.last and last is None):
            self.note = "That is no date: write it as 2026-03-31."
            return rows.none()
        if first is not None:
            rows = rows.filter(**{f"{self.lookup}__gte": first if self.is_date else _midnight(first)})
        if last is not None:
            after = last + timedelta(days=1)
            rows = rows.filter(**{f"{self.lookup}__lt": after if self.is_date else _midnight(after)})
        return rows


class OfCompany(Narrowing):
    """The rows of the merchants of this name or id. ``lookup`` leads from the row to the id of its company."""

    title = "Company"
    parameter = "company"
    hint = "name or id"
    lookup: ClassVar[str] = "company_id"

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of these companies; those of other partners are taken out by the list itself."""
        found = companies_said(self.value, Company.objects.order_by()).values_list("pk", flat=True)
        ids = list(found[: MOST_COMPANIES + 1])
        if len(ids) > MOST_COMPANIES:
            self.note = f"More than {MOST_COMPANIES} companies are called so: say more of the name, or the id."
            return rows.none()
        return self.of(rows, ids)

    def of(self, rows: QuerySet[Any], ids: list[int]) -> QuerySet[Any]:
        """The rows of these companies."""
        return rows.filter(**{f"{self.lookup}__in": ids})


class OfPartner(Choice):
    """The rows of one partner; for people of ours only. ``path`` leads from the row to the partner."""

    title = "Partner"
    parameter = "partner"
    path: ClassVar[str] = "company__partner_id"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        member = getattr(request.user, "member", None)
        rows = Partner.objects.order_by("name").values_list("pk", "name")
        if member is not None and member.partner_id is not None:
            rows = rows.filter(pk=member.partner_id)
        self.options = [(str(pk), name) for pk, name in rows[:MOST_PARTNERS]]

    def has_output(self) -> bool:
        """Where there is a choice."""
        return len(self.options) > 1 or self.is_given()

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of this partner."""
        known = self.value in dict(self.options)
        return rows.filter(**{self.path: int(self.value)}) if known else rows.none()


class Platform(Exactly):
    """By the platform's key, such as `xero`."""

    title = "Platform"
    parameter = "platform"
    lookup = "platform"
    hint = "xero, square …"


def day_of(text: str) -> date | None:
    """A day as it is typed; None: it is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _EARLIEST <= found <= _LATEST else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
