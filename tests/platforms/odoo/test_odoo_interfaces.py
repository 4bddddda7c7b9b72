"""By either of its interfaces Odoo is told the same: the goldens of one are those of both."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from connectors.wire import Request
from tests.platforms.odoo.fake import DATABASE, KEY, USER, running
from tests.platforms.outgoing import documents, nowhere, wired

CASES = (*documents(nowhere()), "purchase_order")


def told(request: Request, interface: str) -> tuple[str, str, dict[str, Any]]:
    """The model, the method and everything that is named, whatever the interface."""
    body = msgspec.json.decode(request.body)
    if interface == "json2":
        _, _, _, model, method = request.path.split("/")
        return model, method, body
    assert (request.path, body["params"]["service"], body["params"]["method"]) == ("/jsonrpc", "object", "execute_kw")
    database, user, key, model, method, by_position, named = body["params"]["args"]
    assert (database, user) == (DATABASE, USER)
    assert key is None  # the door fills it in, so that it is in no trace
    if method in ("write", "action_post", "reconcile"):
        (named["ids"],) = by_position
    else:
        assert by_position == []
    return model, method, named


def sent(interface: str, case: str, settings: Any) -> list[tuple[str, str, dict[str, Any]]]:
    with running(interface) as fake:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [fake.place]
        with wired("odoo", fake) as wire:
            wanted = documents(wire.chart)
            requests = wire.sent_for(wanted[case]) if case in wanted else wire.sent_for_order()
    assert all(KEY.encode() not in each.body for each in requests)
    return [told(each, interface) for each in requests]


@pytest.mark.parametrize("case", CASES)
def test_both_interfaces_are_told_the_same(case: str, settings: Any) -> None:
    by_json2, by_rpc = sent("json2", case, settings), sent("jsonrpc", case, settings)
    assert by_json2 == by_rpc
    assert len(by_json2) >= 2
