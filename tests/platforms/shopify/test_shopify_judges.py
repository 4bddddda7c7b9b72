"""Shopify's own library as judge: it is let in by our fake, asks it the same questions, and reads what we keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import shopify
from graphql import parse, validate
from shopify.api_version import ApiVersion, Release

from connectors import consent, credentials
from connectors.auth import Client, authorize_url
from connectors.commerce import _shopify_gate as gate
from connectors.commerce.shopify import Shopify
from connectors.errors import PlatformDown
from connectors.http import open_door
from connectors.models import Connection
from connectors.pull import pull_connection
from connectors.session import Session as SessionOf
from ledger.models import Company, RecordRow
from tests.connectors.server import PlatformServer
from tests.platforms.folders import SPECIFICATIONS
from tests.platforms.shopify.test_shopify_story import a_merchant, server, sync, units

__all__ = ["server"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (SPECIFICATIONS / "commerce" / "shopify").is_dir(), reason="the vendor's schema is not at hand"
    ),
]
Json = dict[str, Any]
VERSION = "2026-10"
SHOP = "some-shop.myshopify.com"
ORDERS = """
query ($after: String) {
  orders(first: 50, after: $after, query: "status:any", sortKey: UPDATED_AT) {
    nodes {
      legacyResourceId test cancelledAt displayFinancialStatus
      currentTotalPriceSet { shopMoney { amount } }
      transactions {
        kind status test gateway amountSet { shopMoney { amount } } amountRoundingSet { shopMoney { amount } }
      }
      agreements(first: 50) { nodes { reason } }
      refunds { legacyResourceId transactions(first: 50) { nodes { status amountSet { shopMoney { amount } } } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
MONEY = """
query ($after: String) {
  shopifyPaymentsAccount {
    LIST(first: 50, after: $after) { nodes { FIELDS } pageInfo { hasNextPage endCursor } }
  }
}
"""


@pytest.fixture
def vendor(server: PlatformServer, settings: Any) -> Iterator[Any]:
    """The vendor's library, which finds the shop at our server instead of at its own address."""
    from tests.platforms.shopify.fake import FakeShopify

    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"shopify": {"client_id": "us", "client_secret": FakeShopify.secret}}
    settings.COMMERCE_SYNC_PUBLIC_URL = "https://till.example"
    ApiVersion.define_version(Release(VERSION))
    before = {name: getattr(shopify.Session, name) for name in ("protocol", "myshopify_domain", "port")}
    shopify.Session.setup(
        api_key="us", secret=FakeShopify.secret, protocol="http", myshopify_domain="0.0.1", port=server.port
    )
    yield shopify
    shopify.ShopifyResource.clear_session()
    shopify.Session.setup(**before)


def let_in(vendor: Any, fake: Any, company: Company) -> Connection:
    """The merchant consents; the library believes what comes back, as we do, and uses the token that we were given."""
    shop = Connection.objects.get(company=company, platform="shopify")
    begun = consent.begin(shop, {"shop": "some-shop"})
    back = fake.came_back(SHOP, state=begun.state)
    assert vendor.Session.validate_params(back)
    consent.finish(begun.consent, back, actor="test")
    session = vendor.Session("127", VERSION, credentials.load(shop.pk).access_token)  # .0.0.1
    vendor.ShopifyResource.activate_session(session)
    return shop


def rows(vendor: Any, query: str, *path: str) -> list[Json]:
    """All rows of a list, page by page."""
    found: list[Json] = []
    after = None
    while True:
        said = json.loads(vendor.GraphQL().execute(query, {"after": after}))
        assert "errors" not in said
        level = said["data"]
        for name in path:
            level = level[name]
        found += level["nodes"]
        if not level["pageInfo"]["hasNextPage"]:
            return found
        after = level["pageInfo"]["endCursor"]


def pull(shop: Connection) -> None:
    """All that the shop has, through the real door."""
    with open_door(shop, Shopify()) as door:
        pull_connection(shop, SessionOf(shop.pk, shop.company_id, shop.settings, door))


def kept(company: Company, kind: str) -> dict[str, int]:
    found = RecordRow.objects.filter(source__company=company, kind=kind, superseded=False, deleted=False)
    return {row.external_id: abs(row.total) for row in found}


def agreed(order: Json) -> list[Json]:
    found: list[Json] = order["agreements"]["nodes"]
    return found


def test_what_the_vendor_s_library_reads_is_what_we_keep(server: PlatformServer, vendor: Any) -> None:
    from tests.platforms.shopify import story
    from tests.platforms.shopify.fake import FakeShopify

    fake = FakeShopify(page=7)
    fake.tokens = set()
    server.otherwise = fake.answer
    story.month(fake)
    company = a_merchant(server.url, "journal")
    let_in(vendor, fake, company)
    sync(company)

    orders = [row for row in rows(vendor, ORDERS, "orders") if not row["test"]]
    assert len(orders) > 20
    held = kept(company, "order")
    for row in orders:
        succeeded = [each for each in row["transactions"] if each["status"] == "SUCCESS"]
        received = [each for each in succeeded if each["kind"] in ("SALE", "CAPTURE")]
        if row["cancelledAt"] and not received:
            assert row["legacyResourceId"] not in held
        elif row["displayFinancialStatus"] == "PAID" and not any("RETURN" in each["reason"] for each in agreed(row)):
            rounding = sum(units(each["amountRoundingSet"]) for each in received)
            assert held[row["legacyResourceId"]] == units(row["currentTotalPriceSet"]) + rounding > 0
    refunds = {
        each["legacyResourceId"]: sum(
            units(part["amountSet"]) for part in each["transactions"]["nodes"] if part["status"] == "SUCCESS"
        )
        for row in orders
        for each in row["refunds"]
    }
    refunds = {number: paid for number, paid in refunds.items() if paid}
    stored = RecordRow.objects.filter(source__company=company, kind="refund", superseded=False, deleted=False)
    given = {row.external_id: sum(each.amount for each in row.record.tenders) for row in stored}
    assert {number: paid for number, paid in given.items() if paid} == refunds
    payouts = rows(
        vendor, money("payouts", "legacyResourceId status net { amount }"), "shopifyPaymentsAccount", "payouts"
    )
    paid = {row["legacyResourceId"]: abs(units(row["net"])) for row in payouts if row["status"] == "PAID"}
    assert kept(company, "payout") == paid
    moves = rows(
        vendor, money("balanceTransactions", "id test fee { amount }"), "shopifyPaymentsAccount", "balanceTransactions"
    )
    taken = {row["id"]: abs(units(row["fee"])) for row in moves if not row["test"] and units(row["fee"])}
    fees = kept(company, "fee")
    assert {number: fees.get(number) for number in taken} == taken
    disputes = rows(vendor, money("disputes", "legacyResourceId status"), "shopifyPaymentsAccount", "disputes")
    assert set(kept(company, "dispute")) == {row["legacyResourceId"] for row in disputes}


def money(name: str, fields: str) -> str:
    """The question for a list of Shopify Payments."""
    return MONEY.replace("LIST", name).replace("FIELDS", fields)


@pytest.mark.case("B26")
def test_every_question_that_goes_over_the_wire_is_one_of_the_schema_and_names_a_version(
    server: PlatformServer,
) -> None:
    from tests.platforms.shopify import story
    from tests.platforms.shopify.fake import FakeShopify, schema

    fake = FakeShopify(page=7)
    server.otherwise = fake.answer
    story.month(fake)
    sync(a_merchant(server.url, "journal"))
    asked = {json.loads(seen.body)["query"] for seen in server.log}
    assert len(asked) == 11  # eight lists, the rest of an order and of a variant, the entries of a payout
    for query in asked:
        assert validate(schema(), parse(query)) == []
    assert {seen.path for seen in server.log} == {f"/admin/api/{VERSION}/graphql.json"}
    assert all(seen.headers["x-shopify-access-token"] for seen in server.log)


def test_the_consent_page_that_we_lead_to_is_the_vendor_s(vendor: Any) -> None:
    client = Client(client_id="us", client_secret="s", redirect_uri="https://till.example/back")
    auth = Shopify.auth
    ours = authorize_url(auth, client, state="s1")  # type: ignore[arg-type]
    theirs = vendor.Session("127", VERSION).create_permission_url(auth.scopes, client.redirect_uri, "s1")  # type: ignore[union-attr]
    query = theirs.partition("?")[2].split("&")
    assert set(query) <= set(ours.partition("?")[2].split("&"))
    assert ours.partition("?")[0] == "/" + theirs.partition("?")[0].split("/", 3)[3]


@pytest.mark.parametrize(
    "more", [{}, {"embedded": "1"}, {"note": "a&b=c%26"}, {"note&x=": "1"}, {"session": "é"}], ids=str
)
def test_a_callback_is_ours_exactly_when_it_is_the_vendor_s(vendor: Any, more: dict[str, str]) -> None:
    params = {"code": "c", "shop": SHOP, "state": "s", "timestamp": str(int(datetime.now(UTC).timestamp())), **more}
    signed = {**params, "hmac": vendor.Session.calculate_hmac(params)}
    now, secret = datetime.now(UTC), vendor.Session.secret
    assert vendor.Session.validate_params(signed)
    assert gate.callback_problem(signed, secret, now) == ""
    for name in params:
        changed = {**signed, name: f"{signed[name]}1"}
        assert not vendor.Session.validate_hmac(changed)
        assert gate.callback_problem(changed, secret, now) == "it is not signed by Shopify"
    # One parameter in the place of two, which together read the same.
    joined = {"code": f"c&shop={SHOP}", **{name: signed[name] for name in signed if name not in ("code", "shop")}}
    assert not vendor.Session.validate_hmac(joined)
    assert gate.callback_problem(joined, secret, now) == "it is not signed by Shopify"


@pytest.mark.parametrize("shop", ["evil.example", f"{SHOP}.evil.example", "evil.example/.myshopify.com", "-x", ""])
def test_a_callback_for_no_shop_is_refused_though_it_is_signed(vendor: Any, shop: str) -> None:
    params = {"code": "c", "shop": shop, "state": "s", "timestamp": str(int(datetime.now(UTC).timestamp()))}
    signed = {**params, "hmac": vendor.Session.calculate_hmac(params)}
    assert gate.callback_problem(signed, vendor.Session.secret, datetime.now(UTC)) == "it names no shop"


@pytest.mark.parametrize("seconds", [-3_600, -91, 91])
def test_a_callback_of_another_time_is_refused_though_it_is_signed(vendor: Any, seconds: int) -> None:
    now = datetime.now(UTC)
    params = {"code": "c", "shop": SHOP, "state": "s", "timestamp": str(int(now.timestamp()) + seconds)}
    signed = {**params, "hmac": vendor.Session.calculate_hmac(params)}
    assert "too long ago" in gate.callback_problem(signed, vendor.Session.secret, now)


def test_a_refresh_token_whose_answer_was_lost_is_good_once_more_and_then_never(
    server: PlatformServer, vendor: Any
) -> None:
    from tests.platforms.shopify.fake import FakeShopify

    fake = FakeShopify()
    fake.tokens = set()
    server.otherwise = fake.answer
    company = a_merchant(server.url, "journal")
    shop = let_in(vendor, fake, company)
    first = credentials.load(shop.pk)
    assert (len(fake.refresh), first.refresh_token) == (1, fake.refresh[0])
    ended = msgspec.structs.replace(first, expires_at=datetime.now(UTC))
    credentials.store(connection_id=shop.pk, secrets=ended)
    fake.tokens.clear()
    server.fail("lose_after")
    with pytest.raises(PlatformDown):
        pull(shop)
    pull(shop)  # as the schedule does, some seconds later
    kept_now = credentials.load(shop.pk)
    assert kept_now.access_token in fake.tokens
    assert kept_now.refresh_token == fake.refresh[-1]
    asked = [json.loads(seen.body) for seen in server.log if seen.path == "/admin/oauth/access_token"]
    renewals = [one["refresh_token"] for one in asked if one["grant_type"] == "refresh_token"]
    assert renewals == [first.refresh_token] * 2
