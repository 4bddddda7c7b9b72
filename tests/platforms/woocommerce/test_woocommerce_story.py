"""A month with every case in it: told by the vendor's own library, read by us, kept in the books to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from woocommerce import API

from commerce_sync.models import Sync
from connectors.auth import Secrets
from ledger.book import Mode
from ledger.models import Company, ProblemRow, RecordRow
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer, running
from tests.platforms.stories import an_american, synced
from tests.platforms.woocommerce import story
from tests.platforms.woocommerce.fake import FakeWoo
from tests.platforms.woocommerce.pricing import Json
from tests.platforms.woocommerce.story import Straight, Till

pytestmark = pytest.mark.django_db
LAST = date(2026, 3, 31)


class Sdk:
    """The vendor's own library, talking to the fake."""

    def __init__(self, client: API) -> None:
        self.client = client

    def _said(self, response: Any) -> Json:
        assert response.status_code in (200, 201), response.text
        found: Json = response.json()
        return found

    def order(self, asked: Json) -> int:
        return int(self._said(self.client.post("orders", asked))["id"])

    def change(self, order: int, asked: Json) -> None:
        self._said(self.client.put(f"orders/{order}", asked))

    def refund(self, order: int, asked: Json) -> None:
        self._said(self.client.post(f"orders/{order}/refunds", asked))


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


@pytest.fixture
def vendor(server: PlatformServer) -> API:
    return API(url=server.url, consumer_key="ck_test", consumer_secret="cs_test", version="wc/v3", timeout=30)


def a_merchant(url: str, mode: Mode, **settings: str) -> Company:
    """A company with its shop and its books, linked."""
    return an_american(
        "woocommerce", {"base_url": url, **settings}, Secrets(username="ck_test", password="cs_test"), mode
    )


def sync(company: Company) -> Sync:
    return synced(company, LAST)


def told(
    server: PlatformServer, mode: Mode, till_of: Callable[[FakeWoo], Till], fake: FakeWoo | None = None
) -> tuple[FakeWoo, Company]:
    """The month, with a sync after each part of it, as the merchant's days go by."""
    fake = fake or story.a_shop(page=5)
    server.otherwise = fake.answer
    company, till = a_merchant(server.url, mode), till_of(fake)
    for part in (story.sales, story.returns, story.clearing_up):
        part(fake, till)
        sync(company)
    return fake, company


def cents(*texts: str) -> int:
    return int(sum(map(Decimal, texts), Decimal(0)) * 100)


def truth(fake: FakeWoo, derived_tax: int) -> dict[str, int]:
    """What the books must say of some accounts, added up from the fake's rows and from nothing of ours.

    `derived_tax` is the tax in the refund of money without lines.
    """
    sold = [row for row in fake.orders.values() if row["status"] in ("processing", "completed", "refunded")]
    sold = [row for row in sold if row["date_paid"]]
    ids = {row["id"]: row for row in sold}
    refunds = [row for row in fake.refunds.values() if row["parent_id"] in ids]

    def paid(method: str) -> int:
        return cents(*(row["total"] for row in sold if row["payment_method"] == method))

    def back(is_by_gateway: bool) -> int:
        return cents(*(row["amount"] for row in refunds if row["refunded_payment"] is is_by_gateway))

    def lines(name: str, label: str) -> int:
        return cents(*(line["total"] for row in sold for line in row[name] if line["name"] == label))

    whole = [row for row in refunds if not row["line_items"] and row["amount"] == ids[row["parent_id"]]["total"]]
    fees = cents(*(row["meta_data"][0]["value"] for row in sold if row["meta_data"]))
    tax = cents(*(row["total_tax"] for row in sold))
    tax -= -cents(*(line["total_tax"] for row in refunds for line in row["line_items"]))
    tax -= cents(*(ids[row["parent_id"]]["total_tax"] for row in whole)) + derived_tax
    return {
        "1010": paid("cod"),
        "1100": paid("stripe") - back(True) - fees,
        "1110": paid("bacs"),
        "1130": paid("corner_shop") - back(False),
        "1200": 0,
        "2100": 0,
        "2120": -(lines("line_items", "Gift card") + lines("fee_lines", "Gift card")),
        "2150": -lines("fee_lines", "Tip"),
        "2200": -tax,
        "4100": -500,
        "6000": fees,
        "9999": 0,
    }


def held_to(company: Company, expected: dict[str, int]) -> dict[str, int]:
    found = trial_balance(company)
    assert sum(found.values()) == 0
    assert {account: found.get(account, 0) for account in expected} == expected
    return found


def test_the_month_is_in_the_books_to_the_cent_however_they_are_kept(server: PlatformServer, vendor: API) -> None:
    fake, journal = told(server, "journal", lambda fake: Sdk(vendor))
    other, invoice = told(server, "invoice", Straight)
    # 2.00 given back of 21.75, in which there is tax of 0.80 and 0.97: 0.07 and 0.09 of it
    assert held_to(journal, truth(fake, 16)) == held_to(invoice, truth(other, 16))
    assert [row for row in ProblemRow.objects.filter(resolved_at=None) if row.problem.blocks] == []
    before = RecordRow.objects.count()
    assert sync(invoice).code == 2040
    assert RecordRow.objects.count() == before


@pytest.mark.parametrize("prices_include_tax", [False, True])
@pytest.mark.parametrize("round_at_subtotal", [False, True])
def test_however_a_shop_prices_and_rounds_its_own_totals_are_in_the_books(
    server: PlatformServer, prices_include_tax: bool, round_at_subtotal: bool
) -> None:
    shop = story.a_shop(page=9, prices_include_tax=prices_include_tax, round_at_subtotal=round_at_subtotal)
    fake, company = told(server, "journal", Straight, shop)
    expected = truth(fake, 0)
    derived = -(expected.pop("2200") - trial_balance(company)["2200"])
    held_to(company, expected)
    assert -20 < derived < 20  # what is in 2.00 of money without lines
    assert [row for row in ProblemRow.objects.filter(resolved_at=None) if row.problem.blocks] == []


def test_what_the_vendor_s_library_reads_is_what_we_keep(server: PlatformServer, vendor: API) -> None:
    _, company = told(server, "journal", Straight)
    kept = {
        (row.kind, row.external_id): abs(row.total)
        for row in RecordRow.objects.filter(source__company=company, superseded=False, deleted=False)
    }
    seen: dict[tuple[str, str], int] = {}
    page = 1
    while rows := vendor.get("orders", params={"per_page": 100, "page": page, "orderby": "id"}).json():
        for row in rows:
            if row["status"] in ("processing", "completed", "refunded"):
                cards = cents(*(fee["total"] for fee in row["fee_lines"] if fee["name"] == "Gift card"))
                seen["order", str(row["id"])] = cents(row["total"]) - cards
                for meta in row["meta_data"]:
                    if meta["key"] == "_stripe_fee":
                        seen["fee", str(row["id"])] = cents(meta["value"])
                for refund in vendor.get(f"orders/{row['id']}/refunds").json():
                    seen["refund", str(refund["id"])] = cents(refund["amount"])
        page += 1
    assert len(seen) > 15
    assert kept == seen


def test_fees_that_another_connection_tells_of_are_not_booked_here(server: PlatformServer) -> None:
    fake = story.a_shop()
    server.otherwise = fake.answer
    company = a_merchant(server.url, "journal", gateway_fees="pass_over")
    story.sales(fake, Straight(fake))
    sync(company)
    assert not RecordRow.objects.filter(source__company=company, kind="fee").exists()


def test_an_order_that_comes_back_out_of_the_trash_is_a_sale_again(server: PlatformServer) -> None:
    fake = story.a_shop()
    server.otherwise = fake.answer
    company, till = a_merchant(server.url, "journal"), Straight(fake)
    order = till.order({**story.CARD, "line_items": story.lines(fake, coffee=1), "meta_data": story.fee("0.50")})
    sync(company)
    before = trial_balance(company)
    fake.later(days=1)
    fake.trash(order)
    sync(company)
    assert trial_balance(company) == {}
    fake.later(days=1)
    till.change(order, {"status": "completed"})
    sync(company)
    assert trial_balance(company) == before
