"""A month with every case in it, in the books to the cent: from the recorded pages, and as the shop's days go by."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from commerce_sync.models import Sync
from commerce_sync.replay import Difference, replay
from connectors.auth import Secrets
from ledger.book import Mode
from ledger.models import Company, ProblemRow, RecordRow
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer, running
from tests.platforms.exchanges import replaying
from tests.platforms.folders import SPECIFICATIONS, Folder
from tests.platforms.stories import an_american, synced

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
TOKEN = "shpat_shopify-test-token"
LAST = date(2026, 4, 30)
SCHEMA = SPECIFICATIONS / "commerce" / "shopify" / "admin_graphql_2026-10.introspection.json.gz"
with_schema = pytest.mark.skipif(not SCHEMA.exists(), reason="the vendor's schema is not at hand")


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


def a_merchant(url: str, mode: Mode) -> Company:
    """A company with its shop and its books, linked."""
    settings = {"shop": "some-shop", "base_url": url, "gift_cards_without_order": "issued_free"}
    return an_american("shopify", settings, Secrets(access_token=TOKEN), mode)


def sync(company: Company) -> Sync:
    return synced(company, LAST)


def units(value: Json | None) -> int:
    return 0 if value is None else round(float(value.get("shopMoney", value)["amount"]) * 100)


def truth(orders: list[Json], payouts: list[Json], balance: list[Json]) -> dict[str, int]:
    """What the books must say of some accounts, added up from the shop's rows and from nothing of ours."""
    sold = [row for row in orders if not row["test"] and row["displayFinancialStatus"] not in ("PENDING", "AUTHORIZED")]
    sold = [row for row in sold if row["transactions"]]
    moved = [
        (each, -1 if each["kind"] in ("REFUND", "CHANGE") else 1)
        for row in sold
        for each in row["transactions"]
        if each["status"] == "SUCCESS" and each["kind"] in ("SALE", "CAPTURE", "REFUND", "CHANGE")
    ]
    sales = [sale for row in sold for each in row["agreements"]["nodes"] for sale in each["sales"]["nodes"]]

    def by(gateway: str) -> int:
        rows = [(each, sign) for each, sign in moved if each["gateway"] == gateway]
        return sum(sign * (units(each["amountSet"]) + units(each["amountRoundingSet"])) for each, sign in rows)

    def of(line: str) -> int:
        found = [sale for sale in sales if sale["lineType"] == line]
        return sum(units(sale["totalAmount"]) - units(sale["totalTaxAmount"]) for sale in found)

    parts = [part for sale in sales for part in sale["taxes"] if not part["taxLine"]["channelLiable"]]
    real = [row for row in balance if not row["test"]]
    dispute_fees = sum(units(row["fee"]) for row in real if row["type"].startswith("DISPUTE"))
    return {
        "1000": sum(units(row["net"]) for row in payouts if row["status"] == "PAID"),
        "1010": by("cash"),
        "1100": 0,  # all that Shopify had to pay it has paid
        "1130": by("paypal"),
        "1150": 0,  # the reserve was let go
        "1200": 0,
        "1220": 0,
        "2100": 0,
        "2120": by("gift_card") - of("GIFT_CARD") - 1_500,  # 15.00 were given away
        "2130": by("shopify_store_credit"),
        "2150": -of("TIP"),
        "2200": -(sum(units(part["amount"]) for part in parts) - 170),  # 170 of the 21.70 given back without goods
        "4100": -of("SHIPPING"),
        "4110": -of("DUTY") - of("ADDITIONAL_FEE"),
        "6000": sum(units(row["fee"]) for row in real) - dispute_fees,
        "6020": dispute_fees,
        "6030": 845,
        "6100": 1_500,
        "6110": 5_000,
        "6230": 0,
        "9999": 0,
    }


def held_to(company: Company, expected: dict[str, int]) -> dict[str, int]:
    found = trial_balance(company)
    assert sum(found.values()) == 0
    assert {account: found.get(account, 0) for account in expected} == expected
    return found


def rows_of(folder: Folder, stream: str) -> list[Json]:
    return [json.loads(body) for body in folder.bodies(stream)]


def test_the_recorded_month_is_in_the_books_to_the_cent_however_they_are_kept(server: PlatformServer) -> None:
    folder = Folder("shopify")
    server.otherwise = replaying({name: folder.replay(name) for name in folder.streams})
    expected = truth(*[rows_of(folder, stream) for stream in ("orders", "payouts", "balance")])
    journal, invoice = a_merchant(server.url, "journal"), a_merchant(server.url, "invoice")
    for company in (journal, invoice):
        sync(company)
    assert held_to(journal, expected) == held_to(invoice, expected)
    assert [row for row in ProblemRow.objects.filter(resolved_at=None) if row.problem.blocks] == []
    before = RecordRow.objects.count()
    assert sync(invoice).code == 2040
    assert RecordRow.objects.count() == before


def shown(fake: Any, order: Json) -> Json:
    """An order of the fake as its rows say it."""
    agreed = [{**each, "sales": {"nodes": each["_sales"]}} for each in order["_agreements"]]
    return {**order, "agreements": {"nodes": agreed}}


@with_schema
def test_a_month_that_is_read_day_by_day_ends_in_the_same_books(server: PlatformServer) -> None:
    from tests.platforms.shopify import story
    from tests.platforms.shopify.fake import FakeShopify

    fake = FakeShopify(page=7)
    server.otherwise = fake.answer
    company = a_merchant(server.url, "journal")
    story.names(fake)
    chapters: list[Callable[[FakeShopify], None]] = [story.sales, story.edits, story.returns, story.money_matters]
    for part in chapters:
        part(fake)
        sync(company)
    expected = truth([shown(fake, row) for row in fake.orders], fake.payouts, fake.balance)
    held_to(company, expected)


@with_schema
def test_an_order_that_is_edited_and_then_deleted_leaves_nothing_behind(server: PlatformServer) -> None:
    from tests.platforms.shopify.fake import FakeShopify, sold

    fake = FakeShopify()
    server.otherwise = fake.answer
    company = a_merchant(server.url, "journal")
    order = fake.order([sold("Mug", 1_000, taxes={})])
    fake.pay(order, gateway="cash")
    sync(company)
    assert trial_balance(company)["4000"] == -1_000
    fake.later(days=1)
    fake.agree(order, [sold("Print", 500, taxes={})], "ORDER_EDIT")
    fake.pay(order, gateway="cash")
    sync(company)
    assert trial_balance(company) == {"1010": 1_500, "4000": -1_500}
    fake.later(days=1)
    deleted(fake, order)
    sync(company)
    assert trial_balance(company) == {}


def differences_of_a_replay(company: Company) -> list[Difference]:
    found: list[Difference] = []
    with transaction.atomic():
        links = list(company.connections.filter(platform="shopify"))
        replay(links, since=None, limit=None, report=found.append, progress=lambda pages: None)
    return found


def deleted(fake: Any, order: Json) -> None:
    """The order is deleted: an event is the only trace of it."""
    fake.orders.remove(order)
    fake.events.append({
        "__typename": "BasicEvent", "id": f"gid://shopify/BasicEvent/{fake.number()}", "action": "destroy",
        "createdAt": fake.stamp, "subjectId": order["id"], "subjectType": "ORDER",
    })  # fmt: skip


@with_schema
def test_the_refunds_of_an_order_that_is_deleted_go_with_it_and_no_others(server: PlatformServer) -> None:
    from tests.platforms.shopify.fake import FakeShopify, back, sold

    fake = FakeShopify()
    server.otherwise = fake.answer
    company = a_merchant(server.url, "journal")
    orders = [fake.order([sold("Mug", 1_000, 2, taxes={})]) for _ in range(2)]
    for order in orders:
        fake.pay(order, gateway="cash")
    sync(company)
    for order in orders:  # told by a later version of their rows, on different days
        fake.later(days=1)
        fake.refund(order, [back(order["_agreements"][0]["_sales"][0], 1)], [(1_000, "cash")])
        sync(company)
    assert trial_balance(company) == {"1010": 2_000, "4000": -4_000, "4010": 2_000}
    fake.later(days=1)
    deleted(fake, orders[0])
    sync(company)
    assert trial_balance(company) == {"1010": 1_000, "4000": -2_000, "4010": 1_000}
    assert RecordRow.objects.filter(superseded=False, deleted=False).count() == 2
    assert sync(company).code == 2040  # its event is listed again, and says nothing new
    assert differences_of_a_replay(company) == []


@with_schema
def test_a_refund_that_came_to_nothing_after_all_is_taken_back(server: PlatformServer) -> None:
    from tests.platforms.shopify.fake import FakeShopify, sold

    fake = FakeShopify()
    server.otherwise = fake.answer
    company = a_merchant(server.url, "journal")
    order = fake.order([sold("Mug", 1_000, taxes={})])
    fake.pay(order, gateway="paypal")
    fake.later(hours=1)
    refund = fake.refund(order, [], [(400, "paypal")])
    sync(company)
    assert trial_balance(company)["1130"] == 600
    fake.later(days=1)
    refund["_transactions"][0]["status"] = "FAILURE"
    fake.touch(order)
    sync(company)
    assert trial_balance(company) == {"1130": 1_000, "4000": -1_000}
