"""What sources tell of stock, as rows: the latest of each figure, whatever the order in which pages come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from connectors.cost_rows import costs_changed
from connectors.stock import StockCount, Told, told
from ledger import sql

_TOLD: LiteralString = """unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[],
    %s::timestamptz[], %s::numeric[], %s::timestamptz[], %s::bigint[], %s::text[], %s::timestamptz[],
    %s::timestamptz[])
    AS said(item_id, location_id, product_id, sku, name, on_hand, counted_at, threshold, threshold_at, unit_cost,
        currency, cost_at, gone_at)"""


def remember_counts(connection_id: int, counts: Sequence[StockCount], at: datetime) -> int:
    """Keep what is newer than what is known; how many levels are new or changed. Joins the caller's transaction.

    ``at`` is when the rows came. The caller holds the source's lock, so nobody else writes these levels meanwhile.
    """
    if not counts:
        return 0
    news = told(counts, at)
    columns = _columns(news)
    sql.execute(
        f"""INSERT INTO connectors_stocklevel (connection_id, item_id, location_id, product_id, sku, name, currency,
               changed_at)
           SELECT %s, said.item_id, said.location_id, '', '', '', '', %s FROM {_TOLD}
           WHERE coalesce(said.counted_at, said.threshold_at, said.cost_at) IS NOT NULL
           ON CONFLICT DO NOTHING""",  # noqa: S608  (constants)
        (connection_id, at, *columns),
    )
    costs = _tell_other_costs(connection_id, news)
    changed = sql.execute(
        f"""UPDATE connectors_stocklevel level SET
               product_id = coalesce(nullif(said.product_id, ''), level.product_id),
               sku = coalesce(nullif(said.sku, ''), level.sku), name = coalesce(nullif(said.name, ''), level.name),
               on_hand = CASE WHEN {_is_news("counted_at")} THEN said.on_hand ELSE level.on_hand END,
               counted_at = CASE WHEN {_is_news("counted_at")} THEN said.counted_at ELSE level.counted_at END,
               threshold = CASE WHEN {_is_news("threshold_at")} THEN said.threshold ELSE level.threshold END,
               threshold_at = CASE WHEN {_is_news("threshold_at")} THEN said.threshold_at ELSE level.threshold_at END,
               unit_cost = CASE WHEN {_is_news("cost_at")} THEN said.unit_cost ELSE level.unit_cost END,
               currency = CASE WHEN {_is_news("cost_at")} THEN said.currency ELSE level.currency END,
               cost_at = CASE WHEN {_is_news("cost_at")} THEN said.cost_at ELSE level.cost_at END,
               low_since = CASE WHEN {_is_news("counted_at")} AND said.on_hand IS NULL THEN NULL
                   ELSE level.low_since END,
               changed_at = %s
           FROM {_TOLD}
           WHERE level.connection_id = %s AND level.item_id = said.item_id AND level.location_id = said.location_id
               AND ({_differs("counted_at", "on_hand")} OR {_differs("threshold_at", "threshold")}
                    OR {_differs("cost_at", "unit_cost")}
                    OR said.product_id NOT IN ('', level.product_id) OR said.sku NOT IN ('', level.sku)
                    OR said.name NOT IN ('', level.name))""",  # noqa: S608  (constants)
        (at, *columns, connection_id),
    )
    _forget_gone(connection_id, news, at)
    if costs:
        costs_changed(connection_id)
    return changed


def _tell_other_costs(connection_id: int, news: Sequence[Told]) -> bool:
    """Whether one of these has another cost than is known."""
    told_costs = [each for each in news if each.cost_at is not None]
    return bool(told_costs) and bool(
        sql.rows(
            f"""SELECT 1 FROM connectors_stocklevel level JOIN {_TOLD} ON level.item_id = said.item_id
                    AND level.location_id = said.location_id
                WHERE level.connection_id = %s AND {_is_news("cost_at")}
                    AND (level.unit_cost, level.currency) IS DISTINCT FROM (said.unit_cost, said.currency)
                LIMIT 1""",  # noqa: S608  (constants)
            (*_columns(told_costs), connection_id),
        )
    )


def _forget_gone(connection_id: int, news: Sequence[Told], at: datetime) -> None:
    """Of what is no longer sold nothing is counted any more, at any location."""
    gone = {each.item_id: each.gone_at for each in news if each.gone_at is not None}
    if gone:
        sql.execute(
            """UPDATE connectors_stocklevel level
               SET on_hand = NULL, counted_at = said.gone_at, low_since = NULL, changed_at = %s
               FROM unnest(%s::text[], %s::timestamptz[]) AS said(item_id, gone_at)
               WHERE level.connection_id = %s AND level.item_id = said.item_id AND level.on_hand IS NOT NULL
                   AND level.counted_at <= said.gone_at""",
            (at, list(gone), list(gone.values()), connection_id),
        )


def _is_news(column: LiteralString) -> LiteralString:
    """Whether the row that came has the figure, and has it as new as what is known, or newer."""
    return f"(said.{column} IS NOT NULL AND (level.{column} IS NULL OR said.{column} >= level.{column}))"


def _differs(column: LiteralString, figure: LiteralString) -> LiteralString:
    """Whether a figure that is news says something: the same again, as of the same time, is not written again."""
    return f"({_is_news(column)} AND (said.{figure}, said.{column}) IS DISTINCT FROM (level.{figure}, level.{column}))"


def _columns(news: Sequence[Told]) -> list[list[object]]:
    names = (
        *("item_id", "location_id", "product_id", "sku", "name", "on_hand", "counted_at", "threshold"),
        *("threshold_at", "unit_cost", "currency", "cost_at", "gone_at"),
    )
    return [[getattr(each, name) for each in news] for name in names]
