"""Stock against its thresholds: what has fallen to one is raised once, until there is more than that again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from connectors.stock_wanted import EFFECTIVE, Wanted
from ledger import sql
from ledger.problem_rows import Subject, open_problems
from ledger.problems import Problem
from ledger.record_rows import lock_sources

CODES = ("stock_low", "supplier_unknown")


class Watched(NamedTuple):
    """How many levels have fallen to their threshold, and how many are above it again."""

    fallen: int
    recovered: int


def watch(*, company_id: int, at: datetime) -> Watched:
    """Mark what is low now and unmark what is not any more, each in one statement. Safe to run again."""
    with sql.unit_of_work():
        lock_sources(company_id)
        recovered = sql.rows(
            f"""UPDATE connectors_stocklevel level SET low_since = NULL, ordered_in_id = NULL
                FROM ({EFFECTIVE}) known
                WHERE level.id = known.id AND level.low_since IS NOT NULL
                    AND (known.threshold IS NULL OR known.on_hand IS NULL OR known.on_hand > known.threshold)
                RETURNING level.id""",  # noqa: S608  (constants)
            (company_id,),
        )
        # What was low when its count ended (`connectors.stock_rows`) is no longer marked, and asked for no more.
        ended = sql.rows(
            """UPDATE connectors_stocklevel level SET ordered_in_id = NULL
               FROM connectors_connection link
               WHERE link.id = level.connection_id AND link.company_id = %s AND level.low_since IS NULL
                   AND level.ordered_in_id IS NOT NULL RETURNING level.id""",
            (company_id,),
        )
        fallen = sql.execute(
            f"""UPDATE connectors_stocklevel level SET low_since = %s
                FROM ({EFFECTIVE}) known
                WHERE level.id = known.id AND level.low_since IS NULL AND known.on_hand <= known.threshold""",  # noqa: S608
            (at, company_id),
        )
        _resolve_what_is_not_low(company_id, at)
    return Watched(fallen, len(recovered) + len(ended))


def tell(company_id: int, code: str, wanted: Sequence[Wanted], at: datetime) -> None:
    """Open the problem `code`, one of `CODES`, for each level; one that is open already is brought up to date."""
    open_problems(
        company_id, [Subject(subject(each.level_id), Problem(code, detail=_facts(each))) for each in wanted], at
    )


def untell(company_id: int, code: str, level_ids: Iterable[int], at: datetime) -> None:
    """Close the problem `code` of these levels."""
    sql.execute(
        """UPDATE ledger_problem SET resolved_at = %s
           WHERE company_id = %s AND code = %s AND subject = ANY(%s) AND resolved_at IS NULL""",
        (at, company_id, code, [subject(each) for each in level_ids]),
    )


def subject(level_id: int) -> str:
    """What a problem about a level is known by."""
    return f"stock level {level_id}"


def plain(quantity: Decimal) -> str:
    """A quantity for people: 12, 0.35."""
    return f"{quantity.normalize():f}" if quantity else "0"


def _facts(each: Wanted) -> dict[str, str | int]:
    facts: dict[str, str | int] = {"name": each.name[:200], "on_hand": plain(each.on_hand)}
    facts |= {"threshold": plain(each.threshold), "location": each.location[:200] or "the only location"}
    return facts | {"level": each.level_id, "item": each.item_id}


def _resolve_what_is_not_low(company_id: int, at: datetime) -> None:
    """Close what is open about levels that are not low, or that are no longer there."""
    sql.execute(
        """UPDATE ledger_problem problem SET resolved_at = %s
           WHERE problem.company_id = %s AND problem.code = ANY(%s) AND problem.resolved_at IS NULL
               AND NOT EXISTS (SELECT FROM connectors_stocklevel level
                   JOIN connectors_connection link ON link.id = level.connection_id AND link.status = 'Linked'
                   WHERE 'stock level ' || level.id = problem.subject AND level.low_since IS NOT NULL)""",
        (at, company_id, list(CODES)),
    )
