"""Asking Shopify which orders it still has: that a deleted one leaves an event is not sure.

A row that says so is of our own making, in the shape of such an event, and is kept like one that came from the shop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from connectors.commerce import _shopify_lines as parts
from connectors.commerce import _shopify_queries as queries
from connectors.declare import Stream
from connectors.errors import BadAnswer, MisconfiguredPlatform
from connectors.graphql import ask
from connectors.paging import Page, value_at
from connectors.session import Known, Session

MISSING: Final = ("take_back", "keep", "take_back_all")
_AT_ONCE: Final = 100
_FEW: Final = 20  # so many may all be gone; when more are, something else is wrong


def gone_rows(session: Session, endpoint: str, stream: Stream, known: Sequence[Known], at: datetime) -> Iterator[Page]:
    """One page of what of `known` is gone, if anything is. Raises a `Failure`."""
    wanted = session.settings.get("missing_orders", MISSING[0])
    if wanted not in MISSING:
        raise MisconfiguredPlatform(f"missing_orders is one of {', '.join(MISSING)}, not {wanted!r}")
    asked = [each.id for each in known if each.id.isdigit()]
    if wanted == "keep" or not asked:
        return
    there = _there(session, endpoint, asked)
    missing = [number for number in asked if number not in there]
    if wanted == "take_back" and len(missing) == len(asked) > _FEW:
        raise BadAnswer(
            f"none of {len(asked)} orders is there any more: the right to read them seems to be gone. If all were "
            "deleted, set missing_orders to take_back_all"
        )
    rows = []
    for number in missing:
        answer = session.send(ask(endpoint, queries.ONE_ORDER, id=_gid(number)))
        # A list may leave out what it likes: each one is asked for by itself, and the answer has to be an answer.
        if b'"order"' in answer.body and value_at(answer.body, "data.order") is None:
            rows.append(msgspec.json.encode(_row(number, at)))
    if rows:
        body: Any = [msgspec.Raw(row) for row in rows]
        for name in reversed(stream.rows.split(".")):
            body = {name: body}
        yield Page(1, msgspec.json.encode(body), tuple(rows), answer)


def _there(session: Session, endpoint: str, numbers: Sequence[str]) -> set[str]:
    """Those of the orders that the shop has."""
    found: set[str] = set()
    for start in range(0, len(numbers), _AT_ONCE):
        some = [_gid(number) for number in numbers[start : start + _AT_ONCE]]
        nodes = value_at(session.send(ask(endpoint, queries.PRESENT, ids=some)).body, "data.nodes")
        if not isinstance(nodes, list) or len(nodes) != len(some):
            raise BadAnswer("the list of orders by their ids is not whole")
        found |= {parts.number(str(node.get("id"))) for node in nodes if isinstance(node, dict)}
    return found


def _gid(number: str) -> str:
    return f"gid://shopify/Order/{number}"


def _row(number: str, at: datetime) -> dict[str, str]:
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "id": f"missing:{number}:{stamp}", "action": "destroy", "createdAt": stamp, "subjectId": _gid(number),
        "subjectType": "ORDER",
    }  # fmt: skip
