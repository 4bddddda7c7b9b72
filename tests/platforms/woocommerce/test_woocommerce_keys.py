"""A WooCommerce shop makes a key for us on its own page and posts it: to the right connection, once, and in time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from connectors import credentials
from connectors.http import open_door
from connectors.models import Connection, Credential
from connectors.pull import pull_connection
from connectors.registry import commerce
from connectors.session import Session
from health.doctor_bells import bells
from ledger.services import now
from tests.commerce_sync.test_flow_connect import a_merchant
from tests.connectors.server import PlatformServer, running
from tests.platforms.woocommerce import story
from tests.platforms.woocommerce.fake import FakeWoo
from tests.platforms.woocommerce.pricing import Json
from tests.platforms.woocommerce.story import Straight

pytestmark = pytest.mark.django_db
WOO = commerce("woocommerce")


@pytest.fixture
def shop() -> FakeWoo:
    return story.a_shop()


@pytest.fixture
def server(settings: Any, shop: FakeWoo) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
        state.otherwise = shop.answer
        yield state


def begun(server: PlatformServer, address: str = "") -> tuple[Connection, Any]:
    """A merchant who gave the address of the shop and wants it to make the key; the answer of our page."""
    browser, row = a_merchant("woocommerce")
    page = browser.get(f"/flow/connect/{row.public_id}").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"base_url": address or server.url, "handover": "1", "csrfmiddlewaretoken": token[1]}
    return row, browser.post(f"/flow/connect/{row.public_id}", form)


def asked_of(response: Any, server: PlatformServer) -> dict[str, str]:
    """What the shop's page is asked."""
    found = re.search(r'class="button" href="([^"]+)"', response.content.decode())
    assert found
    address = urlsplit(unescape(found[1]))
    assert (f"{address.scheme}://{address.netloc}", address.path) == (server.url, "/wc-auth/v1/authorize")
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def post(said: Any, platform: str = "woocommerce") -> int:
    return int(Client().post(f"/oauth/keys/{platform}", said, content_type="application/json").status_code)


def test_a_key_that_the_shop_made_links_the_connection_and_opens_the_shop(
    server: PlatformServer, shop: FakeWoo
) -> None:
    row, onward = begun(server)
    asked = asked_of(onward, server)
    assert (asked["app_name"], asked["scope"]) == ("Till Systems", "read")
    assert asked["callback_url"] == "https://sync.example/oauth/keys/woocommerce"
    assert asked["return_url"] == "https://sync.example/flow/"
    assert post(shop.hand_over(asked)) == 200
    row.refresh_from_db()
    assert (row.status, row.settings["base_url"]) == ("Linked", server.url)
    assert credentials.load(row.pk).username == shop.key
    Straight(shop).order({**story.CARD, "line_items": story.lines(shop, coffee=1)})
    with open_door(row, WOO) as door:
        assert pull_connection(row, Session(row.pk, row.company_id, row.settings, door)).stored > 0


def test_a_state_is_good_once_and_for_ten_minutes(server: PlatformServer, shop: FakeWoo) -> None:
    row, onward = begun(server)
    said = shop.hand_over(asked_of(onward, server))
    with time_machine.travel(now() + timedelta(minutes=10, seconds=1), tick=False):
        assert post(said) == 401
    assert not Credential.objects.exists()
    assert post(said) == 200
    assert post({**said, "consumer_key": "ck_of_somebody"}) == 401
    assert credentials.load(row.pk).username == shop.key


@pytest.mark.parametrize(
    "change",
    [{"user_id": "x"}, {"user_id": None}, {"user_id": 7}, {"consumer_key": ""}, {"consumer_secret": None},
     {"consumer_key": "a:b"}, {"consumer_key": {"a": 1}}],
)  # fmt: skip
def test_what_is_not_a_key_for_us_links_nothing(server: PlatformServer, shop: FakeWoo, change: Json) -> None:
    row, onward = begun(server)
    assert post({**shop.hand_over(asked_of(onward, server)), **change}) in (400, 401)
    row.refresh_from_db()
    assert row.status == "PendingAuth"
    assert not Credential.objects.exists()


@pytest.mark.parametrize("body", [b"", b"null", b"[", b"[]", b"\xff", b'{"user_id":' + b"[" * 5_000])
def test_a_body_that_cannot_be_read_is_refused(server: PlatformServer, body: bytes) -> None:
    assert post(body) == 401


def test_only_a_platform_that_hands_keys_over_is_listened_to(server: PlatformServer, shop: FakeWoo) -> None:
    _, onward = begun(server)
    said = shop.hand_over(asked_of(onward, server))
    assert post(said, "square") == 401
    assert post(said, "nobody") == 404
    assert post(b" " * 20_000) == 413
    assert Client().get("/oauth/keys/woocommerce").status_code == 405


def test_an_address_that_cannot_be_is_told_before_anybody_is_sent_away(server: PlatformServer) -> None:
    _, answer = begun(server, "ftp://shop.example")
    assert answer.status_code == 400
    assert b'class="button"' not in answer.content


def test_where_the_shop_could_not_reach_us_only_typed_keys_are_asked_for(server: PlatformServer, settings: Any) -> None:
    settings.COMMERCE_SYNC_PUBLIC_URL = "http://sync.example"
    browser, row = a_merchant("woocommerce")
    page = browser.get(f"/flow/connect/{row.public_id}").content.decode()
    assert "Consumer key (ck_…)" in page
    assert "REST API, Add key" in page
    assert 'name="handover"' not in page


def test_a_bell_that_the_shop_has_switched_off_is_told_by_the_doctor(server: PlatformServer, shop: FakeWoo) -> None:
    row, onward = begun(server)
    post(shop.hand_over(asked_of(onward, server)))
    row.refresh_from_db()
    ours = shop.add_webhook(f"https://sync.example/webhooks/woocommerce/{row.public_id}")
    shop.add_webhook("https://another.example/ring")["status"] = "disabled"

    def told() -> tuple[str, str]:
        with open_door(row, WOO) as door:
            pull_connection(row, Session(row.pk, row.company_id, row.settings, door))
        row.refresh_from_db()
        return bells().level, bells().said

    assert told() == ("ok", "none of them is switched off")
    ours["status"] = "disabled"
    assert told() == ("warning", f"1 switched off at the platform: “{ours['name']}” of {row.company.name}")
    ours["status"] = "active"
    assert told()[0] == "ok"
