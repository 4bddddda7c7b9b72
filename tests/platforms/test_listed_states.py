"""Which states of sales are asked for: all of them, by name where a platform would leave some out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.platforms.folders import Folder, outside_platforms

# What of states a question about sales says, by platform: nothing where everything is told anyway.
ALL_STATES: Final[dict[str, set[str]]] = {
    "square": {"COMPLETED", "OPEN", "CANCELED"},
    "woocommerce": {"any", "trash"},
}


@pytest.mark.parametrize("key", outside_platforms())
@pytest.mark.case("B16")
def test_sales_of_every_state_are_asked_for(key: str) -> None:
    folder = Folder(key)
    told = [name for name, stream in folder.streams.items() if "order" in stream.kinds]
    assert told
    asked = {word for name in told for each in folder.exchanges(name) for word in states_in(each["request"])}
    assert asked == ALL_STATES.get(key, set())


def states_in(value: Any, is_state: bool = False) -> Iterator[str]:
    """Whatever a question says of states: the values of whatever is named after them, and conditions on them."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from states_in(inner, is_state or any(word in name.lower() for word in ("status", "state")))
        case list():
            for inner in value:
                yield from states_in(inner, is_state)
        case str() if is_state:
            yield value
        case str() if any(f"{word}:" in value.partition("{")[0] for word in ("status", "financial_status")):
            yield value


def test_a_condition_on_states_would_be_noticed() -> None:
    conditions = {"variables": {"query": "updated_at:>='2026' AND status:open"}, "state_filter": {"states": ["OPEN"]}}
    assert list(states_in(json.loads(json.dumps(conditions)))) == ["updated_at:>='2026' AND status:open", "OPEN"]
