"""Rows that only tell names: products, categories, tax rates, payment methods, locations, customers."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from msgspec import Struct

from connectors.commerce import _partner_wire as wire
from connectors.commerce._partner_reading import Unfit

# Dataset → kind of reference.
KINDS: Final = {
    "products": "product",
    "productCategories": "category",
    "taxComponents": "tax_rate",
    "paymentMethods": "tender",
    "locations": "location",
    "customers": "customer",
}
_UNSAID: Final[tuple[object, ...]] = (None, "", {}, [])
_PPM: Final = Decimal("0.000001")
_EXACT: Final = Context(prec=15, traps=[InvalidOperation])


class ReferenceRow(Struct, frozen=True):
    """What a row tells about one thing. `facts` are JSON values, never contact data of customers."""

    kind: str
    id: str
    name: str
    facts: dict[str, Any]


def reference_of(kind: str, row: wire.Reference) -> ReferenceRow:
    """The name and the facts in `row`."""
    name = row.name or row.customer_name or ""
    facts = {key: value for key, value in _facts(kind, row).items() if value not in _UNSAID}
    return ReferenceRow(kind, str(row.id), name, facts)


def _facts(kind: str, row: wire.Reference) -> dict[str, Any]:
    if kind == "product":
        skus = {str(variant.id): variant.sku for variant in row.variants or () if variant.sku}
        categories = [ref.name or str(ref.id) for ref in row.product_category_refs or ()]
        category = row.categorization or (categories[0] if categories else "")
        only = next(iter(skus.values())) if len(skus) == 1 else ""
        return {"category": category, "is_gift_card": row.is_gift_card, "skus": skus, "sku": only}
    if kind == "tax_rate":
        return {} if row.rate is None else {"rate_ppm": _ppm(row.rate), "is_compound": row.is_compound}
    if kind == "category":
        return {"ancestors": [str(ref.id) for ref in row.ancestor_refs or ()]}
    return {"status": row.status} if kind == "tender" else {}


def _ppm(rate: wire.Amount) -> int:
    """A rate given as a fraction of the net price, in millionths."""
    try:
        return int(_EXACT.quantize(Decimal(rate), _PPM).scaleb(6))
    except (ArithmeticError, ValueError):
        raise Unfit("out_of_range", rate, facts={"amount": str(Decimal(rate))[:40]}) from None
