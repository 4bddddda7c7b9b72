"""Clients of two partners for the API's tests."""

from __future__ import annotations

import pytest

from ledger.models import Partner
from tests.api.cast import Api, make_partner


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
