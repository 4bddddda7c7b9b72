"""What Shopify calls its things, gift cards that nobody bought, and orders of which only a trace is left."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from connectors.commerce import _shopify_lines as parts
from connectors.commerce import _shopify_wire as wire
from connectors.errors import MappingProblem
from connectors.named import Thing
from connectors.session import MapContext
from connectors.stamps import read
from connectors.vocabulary import choice
from ledger.commerce import Deleted, GiftCardChange


def no_record(row: Any, context: MapContext) -> None:
    """A row of names: read for its shape."""


def location(row: bytes | Raw) -> Thing:
    """A location, active or not: its last sales are still there."""
    place: wire.Location = read(wire.Location, row)
    country = place.address.country_code if place.address is not None else None
    return Thing("location", place.legacy_resource_id, place.name, {"country": country or ""})


def gift_card_records(row: wire.GiftCard, context: MapContext) -> list[GiftCardChange]:
    """A gift card that was given away; one that was bought is a line of its order."""
    if (
        row.order is not None
        or choice(context.settings, "gift_cards_without_order", parts.UNPAID_GIFT_CARDS) != "issued_free"
    ):
        return []
    currency = parts.currency_of(row.initial_value.currency_code, "$.initialValue.currencyCode")
    worth = parts.amount(row.initial_value, currency, "$.initialValue")
    return [GiftCardChange(row.id, currency, row.created_at, row.created_at, worth, "issued_free")] if worth else []


def deleted_order(row: wire.Event, context: MapContext) -> Deleted | None:
    """The end of an order that was deleted; nothing for other events."""
    if row.action != "destroy" or row.subject_type != "ORDER":
        return None
    if row.subject_id is None or not parts.number(row.subject_id).isdigit():
        raise MappingProblem("malformed", "$.subjectId", "it does not say which order was deleted")
    return Deleted(parts.number(row.subject_id), context.currency, row.created_at, row.created_at)
