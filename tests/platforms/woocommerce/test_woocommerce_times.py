"""Instants around the change of the clocks, minor units of other currencies, and deliveries that come twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.test import Client

from connectors import credentials
from connectors.auth import Secrets
from connectors.models import IncomingWebhook
from connectors.services import connect_commerce
from connectors.session import MapContext
from ledger.adding_up import check
from ledger.commerce import Order
from tests.ledger.cast import a_merchant
from tests.platforms.woocommerce import story
from tests.platforms.woocommerce.story import Straight
from tests.platforms.woocommerce.test_woocommerce_rules import WOO, Wire, fetched, ids

FIRST, SECOND = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def at_the_change_of_the_clocks() -> tuple[Any, list[int]]:
    """Two orders an hour apart, in an hour that a clock in New York shows twice."""
    fake = story.a_shop()
    made = []
    for at in (FIRST, SECOND):
        fake.now = at
        made.append(Straight(fake).order({**story.CARD, "line_items": story.lines(fake, coffee=1)}))
    return fake, made


@pytest.mark.case("E21")
def test_two_sales_in_the_hour_that_comes_twice_are_an_hour_apart() -> None:
    fake, made = at_the_change_of_the_clocks()
    assert fake.orders[made[0]]["date_paid"] == fake.orders[made[1]]["date_paid"]
    [page, *_] = fetched(Wire(fake))
    orders = [each for row in page.rows for each in WOO.map("orders", row, MapContext("USD")) if type(each) is Order]
    second, first = [order.closed_at for order in orders]
    assert (second - first).total_seconds() == 3_600


def test_what_changed_in_the_second_of_two_equal_hours_is_all_that_is_new() -> None:
    fake, made = at_the_change_of_the_clocks()
    assert ids(fetched(Wire(fake), since=FIRST.replace(minute=45))) == [made[1]]


@pytest.mark.parametrize(
    ("currency", "price", "amount"), [("JPY", "1250", 1_250), ("KWD", "1.234", 1_234), ("USD", "9.99", 999)]
)
def test_amounts_are_those_of_the_currency_whatever_its_decimals(currency: str, price: str, amount: int) -> None:
    row = {
        "id": 1, "status": "completed", "currency": currency, "total": price, "total_tax": "0.000000",
        "date_created_gmt": "2026-02-01T22:00:00", "date_paid_gmt": "2026-02-01T22:00:00",
        "line_items": [{"name": "Thing", "total": f"{Decimal(price):.6f}", "quantity": 1, "taxes": []}],
    }  # fmt: skip
    [order] = WOO.map("orders", msgspec.json.encode(row), MapContext(currency))
    assert isinstance(order, Order)
    assert check(order) is None
    assert (order.stated, order.lines[0].net) == (amount, amount)


@pytest.mark.parametrize("rate", ["8.8750", "20.0000", "5.5"])
def test_a_rate_of_four_decimals_is_exact(rate: str) -> None:
    named = WOO.reference("taxes", msgspec.json.encode({"id": 3, "rate": rate, "name": "Tax"}))
    assert named is not None
    assert named.facts["rate_ppm"] == int(Decimal(rate) * 10_000)


@pytest.mark.django_db
def test_a_delivery_counts_once_by_its_id_and_another_of_the_same_words_is_another(
    settings: Any, tmp_path: Any
) -> None:
    settings.STATIC_ROOT = tmp_path
    link = connect_commerce(
        company=a_merchant("Shop", "USD", "America/New_York").company, platform="woocommerce", actor="test"
    )
    credentials.store(connection_id=link.pk, secrets=Secrets(username="u", password="p", webhook_secrets=("wc",)))
    body = b'{"id":727}'
    signature = base64.b64encode(hmac.new(b"wc", body, hashlib.sha256).digest()).decode()

    def ring(delivery: str, signed: str = signature) -> int:
        headers = {"x-wc-webhook-signature": signed, "x-wc-webhook-topic": "order.deleted",
                   "x-wc-webhook-delivery-id": delivery}  # fmt: skip
        path = f"/webhooks/woocommerce/{link.public_id}"
        return int(Client().post(path, body, content_type="application/json", headers=headers).status_code)

    assert [ring("a"), ring("a"), ring("b")] == [200, 200, 200]
    assert ring("c", "forged") == 401
    assert sorted(IncomingWebhook.objects.values_list("delivery_id", "event")) == [
        ("a", "order.deleted"), ("b", "order.deleted"),
    ]  # fmt: skip
