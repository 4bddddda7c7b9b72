"""Levels of stock: all of a company's, with the figures that hold."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET
from rest_framework.request import Request

from commerce_sync.api.commerce.amounts import major
from commerce_sync.api.commerce.base import CommerceView, array_of
from commerce_sync.api.commerce.pushing import Pushed
from commerce_sync.api.errors import invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.proof.parameters import parameter
from commerce_sync.api.stock.reading import plain
from commerce_sync.api.stock.shapes import StockLevel
from commerce_sync.api.view import ApiView, answer
from connectors.stock_wanted import EFFECTIVE
from ledger import sql

STATUSES: Final = ("all", "low")

_LEVELS: Final = f"""
    SELECT link.public_id, known.item_id, known.location_id, known.name, known.sku, known.location, known.on_hand,
        known.threshold, known.unit_cost, known.currency, known.counted_at, known.low_since,
        coalesce(bought.reference, ''), count(*) OVER ()
    FROM ({EFFECTIVE}) known
    JOIN connectors_connection link ON link.id = known.connection_id
    LEFT JOIN connectors_purchaseorder bought ON bought.id = known.ordered_in_id
    WHERE NOT %s OR known.low_since IS NOT NULL
    ORDER BY known.id OFFSET %s LIMIT %s
"""  # noqa: S608  (constants)


class StockLevels(ApiView):
    """What is where."""

    @operation(
        "list-stock-levels", "List stock levels", tag="Stock", answers=StockLevel, paged=True, errors=(404,),
        query=(parameter("status", "Which: all (default), or those that are low.",
                         {"type": "string", "enum": [*STATUSES], "default": "all"}),),
    )  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """How many of each thing are at each place, as far as linked sources have told, with the threshold and the cost
        that hold."""
        company, paging = self.company(companyId), read_paging(request)
        status = request.query_params.get("status", "all")
        if status not in STATUSES:
            raise invalid(f"status must be one of {', '.join(STATUSES)}.", ("status", f"{status[:40]!r} is not"))
        rows = sql.rows(_LEVELS, (company.pk, status == "low", paging.offset, paging.size))
        counted = rows or sql.rows(_LEVELS, (company.pk, status == "low", 0, 1))  # of a page after the last one
        total = counted[0][-1] if counted else 0
        return answer(page_of([_level(row) for row in rows], total, paging, request))


def _level(row: tuple[Any, ...]) -> StockLevel:
    on_hand, threshold, unit_cost, currency, counted_at, low_since, reference = row[6:13]
    return StockLevel(
        connection_id=row[0],
        item_id=row[1],
        location_id=row[2],
        name=row[3],
        sku=row[4],
        location=row[5],
        on_hand=UNSET if on_hand is None else plain(on_hand),
        threshold=UNSET if threshold is None else plain(threshold),
        unit_cost=UNSET if unit_cost is None else major(unit_cost, currency),
        currency=UNSET if unit_cost is None else currency,
        counted_at=counted_at or UNSET,
        low_since=low_since or UNSET,
        order_reference=reference or UNSET,
    )


class PushedStock(CommerceView):
    """Stock that a partner tells of."""

    @operation("push-stock-levels", "Push stock levels", tag="Stock", answers=Pushed, body=array_of("StockLevel"),
               errors=(404, 409))  # fmt: skip
    def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """How many there are now, for connections to the platform `partner`: a JSON array of at most 5,000. Of each row
        `productVariantRef.id` or `productRef.id` says of what and `locationRef.id` where; `onHand`, `reorderLevel` and
        `unitCost` (with `currency`) what is known: absent is not said, and what was known stays. `isTracked: false`
        ends the counting, `isDiscontinued: true` says that the thing is no longer sold. `sourceModifiedDate` is when it
        was counted: an older row takes nothing away from a newer one."""
        return self.push(request, companyId, connectionId, "stockLevels")


urlpatterns = [
    path("companies/<str:companyId>/connections/<str:connectionId>/data/commerce-stockLevels", PushedStock.as_view()),
    path("companies/<str:companyId>/stock/levels", StockLevels.as_view()),
]
