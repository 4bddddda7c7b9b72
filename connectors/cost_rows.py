"""What things of a source cost now, by SKU: told by the source, or by the company's rules of stock over it.

A process keeps what it has read as long as the connection's ``references_version`` holds, which moves with each cost.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from connectors.costs import Costs
from connectors.models import Connection
from connectors.stock_wanted import EFFECTIVE
from ledger import sql

KEPT_CONNECTIONS: Final = 64

_kept: OrderedDict[int, tuple[int, Costs]] = OrderedDict()


def known_costs(connection: Connection) -> Costs:
    """The costs of this connection's things; of an SKU that several things bear at several costs, none."""
    version = connection.references_version
    kept = _kept.get(connection.pk)
    if kept is not None and kept[0] == version:
        _kept.move_to_end(connection.pk)
        return kept[1]
    found: dict[str, tuple[int, str]] = {}
    if version:  # a connection that never named anything has told no cost either
        rows = sql.rows(
            f"""SELECT sku, min(unit_cost), min(currency) FROM ({EFFECTIVE}) known
                WHERE connection_id = %s AND unit_cost IS NOT NULL AND sku <> ''
                GROUP BY sku HAVING count(DISTINCT (unit_cost, currency)) = 1""",  # noqa: S608  (constants)
            (connection.company_id, connection.pk),
        )
        found = {sku: (unit_cost, currency) for sku, unit_cost, currency in rows}
    _kept[connection.pk] = (version, found)
    if len(_kept) > KEPT_CONNECTIONS:
        _kept.popitem(last=False)
    return found


def costs_changed(connection_id: int) -> None:
    """What was read of this connection's costs no longer holds. Joins the caller's transaction."""
    sql.execute(
        "UPDATE connectors_connection SET references_version = references_version + 1 WHERE id = %s", (connection_id,)
    )
