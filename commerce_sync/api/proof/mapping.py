"""The versions of a company's mapping: who changed what and why, each version whole, and how two of them differ."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec
from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, UnsetType
from rest_framework.request import Request

from commerce_sync.api.errors import invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.proof.parameters import parameter
from commerce_sync.api.shape import Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.explain_documents import account_names
from ledger.book import Book, difference
from ledger.models import BookVersion, Company

TAG: Final = "Mapping"
MOST_FIELDS: Final = 200  # named in a list
MOST_DIGITS: Final = 9
FIELDS: Final = {
    "number": Field("number", "number"),
    "author": Field("author"),
    "reason": Field("reason"),
    "createdAt": Field("created_at", "instant"),
}


class MappingVersionSummary(Shape):
    """A version of the mapping. ``changed_fields`` names at most 200 of the ``change_count`` fields that it changed."""

    number: int
    author: str
    reason: str
    created_at: datetime
    is_in_force: bool
    change_count: int
    changed_fields: list[str]


class MappingAccount(Shape):
    """The account of a role ("sales:food", "tender:card"); with ``currency`` for amounts in that one alone."""

    role: str
    account_id: str
    account_name: str
    currency: str | UnsetType = UNSET


class MappingTaxCode(Shape):
    """The accounting software's code for a tax, from a day on."""

    tax: str
    code: str
    from_day: date | UnsetType = UNSET


class MappingTracking(Shape):
    """A dimension of the accounting software that locations or channels are mapped to."""

    dimension: str
    by: str
    options: dict[str, str]


class MappingDays(Shape):
    """From a day on, business days are cut at this hour of the clock in this zone."""

    from_day: date
    zone: str
    cutoff_hour: int


class MappingVersion(Shape):
    """A version of the mapping, whole: how the company's sales were to be kept while it was in force.

    ``policy`` has all the switches. ``suspense`` is the account that takes what no account is chosen for.
    """

    number: int
    author: str
    reason: str
    created_at: datetime
    is_in_force: bool
    currency: str
    mode: str
    business_days: list[MappingDays]
    accounts: list[MappingAccount]
    tax_codes: list[MappingTaxCode]
    tracking: list[MappingTracking]
    policy: dict[str, Any]
    suspense: str
    customer: str
    supplier: str
    start_on: date | UnsetType = UNSET


class MappingChange(Shape):
    """A field that differs; null where it is absent."""

    field: str
    before: str | None
    after: str | None


class MappingDifferences(Shape):
    """What differs between two versions. ``compared_with`` 0 is no mapping at all."""

    number: int
    compared_with: int
    changes: list[MappingChange]


class _MappingView(ApiView):
    def version(self, company: Company, said: str) -> BookVersion:
        """The version with this number; raises `ApiError` 404."""
        proper = said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS
        found = BookVersion.objects.filter(company=company, number=int(said)).first() if proper else None
        if found is None:
            raise missing("mapping version", said[:100])
        return found


class MappingVersions(ApiView):
    """All versions."""

    @operation("list-mapping-versions", "List mapping versions", tag=TAG, answers=MappingVersionSummary, paged=True,
               filtered=True, errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The versions of a company's mapping, the one in force first; none before the company is configured.

        `query` and `orderBy` know number, author, reason and createdAt.
        """
        company, paging = self.company(companyId), read_paging(request)
        versions = BookVersion.objects.filter(company=company).defer("body").order_by("-number")
        rows = filtered(versions, FIELDS, request, "MappingVersion")
        latest = versions.values_list("number", flat=True).first()
        results = [_summary(row, latest) for row in rows[paging.offset : paging.offset + paging.size]]
        return answer(page_of(results, rows.count(), paging, request))


class MappingVersionByNumber(_MappingView):
    """One version."""

    @operation("get-mapping-version", "Get mapping version", tag=TAG, answers=MappingVersion, errors=(404,))
    def get(self, request: Request, companyId: str, number: str) -> HttpResponse:
        """A version of a company's mapping: accounts by role, tax codes, tracking, policy."""
        company = self.company(companyId)
        row = self.version(company, number)
        latest = BookVersion.objects.filter(company=company).order_by("-number").values_list("number", flat=True)[0]
        return answer(_whole(row, row.number == latest, account_names(company.pk)))


class MappingDifference(_MappingView):
    """Two versions compared."""

    @operation(
        "get-mapping-differences",
        "Compare mapping versions",
        tag=TAG,
        answers=MappingDifferences,
        errors=(404,),
        query=(parameter("with", "The version to compare with, 0 for none; by default the one before it.", int),),
    )
    def get(self, request: Request, companyId: str, number: str) -> HttpResponse:
        """What a version says otherwise than another one, field by field."""
        company = self.company(companyId)
        row, said = self.version(company, number), request.query_params.get("with")
        if said is not None and not (said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS):
            raise invalid("with must be the number of a version.", ("with", f"{said[:40]!r} is none"))
        other = row.number - 1 if said is None else int(said)
        before: Book | None = self.version(company, str(other)).book if other else None
        changes = [
            MappingChange(field=each.field, before=each.before or None, after=each.after or None)
            for each in difference(before, row.book)
        ]
        return answer(MappingDifferences(number=row.number, compared_with=other, changes=changes))


def _summary(row: BookVersion, latest: int | None) -> MappingVersionSummary:
    return MappingVersionSummary(
        number=row.number,
        author=row.author,
        reason=row.reason,
        created_at=row.created_at,
        is_in_force=row.number == latest,
        change_count=len(row.difference),
        changed_fields=[change["field"] for change in row.difference[:MOST_FIELDS]],
    )


def _whole(row: BookVersion, is_in_force: bool, names: dict[str, str]) -> MappingVersion:
    book = row.book
    return MappingVersion(
        number=row.number,
        author=row.author,
        reason=row.reason,
        created_at=row.created_at,
        is_in_force=is_in_force,
        currency=book.currency,
        mode=book.mode,
        business_days=[
            MappingDays(from_day=rule.from_day, zone=rule.zone, cutoff_hour=rule.cutoff_hour) for rule in book.days
        ],
        accounts=[_account(name, account, names) for name, account in sorted(book.accounts.items())],
        tax_codes=[
            MappingTaxCode(tax=each.tax, code=each.code, from_day=UNSET if each.from_day == date.min else each.from_day)
            for each in book.tax_codes
        ],
        tracking=[MappingTracking(dimension=t.dimension, by=t.by, options=t.options) for t in book.tracking],
        policy={name: msgspec.to_builtins(getattr(book.policy, name)) for name in book.policy.__struct_fields__},
        suspense=book.suspense,
        customer=book.customer,
        supplier=book.supplier,
        start_on=book.start_on or UNSET,
    )


def _account(name: str, account: str, names: dict[str, str]) -> MappingAccount:
    role, _, currency = name.partition("@")
    return MappingAccount(
        role=role, account_id=account, account_name=names.get(account, account), currency=currency or UNSET
    )


_ROOT: Final = "companies/<str:companyId>/mapping/versions"
urlpatterns = [
    path(_ROOT, MappingVersions.as_view()),
    path(f"{_ROOT}/<str:number>", MappingVersionByNumber.as_view()),
    path(f"{_ROOT}/<str:number>/differences", MappingDifference.as_view()),
]
