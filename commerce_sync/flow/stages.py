"""The six stages of the set-up: their order, their published texts, and where each stands. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

Key = Literal["commerce", "accounting", "sales", "fees", "payments", "schedule"]
State = Literal["done", "current", "open", "closed"]


class Stage(NamedTuple):
    """A stage: the published key of its name, and the name of its address."""

    key: Key
    text: str
    url: str


_SIDEBAR: Final = "configure-setupSidebar-checkboxes"
STAGES: Final = (
    Stage("commerce", f"{_SIDEBAR}-connectToCommerce", "flow-commerce"),
    Stage("accounting", f"{_SIDEBAR}-connectToAccounting", "flow-accounting"),
    Stage("sales", f"{_SIDEBAR}-sales", "flow-sales"),
    Stage("fees", f"{_SIDEBAR}-fees", "flow-fees"),
    Stage("payments", f"{_SIDEBAR}-payments", "flow-payments"),
    Stage("schedule", "configure-setupSidebar=checkboxes-syncSchedule", "flow-schedule"),
)
LINKING: Final[frozenset[Key]] = frozenset({"commerce", "accounting"})
CHOOSING: Final[tuple[Key, ...]] = ("sales", "fees", "payments", "schedule")


class Step(NamedTuple):
    """A stage as it stands. One that is ``closed`` cannot be opened yet."""

    stage: Stage
    number: int
    state: State


def steps(done: Collection[Key], at: Key | None = None) -> list[Step]:
    """Every stage. What is not done opens in its order; the choices open when both sides are linked."""
    upto = next((index for index, stage in enumerate(STAGES) if stage.key not in done), len(STAGES))
    found = []
    for index, stage in enumerate(STAGES):
        state: State = "done" if stage.key in done else ("open" if index <= upto else "closed")
        if stage.key in LINKING and state == "closed":  # either may be linked first
            state = "open"
        found.append(Step(stage, index + 1, "current" if stage.key == at else state))
    return found


def next_stage(done: Collection[Key]) -> Stage | None:
    """The first stage that is not done."""
    return next((stage for stage in STAGES if stage.key not in done), None)


def after(key: Key) -> Stage | None:
    """The stage that follows."""
    index = [stage.key for stage in STAGES].index(key)
    return STAGES[index + 1] if index + 1 < len(STAGES) else None


def before(key: Key) -> Stage | None:
    """The stage that comes before."""
    index = [stage.key for stage in STAGES].index(key)
    return STAGES[index - 1] if index else None
