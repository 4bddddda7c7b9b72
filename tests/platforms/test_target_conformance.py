"""What holds for every accounting platform that is called: a document arrives once, or a person is told why not."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from connectors.auth import Secrets
from connectors.credentials import load
from connectors.declare import OAuth2
from connectors.http import open_door
from connectors.models import Binding, PushItem
from connectors.models import Option as OptionRow
from connectors.session import Session
from ledger.models import AuditEntry
from tests.commerce_sync.cast import an_order, trial_balance
from tests.platforms.targets import (
    FIRST,
    MODES,
    Fake,
    a_month,
    as_books_keep_them,
    balances,
    interfaces,
    linked,
    ours,
    references,
)

pytestmark = pytest.mark.django_db

of_each_target = pytest.mark.parametrize("key", interfaces())
in_each_mode = pytest.mark.parametrize("mode", MODES)


@of_each_target
@in_each_mode
@pytest.mark.case("E08", "E09", "E10")
def test_a_month_arrives_once_reads_back_equal_and_balances_as_our_own_books_do(
    key: str, mode: Any, fake: Fake
) -> None:
    shop = linked(key, fake, mode)
    shop.post(*a_month())
    assert shop.settle().undelivered == 0, list(PushItem.objects.values_list("failure_sentence", flat=True))
    assert references(fake) == ours(shop)
    assert shop.settle().written == 0
    assert references(fake) == ours(shop)
    told = AuditEntry.objects.filter(code="document.mismatch").values_list("detail", flat=True)
    assert (set(Binding.objects.values_list("agrees", flat=True)), list(told)) == ({True}, [])
    books = as_books_keep_them(mode, *a_month())
    assert balances(fake.documents()) == trial_balance(books)


@of_each_target
@in_each_mode
@pytest.mark.parametrize("fault", ["lose_answer_after_commit", "lose_before", "5xx"])
@pytest.mark.case("A01", "A02", "A04")
def test_whatever_is_lost_each_document_arrives_once(key: str, mode: Any, fault: str, fake: Fake) -> None:
    shop = linked(key, fake, mode)
    shop.post(an_order(1))
    fake.fail(fault)
    shop.deliver()
    there = len(fake.documents())
    assert there < 2 or fault == "lose_answer_after_commit"
    assert shop.settle().undelivered == 0
    assert references(fake) == ours(shop)


@of_each_target
@pytest.mark.case("A19")
def test_a_locked_period_is_the_merchants_turn(key: str, fake: Fake) -> None:
    shop = linked(key, fake)
    shop.post(an_order(1))
    fake.lock(date(2026, 3, 15))
    assert shop.settle().refused == 1
    refused = PushItem.objects.get(company=shop.company)
    assert (refused.failure_code, refused.failure_turn) == ("period_locked", "merchant")
    assert fake.documents() == []


@of_each_target
def test_the_lock_date_is_known_before_anything_is_posted(key: str, fake: Fake) -> None:
    shop = linked(key, fake)
    fake.lock(FIRST)
    with open_door(shop.connection, shop.platform) as door:
        facts = shop.platform.facts(Session(shop.connection.pk, shop.company.pk, shop.connection.settings, door))
    assert (facts.base_currency, facts.lock_through) == ("GBP", FIRST)


@of_each_target
@pytest.mark.case("A20")
def test_an_archived_account_is_the_merchants_turn(key: str, fake: Fake) -> None:
    shop = linked(key, fake)
    shop.post(an_order(1))
    fake.archive("4000")
    assert shop.settle().refused == 1
    refused = PushItem.objects.get(company=shop.company)
    assert (refused.failure_code, refused.failure_turn) == ("account_inactive", "merchant")
    assert fake.documents() == []


@of_each_target
def test_an_access_that_ends_is_renewed_once(key: str, fake: Fake) -> None:
    shop = linked(key, fake)
    if not isinstance(shop.platform.auth, OAuth2):
        pytest.skip(f"{key} has keys that do not end")
    before: Secrets = load(shop.connection.pk)
    shop.post(an_order(1))
    fake.fail("401")
    assert shop.settle().undelivered == 0
    after = load(shop.connection.pk)
    assert after.access_token != before.access_token
    assert references(fake) == ours(shop)
    shop.post(an_order(2, day=date(2026, 3, 9)))
    assert shop.settle().written == 1
    assert load(shop.connection.pk) == after


@pytest.mark.case("F01")
@of_each_target
@pytest.mark.parametrize(("fault", "seconds"), [("429", 0.5), ("429_retry_after", 1.0)])
def test_a_busy_platform_is_waited_for_as_it_asks(key: str, fault: str, seconds: float, fake: Fake) -> None:
    shop = linked(key, fake)
    shop.post(an_order(1))
    fake.fail(fault)
    began = time.monotonic()
    result = shop.settle()
    assert time.monotonic() - began >= seconds
    assert result.undelivered == 0
    assert references(fake) == ours(shop)


@of_each_target
@in_each_mode
def test_what_is_taken_back_is_gone_and_taking_it_back_again_changes_nothing(key: str, mode: Any, fake: Fake) -> None:
    shop = linked(key, fake, mode)
    shop.post(*a_month())
    shop.settle()
    bindings = [each for each in Binding.objects.order_by("-pk") if each.kind in shop.platform.voids]
    kept = len(fake.documents()) - len(bindings)
    for _ in range(2):
        for each in bindings:
            shop.void(each.remote_id, each.kind)
        assert len(fake.documents()) == kept


@of_each_target
def test_everything_that_can_be_chosen_is_told_with_its_type(key: str, fake: Fake) -> None:
    shop = linked(key, fake)
    rows = OptionRow.objects.filter(connection=shop.connection)
    assert {"account", "tax_rate", "customer", "supplier"} <= set(rows.values_list("kind", flat=True))
    types = dict(rows.filter(kind="account").values_list("code", "type"))
    expected = {"1000": "bank", "1100": "asset", "2150": "liability", "4000": "income", "6000": "expense"}
    assert {code: types.get(code) for code in expected} == expected
