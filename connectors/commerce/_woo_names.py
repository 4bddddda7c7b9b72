"""What a WooCommerce shop calls its things: products with their category, rates of tax, gateways."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from connectors.commerce import _woo_wire as wire
from connectors.commerce._woo_lines import rate_ppm
from connectors.named import Thing
from connectors.session import MapContext
from connectors.stamps import read


def no_record(row: Any, context: MapContext) -> None:
    """A row of names: read for its shape."""


def named(dataset: str, row: bytes | Raw) -> Thing | None:
    """What a row of names tells; None for a row of something else. Raises as `stamps.read` does."""
    if dataset == "products":
        product: wire.Product = read(wire.Product, row)
        category = product.categories[0].name or "" if product.categories else ""
        facts = {"category": category, "type": product.type or ""}
        return Thing("product", str(product.id), product.name or "", facts)
    if dataset == "variations":
        variation: wire.Product = read(wire.Product, row)
        facts = {"product": str(variation.parent_id or ""), "sku": variation.sku or ""}
        return Thing("variation", str(variation.id), variation.name or variation.sku or "", facts)
    if dataset == "categories":
        found: wire.Category = read(wire.Category, row)
        return Thing("category", str(found.id), found.name or "")
    if dataset == "taxes":
        tax: wire.TaxRate = read(wire.TaxRate, row)
        return Thing("tax_rate", str(tax.id), tax.name or "", {"rate_ppm": rate_ppm(tax.rate)})
    if dataset == "bells":
        bell: wire.Webhook = read(wire.Webhook, row)
        facts = {"status": bell.status or "", "topic": bell.topic or "", "url": bell.delivery_url or ""}
        return Thing("webhook", str(bell.id), bell.name or bell.topic or "", facts)
    if dataset == "payment_gateways":
        gateway: wire.Gateway = read(wire.Gateway, row)
        return Thing("tender", gateway.id, gateway.title or gateway.method_title or "")
    return None
