"""A month at an account with every case in it: read by our connector and the vendor's own library, kept to the cent."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import stripe as vendor
from django.test import Client

from commerce_sync import services, work
from commerce_sync.models import Sync
from connectors.auth import Secrets
from connectors.models import Connection, IncomingWebhook
from ledger.book import Mode
from ledger.models import Company, ProblemRow, RecordRow
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer, running
from tests.platforms.folders import Folder
from tests.platforms.stories import an_american, synced
from tests.platforms.stripe import story
from tests.platforms.stripe.fake import FakeStripe, Json

pytestmark = pytest.mark.django_db
KEY = "rk_test_stripe"
LAST = date(2026, 4, 30)
PARTS = (story.sales, story.returns, story.money_matters, story.ends)


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


@pytest.fixture
def client(server: PlatformServer) -> Iterator[vendor.StripeClient]:
    http = vendor.RequestsClient()
    yield vendor.StripeClient(KEY, base_addresses={"api": server.url}, http_client=http)
    http.close()


def an_account(url: str, mode: Mode, **settings: str) -> Company:
    """A company with its Stripe and its books, linked."""
    return an_american("stripe", {"base_url": url, **settings}, Secrets(api_key=KEY), mode)


def sync(company: Company) -> Sync:
    return synced(company, LAST)


def told(
    server: PlatformServer, mode: Mode, parts: tuple[Callable[[FakeStripe], None], ...] = PARTS, **settings: str
) -> tuple[FakeStripe, Company]:
    """The month, with a sync after each part of it, as the days go by."""
    fake = FakeStripe(page=7)
    server.otherwise = fake.answer
    company = an_account(server.url, mode, **settings)
    for part in parts:
        part(fake)
        sync(company)
    return fake, company


def truth(fake: FakeStripe, *, sales: bool) -> dict[str, int]:
    """What the books must say of some accounts, added up from the fake's rows and from nothing of ours."""
    ledger = fake.all("balance_transactions")
    good = {row["id"] for row in fake.all("charges") if row["status"] == "succeeded"}
    sold = sum(row["amount"] for row in ledger if row["type"] in ("charge", "payment") and row["source"] in good)
    back = sum(row["amount"] for row in fake.all("refunds") if row["status"] == "succeeded")
    tips = 300 + 400 + 1_100 if sales else 0  # of ten euros, at 1.1
    parts = [part for row in ledger for part in row["fee_details"]]
    tax = sum(part["amount"] for part in parts if part["type"] == "tax") + 50
    disputes = sum(row["fee"] for row in ledger if row["reporting_category"].startswith("dispute"))
    reserve = -sum(row["amount"] for row in ledger if row["type"] == "reserve_transaction")
    app = sum(part["amount"] for part in parts if part["type"] == "application_fee")
    balance = sum(row["net"] for row in ledger)
    return {
        "1000": sum(row["amount"] for row in fake.all("payouts") if row["status"] == "paid"),
        "1100": balance if sales else balance - sold + back,  # what is at Stripe; beside a shop, less what that tells
        "1150": reserve,
        "1220": 0,
        "1230": tax,
        "2150": -tips,
        "4000": -(sold - tips) if sales else 0,
        "4010": back if sales else 0,
        "6000": sum(row["fee"] for row in ledger) - app - disputes - (tax - 50) + 250,
        "6010": app,
        "6020": disputes,
        "6110": 5_000,
        "6230": 0,
        "9999": 0,
    }


def held_to(company: Company, expected: dict[str, int]) -> dict[str, int]:
    found = trial_balance(company)
    assert sum(found.values()) == 0
    assert {account: found.get(account, 0) for account in expected} == expected
    return found


def blocking() -> list[str]:
    return [row.code for row in ProblemRow.objects.filter(resolved_at=None) if row.problem.blocks]


def test_the_month_is_in_the_books_to_the_cent_however_they_are_kept(server: PlatformServer) -> None:
    fake, journal = told(server, "journal", **story.SETTINGS)
    other, invoice = told(server, "invoice", **story.SETTINGS)
    assert held_to(journal, truth(fake, sales=True)) == held_to(invoice, truth(other, sales=True))
    assert blocking() == []
    before = RecordRow.objects.count()
    assert sync(invoice).code == 2040
    assert RecordRow.objects.count() == before


def test_beside_a_shop_only_fees_payouts_and_disputes_are_told(server: PlatformServer) -> None:
    fake, company = told(server, "journal")
    held_to(company, truth(fake, sales=False))
    kinds = set(RecordRow.objects.filter(superseded=False).values_list("kind", flat=True))
    assert kinds == {"fee", "payout", "dispute"}


def test_told_day_by_day_or_at_once_the_books_are_the_same(server: PlatformServer) -> None:
    _, daily = told(server, "journal", **story.SETTINGS)
    _, at_once = told(server, "invoice", (story.month,), **story.SETTINGS)
    assert trial_balance(daily) == trial_balance(at_once)


def test_what_the_vendor_s_library_reads_is_what_we_keep(server: PlatformServer, client: vendor.StripeClient) -> None:
    _, company = told(server, "journal", **story.SETTINGS)
    kept = {
        (row.kind, row.external_id): abs(row.total)
        for row in RecordRow.objects.filter(source__company=company, superseded=False, deleted=False)
        if not row.external_id.endswith(":application_fee") and not (row.kind == "fee" and not row.total)
    }
    seen: dict[tuple[str, str], int] = {}
    for row in client.v1.balance_transactions.list({"expand": ["data.source"]}).auto_paging_iter():
        own = -row.amount if row.type == "stripe_fee" else 0
        parts = [part.amount for part in row.fee_details if part.type not in ("tax", "application_fee")]
        if sum(parts) + own:
            seen["fee", row.id] = abs(sum(parts) + own)
        if isinstance(row.source, vendor.Charge) and row.source.status == "succeeded":
            seen["order", row.source.id] = row.amount
    for refund in client.v1.refunds.list().auto_paging_iter():
        if refund.status == "succeeded":
            seen["refund", refund.id] = refund.amount
    for payout in client.v1.payouts.list().auto_paging_iter():
        seen["payout", payout.id] = 0 if payout.status == "failed" else abs(payout.amount)
        if payout.reconciliation_status == "completed":
            rows = client.v1.balance_transactions.list({"payout": payout.id}).auto_paging_iter()
            assert sum(row.net for row in rows if row.type != "payout") == payout.amount
    for dispute in client.v1.disputes.list().auto_paging_iter():
        seen["dispute", dispute.id] = dispute.amount
    assert len(seen) > 30
    assert kept == seen


def test_the_delivery_of_the_suite_is_one_that_the_vendor_s_library_believes() -> None:
    sent = Folder("stripe").delivery
    header = sent.headers["stripe-signature"]
    assert vendor.WebhookSignature.verify_header(sent.body, header, sent.secret)
    with pytest.raises(vendor.SignatureVerificationError):
        vendor.WebhookSignature.verify_header(sent.body + " ", header, sent.secret)


def ring(event: Json, secret: str) -> int:
    """Deliver to the address for all accounts of a Connect platform; the status of the answer."""
    body, at = json.dumps(event), int(time.time())
    signature = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={at},v1={signature}"}
    return int(Client().post("/webhooks/stripe", body, content_type="application/json", headers=headers).status_code)


def test_a_connect_platform_has_one_address_for_all_of_its_accounts(
    server: PlatformServer, settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"stripe": {"client_id": "ca_us", "webhook_secrets": ["whsec_app"]}}
    an_account(server.url, "journal", stripe_account="acct_1")
    an_account(server.url, "invoice", stripe_account="acct_2")
    event: Json = {"id": "evt_1", "type": "payout.paid", "account": "acct_1"}
    assert ring(event, "whsec_another") == 401
    assert not IncomingWebhook.objects.exists()
    assert ring(event, "whsec_app") == 200
    assert IncomingWebhook.objects.get().connection.settings["stripe_account"] == "acct_1"
    assert ring({**event, "id": "evt_2", "type": "account.application.deauthorized"}, "whsec_app") == 200
    links = Connection.objects.filter(platform="stripe").order_by("pk")
    assert [link.status for link in links] == [Connection.Status.DEAUTHORIZED, Connection.Status.LINKED]


def test_a_debit_that_the_bank_took_back_stays_so_when_its_row_is_read_again(server: PlatformServer) -> None:
    fake, company = told(server, "journal", PARTS[:2], **story.SETTINGS)
    failed = next(row for row in fake.all("charges") if row["status"] == "failed")
    failed["metadata"] = {"note": "called the customer"}
    sync(company)
    gone = RecordRow.objects.filter(superseded=False, deleted=True)
    assert [(row.kind, row.external_id) for row in gone] == [("order", failed["id"])]


def test_a_key_that_is_taken_away_ends_the_sync_and_asks_the_merchant(server: PlatformServer) -> None:
    fake, company = told(server, "journal", (story.sales,), **story.SETTINGS)
    before = trial_balance(company)
    fake.keys = set()
    made = services.request_sync(company=company, through=LAST, trigger="historic")
    work.drain()
    made.refresh_from_db()
    assert "no longer accepts our access" in made.failure_sentence
    assert trial_balance(company) == before


def test_an_account_that_pays_out_by_hand_tells_by_its_ledger_what_moves_in_it(server: PlatformServer) -> None:
    fake = FakeStripe(page=3)
    server.otherwise = fake.answer
    company = an_account(server.url, "journal", **story.SETTINGS, movements_from="ledger")
    fake.pay(20_000)
    fake.move("reserve_transaction", "risk_reserved_funds", -2_000)
    fake.move("reserve_transaction", "risk_reserved_funds", 500)
    fake.move("transfer", "transfer", -900)
    instant = fake.pay_out(date(2026, 3, 3), 5_000)
    instant["method"] = "instant"
    fake.move("payout", "payout", 0, instant, (("stripe_fee", 50),))
    fake.arrive(instant)
    sync(company)
    found = trial_balance(company)
    assert sum(found.values()) == 0
    assert blocking() == []
    balance = sum(row["net"] for row in fake.all("balance_transactions"))
    assert (found["1000"], found["1150"], found["1100"]) == (5_000, 1_500, balance)
    assert found["6000"] == sum(row["fee"] for row in fake.all("balance_transactions"))
