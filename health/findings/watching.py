"""The watches in their order, and a look at companies with all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Final

from django.db import transaction
from msgspec import Struct

from health.findings.failing import note_looks
from health.findings.seen import Depth, Looked, Scope
from health.findings.settle import Settled, settle
from ledger import sql
from ledger.services import now

logger = logging.getLogger(__name__)

LOOK_LOCK: Final = 45  # the first key of the advisory locks that hold a company while it is looked at


class Watch(Struct, frozen=True):
    """One watch: the codes that it alone opens and closes, and how it looks (a function of a `Scope`).

    It reads the database and calls nobody; what is only known outside is fetched beforehand, by others.
    """

    name: str
    codes: frozenset[str]
    look: Callable[[Scope], Looked]


class HouseWatch(Struct, frozen=True):
    """A watch over what is of no company: the installation, partners' webhook addresses."""

    name: str
    codes: frozenset[str]
    look: Callable[[datetime], Looked]


# Modules of health.watches; each has WATCHES or HOUSE_WATCHES, or both.
MODULES: Final[tuple[str, ...]] = (
    "deliveries",
    "connections",
    "syncs",
    "given_up",
    "problems",
    "integrity",
    "completeness",
    "numbering",
    "overlap",
    "partners",
    "house",
    "drift",
    "payouts",
    "clearing",
    "bank",
    "reconciliation",
    "gift_cards",
)


def watches() -> tuple[Watch, ...]:
    """All that look at companies."""
    return tuple(watch for module in _modules() for watch in getattr(module, "WATCHES", ()))


def house_watches() -> tuple[HouseWatch, ...]:
    """All that look at the installation."""
    return tuple(watch for module in _modules() for watch in getattr(module, "HOUSE_WATCHES", ()))


@cache
def _modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(f"health.watches.{name}") for name in MODULES)


@transaction.atomic
def look_at(company_ids: Sequence[int], depth: Depth = "night", at: datetime | None = None) -> Settled | None:
    """Look at companies with every watch; None: somebody else is looking at one of them.

    One transaction, each watch in a savepoint: one that fails leaves its findings as they are and is told of in the
    log; the others have looked.
    """
    ids = sorted(set(company_ids))
    held = sql.rows(
        "SELECT bool_and(pg_try_advisory_xact_lock(%s, (id & 2147483647)::int)) FROM unnest(%s::bigint[]) AS t(id)",
        (LOOK_LOCK, ids),
    )[0][0]
    if held is False:
        return None
    scope, total = Scope(tuple(ids), at or now(), depth), Settled()
    failed: dict[str, Exception] = {}
    for watch in watches():
        try:
            with transaction.atomic():
                _add(total, settle(watch.codes, scope, watch.look(scope)))
        except Exception as error:
            logger.exception("the watch %s could not look at %d companies", watch.name, len(ids))
            failed[watch.name] = error
    _note(scope)
    note_looks([watch.name for watch in watches()], failed, scope.at)
    return total


@transaction.atomic
def look_at_house(at: datetime | None = None) -> Settled | None:
    """Look at what is of no company; None: somebody else is looking."""
    if not sql.rows("SELECT pg_try_advisory_xact_lock(%s, 0)", (LOOK_LOCK,))[0][0]:
        return None
    moment, total = at or now(), Settled()
    failed: dict[str, Exception] = {}
    for watch in house_watches():
        try:
            with transaction.atomic():
                _add(total, settle(watch.codes, None, watch.look(moment), moment))
        except Exception as error:
            logger.exception("the watch %s could not look", watch.name)
            failed[watch.name] = error
    note_looks([watch.name for watch in house_watches()], failed, moment)
    return total


def _add(total: Settled, more: Settled) -> None:
    total.opened += more.opened
    total.changed += more.changed
    total.closed += more.closed


def _note(scope: Scope) -> None:
    sql.execute(
        """INSERT INTO health_watched (company_id, looked_at, nightly_at)
           SELECT id, %s, CASE WHEN %s THEN %s END FROM unnest(%s::bigint[]) AS t(id)
           ON CONFLICT (company_id) DO UPDATE SET looked_at = excluded.looked_at,
               nightly_at = coalesce(excluded.nightly_at, health_watched.nightly_at)""",
        (scope.at, scope.depth == "night", scope.at, list(scope.company_ids)),
    )
