"""The shape of a problem: what happened, what to do, and whose turn it is."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from commerce_sync.api.shape import Shape
from ledger.problems import Problem


class ProblemReason(Shape):
    """Why something is not in the books, or should be looked at, in words.

    ``turn``: ``merchant``, ``partner``, ``support`` or ``nobody``. ``severity``: what ``blocks`` stays out of the
    books; a ``notice`` is there and should be looked at. ``path`` leads into the record; ``detail`` has the facts of
    the sentence (amounts in minor units of the currency beside them).
    """

    code: str
    sentence: str
    remedy: str
    turn: str
    severity: str
    detail: dict[str, Any]
    path: str | UnsetType = UNSET


def reason_shape(problem: Problem) -> ProblemReason:
    """A problem in words."""
    return ProblemReason(
        code=problem.code,
        sentence=problem.sentence,
        remedy=problem.remedy,
        turn=problem.reason.turn,
        severity=problem.reason.severity,
        detail=dict(problem.detail),
        path=problem.path or UNSET,
    )
