"""Where a watch looks whose look is dear: at night everywhere, and in between only where something of its is open, so
that what was put right is over soon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from health.findings.seen import Scope
from ledger import sql

ALL_TIME: Final = (date.min, date.max)

_OPEN: Final = """
    SELECT company_id, coalesce(min(day), '0001-01-01') FROM health_finding
    WHERE company_id = ANY(%s) AND code = ANY(%s) AND resolved_at IS NULL GROUP BY company_id
"""


def open_since(scope: Scope, codes: Iterable[str]) -> dict[int, date]:
    """Company → the earliest day of its open findings of these codes; only those that have any."""
    return dict(sql.rows(_OPEN, (list(scope.company_ids), list(codes))))


def where(scope: Scope, looked_at: Iterable[int]) -> dict[int, tuple[date, date]] | None:
    """Where such a watch has looked, as `Looked.days` says it: at night at everything."""
    return None if scope.depth == "night" else dict.fromkeys(looked_at, ALL_TIME)


def narrowed(scope: Scope, codes: Iterable[str]) -> list[int]:
    """The companies to look at now."""
    return list(scope.company_ids) if scope.depth == "night" else sorted(open_since(scope, codes))
