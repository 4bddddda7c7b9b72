"""What holds of each level of stock: the source's figures, and the company's rules over them, in one question.

A figure is the rule's for the thing, else the source's at the location, else the source's for all locations, else the
company's rule for all; a cost has no rule for all. Where a source says that a location has no threshold, the one that
it has for all the others does not hold there. Things of connections that are no longer linked are left out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, LiteralString, NamedTuple

from ledger import sql

MOST_AT_ONCE: Final = 1_000

# The columns of `Wanted` of every level of one company; its parameter is the company.
EFFECTIVE: LiteralString = """
    SELECT level.id, link.id AS connection_id, level.item_id, level.location_id,
        coalesce(nullif(level.name, ''), nullif(named.name, ''), nullif(level.sku, ''), level.item_id) AS name,
        coalesce(nullif(level.sku, ''), named.detail ->> 'sku', '') AS sku,
        coalesce(nullif(place.name, ''), level.location_id) AS location,
        level.on_hand,
        coalesce(own.threshold, level.threshold, CASE WHEN level.threshold_at IS NULL THEN everywhere.threshold END,
            general.threshold) AS threshold,
        coalesce(own.reorder_quantity, general.reorder_quantity) AS reorder_quantity,
        coalesce(nullif(own.supplier, ''), general.supplier, '') AS supplier,
        coalesce(nullif(own.account, ''), general.account, '') AS account,
        coalesce(own.unit_cost, level.unit_cost, everywhere.unit_cost) AS unit_cost,
        CASE WHEN own.unit_cost IS NOT NULL THEN own.currency WHEN level.unit_cost IS NOT NULL THEN level.currency
            ELSE coalesce(everywhere.currency, '') END AS currency,
        level.counted_at, level.low_since, level.ordered_in_id
    FROM connectors_connection link
    JOIN connectors_stocklevel level ON level.connection_id = link.id
    LEFT JOIN connectors_stocklevel everywhere ON everywhere.connection_id = level.connection_id
        AND everywhere.item_id = level.item_id AND everywhere.location_id = '' AND level.location_id <> ''
    LEFT JOIN connectors_stockrule own ON own.company_id = link.company_id AND own.connection_id = link.id
        AND own.item_id = level.item_id
    LEFT JOIN connectors_stockrule general ON general.company_id = link.company_id AND general.connection_id IS NULL
    LEFT JOIN LATERAL (
        SELECT reference.name, reference.detail FROM connectors_reference reference
        WHERE reference.connection_id = link.id AND reference.external_id = level.item_id
            AND reference.kind IN ('variation', 'product') ORDER BY reference.kind DESC LIMIT 1) named ON true
    LEFT JOIN connectors_reference place ON place.connection_id = link.id AND place.kind = 'location'
        AND place.external_id = level.location_id
    WHERE link.company_id = %s AND link.kind = 'commerce' AND link.status = 'Linked'
"""


class Wanted(NamedTuple):
    """One level that is low, with all that holds of it. `unit_cost` is in minor units of `currency`."""

    level_id: int
    connection_id: int
    item_id: str
    location_id: str
    name: str
    sku: str
    location: str
    on_hand: Decimal
    threshold: Decimal
    reorder_quantity: Decimal | None
    supplier: str
    account: str
    unit_cost: int | None
    currency: str


def low_levels(company_id: int) -> list[Wanted]:
    """The levels that are low and that nobody has ordered more of, in a stable order."""
    found = sql.rows(
        f"""SELECT id, connection_id, item_id, location_id, name, sku, location, on_hand, threshold, reorder_quantity,
                supplier, account, unit_cost, currency
            FROM ({EFFECTIVE}) known
            WHERE low_since IS NOT NULL AND ordered_in_id IS NULL AND threshold IS NOT NULL AND on_hand IS NOT NULL
            ORDER BY id LIMIT %s""",  # noqa: S608  (constants)
        (company_id, MOST_AT_ONCE),
    )
    return [Wanted(*row) for row in found]
