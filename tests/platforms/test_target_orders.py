"""What holds for every accounting platform that drafts purchase orders: one of them, or a person is told why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database

from connectors import push_send, registry
from connectors.declare import Budget
from connectors.errors import NotAuthorized
from connectors.http import open_door
from connectors.models import Connection, PurchaseOrder, StockRule
from connectors.models import Option as OptionRow
from connectors.ordering import deliver_orders, raise_low_stock
from connectors.push import Delivery
from connectors.session import Pushed, Session
from connectors.stock import StockCount
from connectors.stock_rows import remember_counts
from connectors.stock_watch import watch
from ledger.models import ProblemRow
from tests.platforms.targets import Fake, Linked, running, targets

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
DRAFTING = [key for key in targets() if registry.accounting(key).drafts_orders]
of_each_target = pytest.mark.parametrize("key", DRAFTING)


@pytest.fixture
def shop(key: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    with running(key) as fake:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [fake.place]
        client = getattr(fake, "client", {"client_id": "us", "client_secret": "not-told"})
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {key: client}
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(type(registry.accounting(key)), "budget", Budget())
        yield Buyer(key, fake)


class Buyer(Linked):
    """A company that wants orders drafted, of the first supplier that the platform offers."""

    def __init__(self, key: str, fake: Fake) -> None:
        super().__init__(key, fake)
        offered = OptionRow.objects.filter(connection=self.connection, kind="supplier", active=True)
        supplier = offered.order_by("pk").values_list("external_id", flat=True)[0]
        book = self.company.book_versions.latest("number").book
        self.inventory = book.account("inventory", "GBP")
        StockRule.objects.create(company=self.company, threshold=5, supplier=supplier, drafts_orders=True)

    def runs_out(self, *items: str) -> None:
        """Of these there are too few, and orders are stored. Where orders are of products, a fake has TEA and POT."""
        shop = Connection.objects.get(company=self.company, kind="commerce")
        facts: dict[str, Any] = {"on_hand": Decimal(2), "unit_cost": 325, "currency": "GBP", "at": AT}
        counts = [StockCount(item_id=item, sku=item.upper(), name=item.title(), **facts) for item in items]
        remember_counts(shop.pk, counts, AT)
        watch(company_id=self.company.pk, at=AT)
        raise_low_stock(
            company=self.company, connection_id=self.connection.pk, platform=self.platform, account=self.inventory,
            at=AT,
        )  # fmt: skip

    def order(self) -> int:
        """One round of delivery of orders."""
        with open_door(self.connection, self.platform) as door:
            session = Session(self.connection.pk, self.company.pk, self.connection.settings, door)
            return deliver_orders(Delivery(self.platform, session), AT)

    def orders_settle(self, rounds: int = 4) -> None:
        """Rounds, an hour between them."""
        for _ in range(rounds):
            self.order()
            with database.cursor() as cursor:
                cursor.execute(
                    """UPDATE connectors_purchaseorder SET claimed_at = claimed_at - interval '1 hour',
                       deadline_at = deadline_at - interval '1 hour', waits_until = waits_until - interval '1 hour'"""
                )

    def found(self, reference: str) -> Pushed | None:
        """The order as the platform tells of it; two of them would be a refusal."""
        with open_door(self.connection, self.platform) as door:
            session = Session(self.connection.pk, self.company.pk, self.connection.settings, door)
            return self.platform.find_order(session, reference)


def states() -> list[tuple[str, str]]:
    return list(PurchaseOrder.objects.order_by("id").values_list("state", "failure_sentence"))


@of_each_target
def test_what_runs_out_is_a_draft_there_once_and_books_nothing(key: str, shop: Buyer) -> None:
    shop.runs_out("tea", "pot")
    assert (shop.order(), states()) == (1, [("pushed", "")])
    order = PurchaseOrder.objects.get()
    there = shop.found(order.reference)
    assert there is not None
    assert there.remote_id == order.remote_id
    assert (shop.order(), shop.fake.documents(), ProblemRow.objects.count()) == (0, [], 0)
    assert shop.found("PO990101-NOTHING-YET") is None


@of_each_target
@pytest.mark.parametrize("fault", ["lose_answer_after_commit", "lose_before", "5xx", "429", "429_retry_after"])
def test_whatever_is_lost_there_is_one_order(key: str, fault: str, shop: Buyer) -> None:
    shop.runs_out("tea")
    shop.fake.fail(fault)
    shop.order()
    shop.orders_settle()
    assert states() == [("pushed", "")]
    order = PurchaseOrder.objects.get()
    there = shop.found(order.reference)
    assert there is not None
    assert there.remote_id == order.remote_id


@of_each_target
def test_a_supplier_that_is_not_there_is_somebodys_turn(key: str, shop: Buyer) -> None:
    """Where people are known by their names, the order makes a new one, and there is nothing to refuse."""
    StockRule.objects.update(supplier="987654321")
    shop.runs_out("tea")
    shop.orders_settle()
    order = PurchaseOrder.objects.get()
    is_there = shop.found(order.reference) is not None
    if order.state == "refused":
        assert (order.failure_turn in ("merchant", "support"), is_there) == (True, False)
        assert ProblemRow.objects.get(resolved_at=None).code == "order_refused"
    else:
        assert (order.state, is_there) == ("pushed", True)


@of_each_target
def test_an_access_that_ends_is_renewed_and_the_order_sent_once(key: str, shop: Buyer) -> None:
    shop.runs_out("tea")
    shop.fake.fail("401")
    with suppress(NotAuthorized):  # a key cannot be renewed
        shop.order()
        shop.orders_settle()
        assert states() == [("pushed", "")]
    assert states()[0][0] in ("pushed", "unknown")


def test_an_hour_is_more_than_any_platform_needs_to_settle() -> None:
    assert all(registry.accounting(key).safety.settle_seconds < timedelta(hours=1).seconds for key in DRAFTING)
