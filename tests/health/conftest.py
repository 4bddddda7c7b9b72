"""A receiver that may be called, and clients of two partners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.models import Partner
from tests.api.cast import Api, make_partner
from tests.connectors.server import PlatformServer, running


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    """A receiver on the loopback."""
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


@pytest.fixture
def partner(db: None) -> Partner:
    return make_partner()


@pytest.fixture
def api(partner: Partner) -> Api:
    """A client of the partner."""
    return Api(partner)


@pytest.fixture
def other_api(db: None) -> Api:
    """A client of the outsider, who must never see any of it."""
    return Api(make_partner("Outsider POS"), "outsider")
