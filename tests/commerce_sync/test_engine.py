"""A merchant's sales become balanced books: pull, post, push, conclude."""

from __future__ import annotations

import pytest

from commerce_sync import services, work
from commerce_sync.models import Sync
from tests.commerce_sync.cast import a_merchant, an_order, sell, trial_balance

pytestmark = pytest.mark.django_db


def run(company, **asked) -> Sync:
    """Ask for a sync, and work until nothing is due."""
    sync = services.request_sync(company=company, **asked)
    work.drain()
    sync.refresh_from_db()
    return sync


def test_sales_end_in_the_built_in_books() -> None:
    company = a_merchant()
    sell(company, *(an_order(n) for n in range(20)))
    sync = run(company)
    assert (sync.code, sync.stage, sync.failure_code) == (2000, "done", "")
    assert sync.counts["records"] == 20
    assert trial_balance(company) == {"1100": 24_000, "4000": -20_000, "2200": -4_000}
