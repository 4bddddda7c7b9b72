"""What runs out is raised once: as a draft purchase order, exactly one whatever gets lost, or as a notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from commerce_sync import services, work
from commerce_sync.models import Sync
from connectors import push_send
from connectors.models import Connection, PurchaseOrder, StockLevel, StockRule
from connectors.ordering import NotRefused, release_order
from connectors.ordering_body import quantity_to_buy
from connectors.stock import StockCount
from connectors.stock_rows import remember_counts
from ledger.models import Company, ProblemRow
from tests.commerce_sync.cast import a_merchant, books_of
from tests.connectors.server import PlatformServer
from tests.platforms import hostile_books
from tests.platforms.hostile_books import Rules

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 18, tzinfo=UTC)
Place = tuple[PlatformServer, Rules]


@pytest.fixture
def place(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        yield server, rules


def a_buyer(place: Place, **rule: Any) -> Company:
    """A merchant whose accounting software keeps purchase orders, and who wants them drafted."""
    company = a_merchant(platform="hostile_orders")
    hostile_books.connect(books_of(company), place[0])
    rule = {"threshold": 5, "supplier": "S1", "drafts_orders": True} | rule
    StockRule.objects.create(company=company, **rule)
    return company


def shop_of(company: Company) -> Connection:
    return Connection.objects.get(company=company, kind="commerce")


def count(company: Company, on_hand: int | str, *, item: str = "tin", minute: int = 0, **more: Any) -> None:
    """The shop tells how many there are."""
    found = {"location_id": "l1", "name": item.title(), "sku": item.upper()} | more
    told = StockCount(item_id=item, on_hand=Decimal(on_hand), at=AT + timedelta(minutes=minute), **found)
    remember_counts(shop_of(company).pk, [told], AT)


def sync(company: Company) -> Sync:
    found = services.request_sync(company=company)
    work.drain()
    found.refresh_from_db()
    return found


def open_problems(company: Company) -> list[str]:
    found = ProblemRow.objects.filter(company=company, resolved_at=None).order_by("id")
    return list(found.values_list("code", flat=True))


def states(company: Company) -> list[str]:
    return list(PurchaseOrder.objects.filter(company=company).order_by("id").values_list("state", flat=True))


def age(seconds: int = 3600) -> None:
    """Time passes for open orders."""
    with database.cursor() as cursor:
        cursor.execute(
            """UPDATE connectors_purchaseorder SET claimed_at = claimed_at - make_interval(secs => %s),
               deadline_at = deadline_at - make_interval(secs => %s), waits_until = NULL
               WHERE state IN ('unknown', 'sending', 'prepared')""",
            [seconds, seconds],
        )


def test_stock_that_reaches_its_threshold_is_ordered_once_until_it_has_recovered(place: Place) -> None:
    company = a_buyer(place, account="1300", reorder_quantity=24)
    count(company, 6)
    sync(company)
    assert place[1].orders == []
    count(company, 5, minute=1, unit_cost=325, currency="GBP")
    assert sync(company).counts["orders_drafted"] == 1
    [order] = place[1].orders
    assert (order["supplier"], order["currency"], order["lines"]) == ("S1", "GBP", [["TIN", "24", 325, "1300"]])
    assert (len(order["reference"]), order["reference"][:2]) == (20, "PO")
    count(company, 3, minute=2)
    sync(company)
    assert len(place[1].orders) == 1
    count(company, 30, minute=3)
    sync(company)
    assert StockLevel.objects.get().ordered_in is None
    count(company, 2, minute=4)
    sync(company)
    assert (len(place[1].orders), states(company), open_problems(company)) == (2, ["pushed", "pushed"], [])


def test_one_order_for_each_supplier_and_currency_with_a_line_for_each_level(place: Place) -> None:
    company = a_buyer(place)
    shop = shop_of(company)
    StockRule.objects.create(company=company, connection=shop, item_id="mug", supplier="S2", threshold=9)
    StockRule.objects.create(company=company, connection=shop, item_id="cup", unit_cost=700, currency="EUR")
    for item in ("tin", "box", "mug", "cup"):
        count(company, 4, item=item, unit_cost=100, currency="GBP")
    count(company, 1, item="tin", location_id="l2")
    sync(company)
    found = sorted((each["supplier"], each["currency"], sorted(each["lines"])) for each in place[1].orders)
    inventory = "1300"
    assert found == [
        ("S1", "EUR", [["CUP", "6", 700, inventory]]),
        ("S1", "GBP", [["BOX", "6", 100, inventory], ["TIN", "6", 100, inventory], ["TIN", "9", None, inventory]]),
        ("S2", "GBP", [["MUG", "14", 100, inventory]]),
    ]


@pytest.mark.parametrize("fault", ["lose_after", "drop_before", "err500_after", "err500_before", "truncate_after"])
def test_a_lost_answer_ends_with_one_order(place: Place, fault: str) -> None:
    company = a_buyer(place)
    sync(company)
    count(company, 1)
    place[0].fail(fault)
    sync(company)
    assert states(company) == ["unknown"]
    sync(company)
    age()
    sync(company)
    assert (states(company), len(place[1].orders)) == (["pushed"], 1)


def test_not_there_is_not_believed_while_something_late_may_come(place: Place) -> None:
    company = a_buyer(place)
    count(company, 1)
    place[0].fail("drop_before")
    sync(company)
    PurchaseOrder.objects.update(waits_until=None)
    sync(company)
    assert (states(company), place[1].orders) == (["unknown"], [])


def test_what_a_dead_worker_was_sending_is_looked_up_first(place: Place) -> None:
    company = a_buyer(place)
    count(company, 1)
    sync(company)
    now = datetime.now(UTC)
    PurchaseOrder.objects.update(state="sending", remote_id="", claimed_at=now, deadline_at=now + timedelta(minutes=9))
    sync(company)
    assert (states(company), len(place[1].orders)) == (["pushed"], 1)


def test_a_refused_order_is_told_and_drafted_anew_under_other_rules(place: Place) -> None:
    company = a_buyer(place)
    place[1].refuse["S1"] = "contact_gone"
    count(company, 1)
    sync(company)
    sync(company)
    order = PurchaseOrder.objects.get()
    assert (order.state, order.failure_turn, open_problems(company)) == ("refused", "merchant", ["order_refused"])
    assert order.reference in ProblemRow.objects.get().problem.sentence
    StockRule.objects.update(supplier="S2")
    release_order(company=company, order_id=order.public_id, actor="test")
    assert open_problems(company) == []
    sync(company)
    assert (states(company), [each["supplier"] for each in place[1].orders]) == (["refused", "pushed"], ["S2"])
    with pytest.raises(NotRefused):
        release_order(company=company, order_id=PurchaseOrder.objects.latest("id").public_id, actor="test")


def test_without_a_supplier_nothing_is_ordered_and_the_merchant_is_asked(place: Place) -> None:
    company = a_buyer(place, supplier="")
    count(company, 1)
    sync(company)
    assert (open_problems(company), place[1].orders) == (["supplier_unknown"], [])
    StockRule.objects.update(supplier="S1")
    sync(company)
    assert (open_problems(company), len(place[1].orders)) == ([], 1)


def test_where_no_order_can_be_drafted_a_notice_says_what_runs_out() -> None:
    company = a_merchant()
    StockRule.objects.create(company=company, threshold=5, supplier="S1", drafts_orders=True)
    count(company, "0.350", name="Loose tea")
    sync(company)
    sync(company)
    problem = ProblemRow.objects.get().problem
    assert problem.sentence == "Of “Loose tea” 0.35 are left at l1; at 5 it is time to buy more."
    assert (problem.reason.turn, problem.blocks) == ("merchant", False)
    count(company, 6, minute=1)
    sync(company)
    assert (open_problems(company), PurchaseOrder.objects.count()) == ([], 0)


def test_a_merchant_who_did_not_choose_orders_gets_the_notice(place: Place) -> None:
    company = a_buyer(place, drafts_orders=False)
    count(company, 1)
    sync(company)
    assert (open_problems(company), place[1].orders) == (["stock_low"], [])
    StockRule.objects.update(drafts_orders=True)
    sync(company)
    assert (open_problems(company), len(place[1].orders)) == ([], 1)


def test_without_a_threshold_nothing_is_ever_low() -> None:
    company = a_merchant()
    count(company, -3)
    sync(company)
    assert (open_problems(company), StockLevel.objects.get().low_since) == ([], None)


def test_the_rule_of_a_thing_comes_before_its_source_and_that_before_the_rule_for_all() -> None:
    company = a_merchant()
    count(company, 4, threshold=Decimal(3))
    StockRule.objects.create(company=company, threshold=5)
    sync(company)
    assert open_problems(company) == []
    rule = StockRule.objects.create(company=company, connection=shop_of(company), item_id="tin", threshold=4)
    sync(company)
    assert open_problems(company) == ["stock_low"]
    rule.delete()
    sync(company)
    assert open_problems(company) == []


def test_a_threshold_that_holds_everywhere_holds_at_each_place() -> None:
    company = a_merchant()
    remember_counts(shop_of(company).pk, [StockCount(item_id="tin", threshold=Decimal(5), on_hand=UNSET, at=AT)], AT)
    count(company, 4)
    sync(company)
    assert StockLevel.objects.get(location_id="l1").low_since is not None


def test_stock_that_is_no_longer_counted_asks_for_nothing(place: Place) -> None:
    company = a_buyer(place, drafts_orders=False)
    count(company, 1)
    sync(company)
    told = StockCount(item_id="tin", location_id="l1", on_hand=None, at=AT + timedelta(hours=1))
    remember_counts(shop_of(company).pk, [told], AT)
    sync(company)
    assert (open_problems(company), StockLevel.objects.get().low_since) == ([], None)


def test_another_company_s_rules_and_levels_are_its_own() -> None:
    rose, swan = a_merchant(), a_merchant("Swan")
    StockRule.objects.create(company=rose, threshold=5)
    for company in (rose, swan):
        count(company, 1)
        sync(company)
    assert (open_problems(rose), open_problems(swan)) == (["stock_low"], [])


quantities = st.decimals(-1000, 1000, places=2)


@given(quantities, st.decimals(0, 1000, places=2))
def test_what_is_bought_brings_stock_above_its_threshold_and_is_whole(on_hand: Decimal, threshold: Decimal) -> None:
    bought = quantity_to_buy(min(on_hand, threshold), threshold, None)
    assert bought >= 1
    assert bought == bought.to_integral_value()
    assert min(on_hand, threshold) + bought > threshold or threshold == 0


def test_a_chosen_quantity_is_bought_as_it_is() -> None:
    assert quantity_to_buy(Decimal(1), Decimal(5), Decimal("0.5")) == Decimal("0.5")
