"""What the tests of all platforms share.

``pytest tests/platforms --update-golden`` writes the goldens again: what the recorded pages become now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import push_send, registry
from connectors.declare import Budget
from tests.platforms.targets import Fake, running


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the platforms' pages become now")


@pytest.fixture
def fake(key: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """The fake of the accounting platform `key`, reachable, in no hurry to be spared."""
    with running(key) as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        client = getattr(state, "client", {"client_id": "us", "client_secret": "not-told"})
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {key: client}
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(type(registry.accounting(key)), "budget", Budget())
        monkeypatch.setattr(type(registry.accounting(key)), "pause_seconds", 0)
        yield state
