"""A month with every case in it: told by the vendor's own SDK, read by our connector, kept in the books to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from square import Square as Vendor

from commerce_sync.models import Sync
from connectors import credentials
from connectors.auth import Secrets
from connectors.models import Connection, Reference, StockLevel
from ledger.book import Mode
from ledger.models import Company, ProblemRow, RecordRow
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer, running
from tests.platforms.square import story
from tests.platforms.square.fake import FakeSquare
from tests.platforms.square.pricing import Json
from tests.platforms.square.story import Straight, Till
from tests.platforms.stories import an_american, synced

pytestmark = pytest.mark.django_db
TOKEN = "square-test-token"
LAST = date(2026, 4, 30)
CATALOG: dict[Any, str] = {
    "ITEM": "product", "CATEGORY": "category", "TAX": "tax_rate", "ITEM_VARIATION": "variation"
}  # fmt: skip


class Sdk:
    """The vendor's own library, talking to the fake."""

    def __init__(self, client: Vendor) -> None:
        self.client = client

    def order(self, asked: Json) -> str:
        made = self.client.orders.create(order=asked, idempotency_key=str(uuid4())).order  # type: ignore[arg-type]
        assert made is not None
        assert made.id is not None
        return made.id

    def pay(self, order: str, amount: int, source: str = "cnon:card-ok", tip: int = 0) -> str:
        made = self.client.payments.create(
            source_id=source, idempotency_key=str(uuid4()), order_id=order,
            amount_money={"amount": amount, "currency": "USD"}, tip_money={"amount": tip, "currency": "USD"},
        ).payment  # fmt: skip
        assert made is not None
        assert made.id is not None
        return made.id

    def refund(self, payment: str, amount: int) -> None:
        sums: Any = {"amount": amount, "currency": "USD"}
        self.client.refunds.refund_payment(idempotency_key=str(uuid4()), payment_id=payment, amount_money=sums)


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


@pytest.fixture
def vendor(server: PlatformServer) -> Iterator[Vendor]:
    with httpx.Client() as client:  # the library itself leaves its sockets open
        yield Vendor(token=TOKEN, base_url=server.url, httpx_client=client)


def a_seller(url: str, mode: Mode) -> Company:
    """A company with its Square and its books, linked."""
    return an_american("square", {"base_url": url}, Secrets(access_token=TOKEN), mode)


def sync(company: Company) -> Sync:
    return synced(company, LAST)


def told(server: PlatformServer, mode: Mode, till_of: Callable[[FakeSquare], Till]) -> tuple[FakeSquare, Company]:
    """The month, with a sync after each part of it, as the seller's days go by."""
    fake = FakeSquare(page=7)
    server.otherwise = fake.answer
    company, till = a_seller(server.url, mode), till_of(fake)
    story.catalog(fake)
    for part in (story.sales, story.returns, story.money_matters):
        part(fake, till)
        sync(company)
    return fake, company


def truth(fake: FakeSquare) -> dict[str, int]:
    """What the books must say of some accounts, added up from the fake's rows and from nothing of ours."""
    payments, refunds, orders = fake.all("payments"), fake.all("refunds"), fake.all("orders")
    orders = [order for order in orders if order["state"] == "COMPLETED"]

    def of(rows: list[Json], name: str = "amount_money") -> int:
        return sum(row[name]["amount"] for row in rows)

    def is_gift(row: Json) -> bool:
        details = row.get("card_details") or row.get("destination_details", {}).get("card_details", {})
        return bool(details.get("card", {}).get("card_brand") == "SQUARE_GIFT_CARD")

    cash = of([row for row in payments if row["source_type"] == "CASH"], "total_money") + 500  # and the exchange's
    cash -= of([row for row in refunds if row["destination_type"] == "CASH"])
    redeemed = of([row for row in payments if is_gift(row)], "total_money")
    refunded_to_cards = of([row for row in refunds if is_gift(row)])
    sold = sum(
        line["total_money"]["amount"]
        for order in orders
        for line in order.get("line_items", [])
        if line["item_type"] == "GIFT_CARD"
    )
    tax = sum(order.get("total_tax_money", {"amount": 0})["amount"] for order in orders)
    tax -= sum(order["return_amounts"]["tax_money"]["amount"] for order in orders if "return_amounts" in order)
    return {
        "1000": of(fake.all("payouts")),
        "1010": cash + 2_000 - 1_200 - 50,
        "1100": 0,  # all that Square had to pay it has paid
        "1130": of([row for row in payments if row["source_type"] == "EXTERNAL"], "total_money"),
        "1220": 0,
        "2100": 0,
        "2120": -(sold + 1_000 + refunded_to_cards - redeemed),
        "2150": -of(payments, "tip_money"),
        "2200": -(tax - 261),  # 261 of the 33.33 that were given back without goods: 8.5 % of 30.72
        "6110": 5_000,
        "9999": 0,
    }


def held_to(company: Company, expected: dict[str, int]) -> dict[str, int]:
    found = trial_balance(company)
    assert sum(found.values()) == 0
    assert {account: found.get(account, 0) for account in expected} == expected
    return found


def test_the_month_is_in_the_books_to_the_cent_however_they_are_kept(server: PlatformServer, vendor: Vendor) -> None:
    fake, journal = told(server, "journal", lambda fake: Sdk(vendor))
    other, invoice = told(server, "invoice", Straight)
    assert held_to(journal, truth(fake)) == held_to(invoice, truth(other))
    assert [row for row in ProblemRow.objects.filter(resolved_at=None) if row.problem.blocks] == []
    before = RecordRow.objects.count()
    assert sync(invoice).code == 2040
    assert RecordRow.objects.count() == before


Seen = dict[tuple[str, str], int]


def sales_and_payouts(client: Vendor, seen: Seen) -> None:
    """What the vendor's library reads of sales, of their fees, and of the payouts, which have to be whole."""
    for location in client.locations.list().locations or []:
        assert location.id is not None
        for order in client.orders.search(location_ids=[location.id], limit=100).orders or []:
            if order.state == "COMPLETED" and not order.returns:
                seen["order", order.id or ""] = order.total_money.amount or 0 if order.total_money else 0
        for payout in client.payouts.list(location_id=location.id):
            nets = [entry.net_amount_money for entry in client.payouts.list_entries(payout.id)]
            total = payout.amount_money.amount or 0 if payout.amount_money else 0
            assert sum(net.amount or 0 for net in nets if net) == total
            seen["payout", payout.id] = abs(total)
        for payment in client.payments.list(location_id=location.id):
            for fee in (payment.processing_fee or [])[:1]:
                seen["fee", payment.id or ""] = fee.amount_money.amount or 0 if fee.amount_money else 0


def all_else(client: Vendor, kept: Seen, seen: Seen) -> None:
    """And of refunds, disputes, gift cards without an order, and cash drawers."""
    for refund in client.refunds.list():
        seen["refund", refund.id] = refund.amount_money.amount or 0
    for dispute in client.disputes.list():
        seen["dispute", dispute.id or ""] = dispute.amount_money.amount or 0 if dispute.amount_money else 0
    for activity in client.gift_cards.activities.list():
        if activity.type in ("ACTIVATE", "ADJUST_INCREMENT") and ("gift_card_change", activity.id) in kept:
            details: Any = activity.activate_activity_details or activity.adjust_increment_activity_details
            seen["gift_card_change", activity.id or ""] = details.amount_money.amount
    for place in ("LOC1", "LOC2"):
        for shift in client.cash_drawers.shifts.list(location_id=place):
            for event in client.cash_drawers.shifts.list_events(shift.id or "", location_id=place):
                if event.event_type in ("PAID_IN", "PAID_OUT") and event.event_money:
                    seen["cash_movement", f"{shift.id}:{event.id}"] = event.event_money.amount or 0


def test_what_the_vendor_s_library_reads_is_what_we_keep(server: PlatformServer, vendor: Vendor) -> None:
    _, company = told(server, "journal", Straight)
    kept = {
        (row.kind, row.external_id): abs(row.total)  # a refund lowers sales
        for row in RecordRow.objects.filter(source__company=company, superseded=False, deleted=False)
    }
    seen: Seen = {}
    sales_and_payouts(vendor, seen)
    all_else(vendor, kept, seen)
    assert len(seen) > 30
    assert {key: kept.get(key) for key in seen} == seen
    assert {kind for kind, _ in kept} == {kind for kind, _ in seen}


def test_the_vendor_s_library_reads_the_names_and_the_stock_that_we_keep(
    server: PlatformServer, vendor: Vendor
) -> None:
    _, company = told(server, "journal", Straight)
    counts = {
        (count.catalog_object_id, count.location_id): Decimal(count.quantity or "0")
        for count in vendor.inventory.batch_get_counts(location_ids=["LOC1", "LOC2"], states=["IN_STOCK"])
    }
    levels = StockLevel.objects.filter(connection__company=company, on_hand__isnull=False)
    assert {(level.item_id, level.location_id): level.on_hand for level in levels} == counts != {}
    names: set[tuple[str, str]] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = vendor.catalog.search(object_types=list(CATALOG), **({"cursor": cursor} if cursor else {}))
        names |= {(one.type, one.id or "") for one in page.objects or []}
        cursor = page.cursor
    known = Reference.objects.filter(connection__company=company, kind__in=CATALOG.values())
    assert {(row.kind, row.external_id) for row in known} == {(CATALOG[kind], name) for kind, name in names}


def test_a_seller_who_gave_no_right_to_the_stock_loses_no_sale(
    server: PlatformServer,
) -> None:
    fake = FakeSquare(page=7, tells_stock=False)
    server.otherwise = fake.answer
    company = a_seller(server.url, "journal")
    story.month(fake, Straight(fake))
    sync(company)
    held_to(company, truth(fake))
    assert not StockLevel.objects.filter(on_hand__isnull=False).exists()
    fake.tells_stock = True  # connected again
    sync(company)
    assert StockLevel.objects.filter(on_hand__isnull=False).count() == 4


def test_what_is_at_the_seller_s_own_threshold_is_told_once_and_where_no_warning_is_wanted_never(
    server: PlatformServer,
) -> None:
    fake = FakeSquare()
    server.otherwise = fake.answer
    company = a_seller(server.url, "journal")
    story.catalog(fake)
    for _ in range(2):
        sync(company)
        [low] = ProblemRow.objects.filter(code="stock_low", resolved_at=None)
        said = {name: low.detail[name] for name in ("item", "location", "on_hand", "threshold")}
        assert said == {"item": "VAR_COFFEE", "location": "Shop 1", "on_hand": "5.5", "threshold": "25"}
    fake.later(days=1)
    fake.count("VAR_COFFEE", "LOC1", "60")
    sync(company)
    assert not ProblemRow.objects.filter(code="stock_low", resolved_at=None).exists()


def test_a_variation_that_is_deleted_is_counted_nowhere_any_more(server: PlatformServer) -> None:
    fake = FakeSquare()
    server.otherwise = fake.answer
    company = a_seller(server.url, "journal")
    story.catalog(fake)
    sync(company)
    assert StockLevel.objects.filter(item_id="VAR_CAKE", on_hand__isnull=False).count() == 2
    fake.later(days=1)
    fake.put("catalog", {**fake.rows["catalog"]["VAR_CAKE"], "is_deleted": True})
    sync(company)
    assert not StockLevel.objects.filter(item_id="VAR_CAKE", on_hand__isnull=False).exists()
    assert Reference.objects.filter(external_id="VAR_CAKE").exists()  # sales still name it


def test_an_access_that_ends_while_the_month_is_read_is_renewed_and_nothing_is_lost(
    server: PlatformServer, settings: Any
) -> None:
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"square": {"client_id": "us", "client_secret": "s"}}
    fake = FakeSquare(page=5)
    server.otherwise = fake.answer
    company = a_seller(server.url, "journal")
    shop = Connection.objects.get(company=company, kind="commerce")
    credentials.store(connection_id=shop.pk, secrets=Secrets(access_token=TOKEN, refresh_token=fake.refresh))
    story.month(fake, Straight(fake))
    answers = 0

    def revoking(seen: Any) -> Any:
        nonlocal answers
        answers += 1
        if answers == 12:
            fake.tokens = {"another"}
        return fake.answer(seen)

    server.otherwise = revoking
    sync(company)
    held_to(company, truth(fake))
    assert credentials.load(shop.pk).access_token in fake.tokens
