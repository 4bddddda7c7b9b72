"""What a catalog says that goods cost, put on the lines of records that do not say it themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ledger.commerce import Line, Order, Record, Refund
from ledger.costs import cost_of

Costs = Mapping[str, tuple[int, str]]
"""What one costs, by SKU: minor units and their currency."""


def costed(record: Record, costs: Costs, of_catalog: bool) -> Record:
    """`record` with the costs of the catalog, marked as such, on lines that state none.

    `of_catalog` says that the platform's mapping takes its costs from the catalog too. A cost in another currency than
    the record's, or of goods of which nobody said how many, is not known.
    """
    if not (costs or of_catalog) or not isinstance(record, Order | Refund) or not record.lines:
        return record
    lines = tuple(_costed(line, record.currency, costs, of_catalog) for line in record.lines)
    return record if lines == record.lines else msgspec.structs.replace(record, lines=lines)


def _costed(line: Line, currency: str, costs: Costs, of_catalog: bool) -> Line:
    if line.kind != "product":
        return line
    if line.cost is not None:
        return msgspec.structs.replace(line, cost_of_catalog=True) if of_catalog else line
    unit = costs.get(line.sku) if line.sku else None
    cost = cost_of(unit[0], line) if unit is not None and unit[1] == currency else None
    return line if cost is None else msgspec.structs.replace(line, cost=cost, cost_of_catalog=True)
