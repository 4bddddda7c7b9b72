"""Each test of this folder meets Odoo by both of its interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import push_send
from tests.platforms.odoo.fake import Fake, running


@pytest.fixture(params=["json2", "jsonrpc"])
def fake(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running(request.param) as found:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [found.place]
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        yield found
