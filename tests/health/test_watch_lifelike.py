"""Lifelike sales of ordinary merchants, kept as they should be, have nothing that the outside watches tell."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from commerce_sync.clearing_items import settlements
from commerce_sync.demo.merchants import LONDON, MONTREAL, TOKYO, Merchant
from health.findings.seen import Scope
from health.watches import bank, clearing, drift, payouts
from tests.commerce_sync.demo_cast import LAST_DAY, a_posted_shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("merchant", [LONDON, MONTREAL, TOKYO], ids=lambda merchant: merchant.key)
def test_an_ordinary_merchant_has_no_finding_and_every_clearing_account_is_explained(merchant: Merchant) -> None:
    shop = a_posted_shop(merchant, days=8)
    at = datetime.combine(LAST_DAY + timedelta(days=2), time(6), UTC)
    scope = Scope((shop.company.pk,), at)
    seen = [each for watch in (bank, clearing, drift, payouts) for each in watch.look(scope).seen]
    assert [(each.code, each.params) for each in seen] == []
    found = settlements([shop.company.pk], at).clearings
    assert found
    assert [(each.account, each.unexplained) for each in found if each.unexplained] == []
