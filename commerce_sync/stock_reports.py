"""What stock is worth, and what sales brought over what they cost: plain SQL over levels and over what is booked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, LiteralString, NamedTuple

from connectors.stock_wanted import EFFECTIVE
from ledger import sql

By = Literal["product", "category", "location", "channel"]


class Worth(NamedTuple):
    """One level: how many, what one costs and what all of it is worth, in minor units of `currency`.

    `value` is rounded half to even; it is None, with `unit_cost`, where the cost is not known.
    """

    item_id: str
    name: str
    sku: str
    location: str
    on_hand: Decimal
    unit_cost: int | None
    currency: str
    value: int | None


def valuation(company_id: int) -> list[Worth]:
    """Every level that is counted, at the cost that holds now, by name and place."""
    found = sql.rows(
        f"""SELECT item_id, name, sku, location, on_hand, unit_cost, currency FROM ({EFFECTIVE}) known
            WHERE on_hand IS NOT NULL ORDER BY lower(name), location, id""",  # noqa: S608  (constants)
        (company_id,),
    )
    return [Worth._make((*row, _value(row[4], row[5]))) for row in found]


def _value(on_hand: Decimal, unit_cost: int | None) -> int | None:
    return None if unit_cost is None else round(on_hand * unit_cost)


class Earned(NamedTuple):
    """What was sold of one thing, or in one place: net sales less returns, and their cost, in minor units.

    `uncosted` are the net sales of lines whose cost is not known: the profit says nothing of them.
    """

    name: str
    currency: str
    sales: int
    cost: int
    uncosted: int

    @property
    def profit(self) -> int:
        """Sales with a known cost, less that cost."""
        return self.sales - self.uncosted - self.cost


_WHAT: Final[dict[By, LiteralString]] = {
    "product": "coalesce(nullif(line ->> 'label', ''), line ->> 'sku', '')",
    "category": "coalesce(line ->> 'category', '')",
    "location": "coalesce(nullif(place.name, ''), parsed.doc ->> 'location', '')",
    "channel": "coalesce(parsed.doc ->> 'channel', '')",
}
# A refund's amounts are positive. Its cost comes back only where the goods do, as it is booked.
_LINES: LiteralString = """
    SELECT {what} AS name, record.currency,
        (CASE record.kind WHEN 'refund' THEN -1 ELSE 1 END) * (line ->> 'net')::bigint AS net,
        CASE record.kind WHEN 'refund' THEN
            CASE WHEN coalesce((parsed.doc ->> 'restocked')::boolean, false) THEN -(line ->> 'cost')::bigint ELSE 0 END
            ELSE (line ->> 'cost')::bigint END AS cost
    FROM ledger_standing standing
    JOIN ledger_record record ON record.id = standing.record_id AND record.kind IN ('order', 'refund')
        AND NOT record.deleted
    CROSS JOIN LATERAL (SELECT convert_from(record.body, 'UTF8')::jsonb AS doc OFFSET 0) parsed
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(parsed.doc -> 'lines') WHEN 'array' THEN parsed.doc -> 'lines' ELSE '[]' END) line
    LEFT JOIN connectors_connection link ON link.source_id = record.source_id
    LEFT JOIN connectors_reference place ON place.connection_id = link.id AND place.kind = 'location'
        AND place.external_id = parsed.doc ->> 'location'
    WHERE standing.company_id = %s AND standing.state = 1 AND record.happened_at >= %s AND record.happened_at < %s
        AND line ->> 'kind' = 'product' AND coalesce(parsed.doc ->> 'state', 'completed') = 'completed'
"""


def profit(company_id: int, since: datetime, before: datetime, by: By) -> list[Earned]:
    """What the goods of records that are in the books brought in [since, before), best first.

    Cost grows with the records of the period.
    """
    lines = _LINES.replace("{what}", _WHAT[by])
    found = sql.rows(
        f"""SELECT name, currency, sum(net)::bigint, coalesce(sum(cost), 0)::bigint,
                coalesce(sum(net) FILTER (WHERE cost IS NULL), 0)::bigint
            FROM ({lines}) sold GROUP BY name, currency ORDER BY 2, 3 DESC, 1""",  # noqa: S608  (constants)
        (company_id, since, before),
    )
    return [Earned(*row) for row in found]
