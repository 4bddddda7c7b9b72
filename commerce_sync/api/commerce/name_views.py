"""What a platform names: products, categories, taxes, payment methods, locations, customers; and whose shop it is."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.http import HttpResponse
from django.urls import URLPattern, path
from rest_framework.request import Request

from commerce_sync.api.commerce import reference_shapes as shapes
from commerce_sync.api.commerce.base import CommerceView, array_of
from commerce_sync.api.commerce.pushing import Pushed
from commerce_sync.api.commerce.references import SHAPES, company_info
from commerce_sync.api.errors import missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.view import answer
from connectors.models import Reference

_NAMED: Final = {"id": Field("external_id"), "name": Field("name"), "modifiedDate": Field("last_seen_at", "instant")}


class _Names(CommerceView):
    """Lists and single rows of one kind of names; ``dataset`` is what a push of them is called."""

    kind: ClassVar[str]
    noun: ClassVar[str]
    dataset: ClassVar[str]
    fields: ClassVar[dict[str, Field]] = _NAMED

    def listed(self, request: Request, company_id: str, connection_id: str) -> HttpResponse:
        """A page of names, by id."""
        shop, paging = self.shop(company_id, connection_id), read_paging(request)
        rows = Reference.objects.filter(connection=shop, kind=self.kind).order_by("external_id")
        rows = filtered(rows, self.fields, request, self.noun)
        found = [SHAPES[self.kind](row) for row in rows[paging.offset : paging.offset + paging.size]]
        return answer(page_of(found, rows.count(), paging, request))

    def single(self, company_id: str, connection_id: str, row_id: str) -> HttpResponse:
        """One of them; raises `ApiError` 404."""
        shop = self.shop(company_id, connection_id)
        known = Reference.objects.filter(connection=shop, kind=self.kind, external_id=row_id)
        row = None if "\0" in row_id else known.first()  # no text of PostgreSQL can hold it
        if row is None:
            raise missing(self.noun.lower(), row_id[:100])
        return answer(SHAPES[self.kind](row))


def _views(
    base: type[_Names], *, one: str, many: str, tag: str, shape: Any, parameter: str, pushed: bool = True
) -> list[URLPattern]:
    """The addresses of one dataset of names: they differ in their words alone."""

    class NameList(base):  # type: ignore[valid-type,misc]
        """A list."""

        @operation(
            f"list-{many}", f"List {many.replace('-', ' ')}", tag=tag, answers=shape, paged=True, filtered=True,
            errors=(404,),
        )  # fmt: skip
        def get(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
            """What is known of them, by id."""
            return self.listed(request, companyId, connectionId)  # type: ignore[no-any-return]

    class PushedNameList(NameList):
        """A list that takes pushes."""

        @operation(
            f"push-{many}", f"Push {many.replace('-', ' ')}", tag=tag, answers=Pushed, body=array_of(base.noun),
            errors=(404, 409),
        )  # fmt: skip
        def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
            """New and changed names: a JSON array of at most 5,000. Send names before the orders that use them."""
            return self.push(request, companyId, connectionId, self.dataset)  # type: ignore[no-any-return]

    class NameDetail(base):  # type: ignore[valid-type,misc]
        """One of them."""

        @operation(f"get-{one}", f"Get {one.replace('-', ' ')}", tag=tag, answers=shape, errors=(404,))
        def get(self, request: Request, companyId: str, connectionId: str, **row: str) -> HttpResponse:
            """What is known of it."""
            return self.single(companyId, connectionId, row[parameter])  # type: ignore[no-any-return]

    address = f"companies/<str:companyId>/connections/<str:connectionId>/data/commerce-{base.dataset}"
    return [
        path(address, (PushedNameList if pushed else NameList).as_view()),
        path(f"{address}/<path:{parameter}>", NameDetail.as_view()),
    ]


class _Products(_Names):
    kind, noun, dataset = "product", "Product", "products"
    fields = {"id": _NAMED["id"], "name": _NAMED["name"], "categorization": Field("detail__category")}


class _Categories(_Names):
    kind, noun, dataset = "category", "ProductCategory", "productCategories"


class _Taxes(_Names):
    kind, noun, dataset = "tax_rate", "TaxComponent", "taxComponents"


class _Methods(_Names):
    kind, noun, dataset = "tender", "PaymentMethod", "paymentMethods"
    fields = {**_NAMED, "status": Field("detail__status")}


class _Locations(_Names):
    kind, noun, dataset = "location", "Location", "locations"


class _Customers(_Names):
    kind, noun, dataset = "customer", "Customer", "customers"
    fields = {**_NAMED, "customerName": _NAMED["name"]}


class CompanyInfoDetail(CommerceView):
    """Whose shop it is."""

    @operation("get-company-info", "Get company info", tag="Company info", answers=shapes.CompanyInfo, errors=(404,))
    def get(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """What is known of the company behind the connection."""
        return answer(company_info(self.shop(companyId, connectionId)))


urlpatterns = [
    *_views(_Products, one="product", many="products", tag="Products", shape=shapes.Product, parameter="productId"),
    *_views(
        _Categories, one="product-category", many="product-categories", tag="Products",
        shape=shapes.ProductCategory, parameter="productId",
    ),
    *_views(
        _Taxes, one="tax-component", many="tax-components", tag="Tax components", shape=shapes.TaxComponent,
        parameter="taxId",
    ),
    *_views(
        _Methods, one="payment-method", many="payment-methods", tag="Payments", shape=shapes.PaymentMethod,
        parameter="paymentMethodId",
    ),
    *_views(
        _Locations, one="location", many="locations", tag="Locations", shape=shapes.Location, parameter="locationId"
    ),
    *_views(
        _Customers, one="customer", many="customers", tag="Customers", shape=shapes.Customer, parameter="customerId",
        pushed=False,
    ),
    path(
        "companies/<str:companyId>/connections/<str:connectionId>/data/commerce-info", CompanyInfoDetail.as_view()
    ),
]  # fmt: skip
