"""What a platform calls its things: products, categories, tax rates, tender types, locations.

Kept per connection and handed to mappings. A process keeps what it has read, as long as the connection's
``references_version`` says that it still holds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.named import Named
from ledger import sql

KEPT_CONNECTIONS: Final = 64

References = Mapping[str, Mapping[str, Any]]
_kept: OrderedDict[int, tuple[int, References]] = OrderedDict()


def known(connection_id: int, version: int) -> References:
    """Kind → id → facts of everything that this connection's platform has named so far."""
    kept = _kept.get(connection_id)
    if kept is not None and kept[0] == version:
        _kept.move_to_end(connection_id)
        return kept[1]
    found: dict[str, dict[str, Any]] = {}
    if version:
        for kind, external_id, name, detail in sql.rows(
            "SELECT kind, external_id, name, detail FROM connectors_reference WHERE connection_id = %s",
            (connection_id,),
            keep_plan=True,
        ):
            found.setdefault(kind, {})[external_id] = {"name": name, **detail}
    _kept[connection_id] = (version, found)
    if len(_kept) > KEPT_CONNECTIONS:
        _kept.popitem(last=False)
    return found


def remember(connection_id: int, named: Sequence[Named], at: datetime) -> int:
    """Store what is new or different; how many. Joins the caller's transaction."""
    unique = {(row.kind, row.id): row for row in named}
    if not unique:
        return 0
    columns = [
        [kind for kind, _ in unique],
        [external_id for _, external_id in unique],
        [row.name[:400] for row in unique.values()],
        [Jsonb(row.facts) for row in unique.values()],
    ]
    changed = sql.execute(
        """INSERT INTO connectors_reference (connection_id, first_seen_at, last_seen_at, kind, external_id, name,
               detail)
           SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::jsonb[])
           ON CONFLICT (connection_id, kind, external_id) DO UPDATE
               SET name = excluded.name, detail = excluded.detail, last_seen_at = excluded.last_seen_at
               WHERE (connectors_reference.name, connectors_reference.detail)
                   IS DISTINCT FROM (excluded.name, excluded.detail)""",
        (connection_id, at, at, *columns),
    )
    if changed:
        sql.execute(
            "UPDATE connectors_connection SET references_version = references_version + 1 WHERE id = %s",
            (connection_id,),
        )
    return changed
