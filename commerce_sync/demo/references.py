"""What a merchant calls its things, in the published shapes: products, categories, taxes, methods, locations."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from commerce_sync.demo.merchants import Merchant
from commerce_sync.demo.pricing import Row, major
from commerce_sync.demo.sales import method_id


def reference_batches(merchant: Merchant, modified: str) -> Iterator[tuple[str, list[Row]]]:
    """One batch per dataset of names; sales refer to these, so they come first. ``modified`` is an instant as text
    (the contract has none on products)."""
    dated = {"modifiedDate": modified, "sourceModifiedDate": modified}
    categories = list(dict.fromkeys(item.category for item in merchant.items))
    category_ids = {name: f"{merchant.key}-c{number}" for number, name in enumerate(categories, 1)}
    yield (
        "productCategories",
        [
            {"id": category_id, "name": name, "ancestorRefs": [], "hasChildren": False, **dated}
            for name, category_id in category_ids.items()
        ],
    )
    yield (
        "taxComponents",
        [
            {"id": tax.id, "name": tax.name, "rate": Decimal(tax.rate_ppm).scaleb(-6), "isCompound": False, **dated}
            for tax in merchant.taxes
        ],
    )
    names = ("Card", "Cash", "Gift card", "Store credit", "Bank transfer", merchant.wallet[1])
    yield ("paymentMethods", [{"id": method_id(merchant, n), "name": n, "status": "Active", **dated} for n in names])
    yield ("locations", [{"id": place, "name": name, **dated} for place, name in merchant.locations])
    yield (
        "products",
        [
            {
                "id": item.id,
                "name": item.name,
                "categorization": item.category,
                "isGiftCard": item.is_gift_card,
                "variants": [
                    {
                        "id": f"{item.id}-v",
                        "name": item.name,
                        "sku": item.id.upper(),
                        "prices": [{"currency": merchant.currency, "unitPrice": major(merchant, item.price)}],
                        "status": "Published",
                    }
                ],
            }
            for item in merchant.items
        ],
    )
