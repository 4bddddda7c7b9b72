"""What an account at Stripe calls its things: products, rates of tax, and the places where its readers are."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Raw

from connectors.commerce import _stripe_wire as wire
from connectors.named import Thing
from connectors.session import MapContext
from connectors.stamps import read

KINDS: Final = {"products": "product", "tax_rates": "tax_rate", "locations": "location"}


def no_record(row: Any, context: MapContext) -> None:
    """A row of names: read for its shape."""


def named(dataset: str, row: bytes | Raw) -> Thing | None:
    """What a row of names tells; None for a row of something else. Raises as `stamps.read` does."""
    kind = KINDS.get(dataset)
    if kind is None:
        return None
    found: wire.Named = read(wire.Named, row)
    return Thing(kind, found.id, found.name or found.display_name or found.id, _facts(found, kind))


def _facts(found: wire.Named, kind: str) -> dict[str, Any]:
    percentage = found.percentage
    if kind != "tax_rate" or percentage is None or not percentage.is_finite() or not 0 <= percentage <= 1_000:
        return {}
    return {"rate_ppm": int((percentage * 10_000).to_integral_value())}
