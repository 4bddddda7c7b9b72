"""What an account at Stripe calls its things: products, rates of tax, and the places where its readers are."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Raw

from connectors.commerce import _stripe_parts as parts
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
    rate = parts.rate_ppm(found.percentage) if kind == "tax_rate" else None
    return {} if rate is None else {"rate_ppm": rate}
