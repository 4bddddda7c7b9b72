"""Purchase orders that were drafted for what runs out."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET
from rest_framework.request import Request

from commerce_sync.api.commerce.amounts import major
from commerce_sync.api.errors import conflict, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.stock import shapes
from commerce_sync.api.stock.reading import plain
from commerce_sync.api.view import ApiView, answer, as_uuid
from connectors.models import PurchaseOrder
from connectors.ordering import NotRefused, release_order
from connectors.ordering_body import Line, read_lines

FIELDS: Final = {
    "reference": Field("reference"),
    "state": Field("state"),
    "supplierId": Field("supplier"),
    "createdAt": Field("created_at", "instant"),
}


class PurchaseOrders(ApiView):
    """What was ordered."""

    @operation("list-purchase-orders", "List purchase orders", tag="Stock", answers=shapes.PurchaseOrder, paged=True,
               filtered=True, errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The purchase orders that were drafted, or are to be, newest first. `query` and `orderBy` know reference,
        state, supplierId and createdAt."""
        company, paging = self.company(companyId), read_paging(request)
        rows = PurchaseOrder.objects.filter(company=company).order_by("-pk")
        rows = filtered(rows, FIELDS, request, "PurchaseOrder")
        found = [_order(row) for row in rows[paging.offset : paging.offset + paging.size]]
        return answer(page_of(found, rows.count(), paging, request))


class RetriedOrder(ApiView):
    """One that was refused, once more."""

    @operation("retry-purchase-order", "Retry a purchase order", tag="Stock", answers=shapes.PurchaseOrder,
               errors=(404, 409))  # fmt: skip
    def post(self, request: Request, companyId: str, purchaseOrderId: str) -> HttpResponse:
        """Let the next sync order what a refused order asks for, under the rules as they are then. One that may have
        arrived after all is looked up first."""
        company = self.company(companyId)
        wanted = as_uuid(purchaseOrderId, "purchase order")
        try:
            return answer(_order(release_order(company=company, order_id=wanted, actor=self.actor)))
        except PurchaseOrder.DoesNotExist:
            raise missing("purchase order", purchaseOrderId) from None
        except NotRefused as error:
            raise conflict(f"The purchase order {error} was not refused; there is nothing to try again.") from None


def _order(row: PurchaseOrder) -> shapes.PurchaseOrder:
    failure: dict[str, Any] = {}
    if row.failure_code:
        failure = {"sentence": row.failure_sentence, "remedy": row.failure_remedy, "turn": row.failure_turn}
    return shapes.PurchaseOrder(
        id=row.public_id,
        reference=row.reference,
        state=row.state,
        supplier_id=row.supplier,
        currency=row.currency,
        ordered_on=row.ordered_on,
        created_at=row.created_at,
        lines=[_line(line, row.currency) for line in read_lines(row.lines)],
        remote_id=row.remote_id or UNSET,
        url=row.url or UNSET,
        **failure,
    )


def _line(line: Line, currency: str) -> shapes.PurchaseOrderLine:
    return shapes.PurchaseOrderLine(
        item_id=line.item_id,
        location_id=line.location_id,
        description=line.description,
        sku=line.sku,
        quantity=plain(line.quantity),
        unit_cost=UNSET if line.unit_cost is None else major(line.unit_cost, currency),
    )


urlpatterns = [
    path("companies/<str:companyId>/stock/purchase-orders", PurchaseOrders.as_view()),
    path("companies/<str:companyId>/stock/purchase-orders/<str:purchaseOrderId>/retry", RetriedOrder.as_view()),
]
