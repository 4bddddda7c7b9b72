"""What a push of commerce data answers: what became of each row. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from commerce_sync.api.shape import Shape
from connectors.reading import ItemResult


class RowProblem(Shape, kw_only=True):
    """Why a row is no record at all (its item is ``refused``), or a record that stays out of the books until this is
    cured. ``path`` leads into the row as it was sent where that is known, else into the record made of it."""

    code: str
    path: str
    sentence: str
    remedy: str


class PushedRow(Shape, kw_only=True):
    """One row, in the order of the request. ``id`` is "" when none could be read. ``stale``: we know better."""

    id: str
    status: str
    problems: list[RowProblem]


class Counts(Shape, kw_only=True):
    """How many rows came to what; ``with_problems`` counts the stored ones that stay out of the books."""

    new: int
    changed: int
    unchanged: int
    stale: int
    refused: int
    with_problems: int


class Pushed(Shape, kw_only=True):
    """What became of a push. A batch with refused rows is a success: the others are kept."""

    counts: Counts
    results: list[PushedRow]


def pushed(results: Sequence[ItemResult]) -> Pushed:
    """The answer to a push."""
    counts = dict.fromkeys(("new", "changed", "unchanged", "stale", "refused", "with_problems"), 0)
    rows = []
    for result in results:
        counts[result.status] += 1
        blocked = result.status != "refused" and any(problem.blocks for problem in result.problems)
        counts["with_problems"] += blocked
        problems = [
            RowProblem(code=each.code, path=each.path, sentence=each.sentence, remedy=each.remedy)
            for each in result.problems
        ]
        rows.append(PushedRow(id=result.id, status=result.status, problems=problems))
    return Pushed(counts=Counts(**counts), results=rows)
