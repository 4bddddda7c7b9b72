"""The configuration of a company whose accounting software is somebody else's: suggested, saved, held against it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from commerce_sync import services, work
from commerce_sync.models import Sync
from connectors.models import Connection, Option
from connectors.options import FRESH
from connectors.services import connect_accounting, connect_commerce
from ledger.models import BookVersion, Company
from tests.api.cast import Api, an_order, make_company, push_orders
from tests.platforms import listing_books

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing(settings: Any) -> Iterator[listing_books.Listing]:
    with listing_books.running() as found:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [found.server.place]
        found.currency = "GBP"
        yield found


@pytest.fixture
def company(api: Api, listing: listing_books.Listing) -> Company:
    """A company whose two connections were authorized over the API, and that nobody has configured."""
    made = make_company(api.partner)
    connect_commerce(company=made, platform="partner", actor="test")
    books = connect_accounting(company=made, platform="listing", actor="test", linked=False)
    path = f"/companies/{made.public_id}/connections/{books.public_id}/authorization"
    assert api.put(path, {"apiKey": "k-123", "base_url": listing.server.url}).status_code == 200
    return made


def path_of(company: Company) -> str:
    return f"/config/companies/{company.public_id}/sync/commerce"


def let_time_pass() -> None:
    """The options that are kept have become old."""
    Option.objects.update(fetched_at=F("fetched_at") - FRESH - timedelta(seconds=1))


def test_accounts_are_suggested_by_name_and_type_with_the_reason(api: Api, company: Company) -> None:
    push_orders(api, company, [an_order(1)])
    shown = api.get(path_of(company)).json()
    assert shown["accountingSoftwareCompanyName"] == "Rose SARL"
    commerce = shown["configuration"]
    accounts = {**commerce["sales"]["accounts"], **commerce["payments"]["accounts"], **commerce["fees"]["accounts"]}
    wanted = {"sales": "A1", "refund": "A1", "card": "A2", "payout": "A3", "suspense": "A4", "tax": "A5",
              "paymentFee": "A6", "gratuity": None}  # fmt: skip
    assert {key: accounts[key]["selectedAccountId"] for key in wanted} == wanted
    assert "Card clearing" in accounts["card"]["descriptionText"]
    assert accounts["gratuity"]["descriptionText"] is None
    assert accounts["card"]["accountOptions"][0]["classification"] == "Bank Nominal"
    assert [option["id"] for option in accounts["sales"]["accountOptions"]] == ["A1"]
    assert commerce["sales"]["taxRates"]["20"]["selectedTaxRateId"] == "T20"
    assert commerce["sales"]["salesCustomer"]["selectedCustomerId"] == "C1"
    assert commerce["fees"]["feesSupplier"]["selectedSupplierId"] == "S1"
    assert api.post(path_of(company)).json() == shown
    assert not BookVersion.objects.exists()
    assert api.post(path_of(company), shown).json()["configured"] is True


def test_while_the_software_does_not_answer_it_is_shown_and_not_saved(
    api: Api, company: Company, listing: listing_books.Listing
) -> None:
    shown = api.get(path_of(company)).json()
    let_time_pass()
    listing.server.fail("echo400", times=40)
    assert api.get(path_of(company)).json() == shown
    refused = api.post(path_of(company), shown)
    assert (refused.status_code, refused.json()["canBeRetried"]) == (409, "True")
    assert not BookVersion.objects.exists()


def test_a_refused_access_is_told_and_ends_the_link(api: Api, company: Company, listing: listing_books.Listing) -> None:
    body = api.get(path_of(company)).json()
    let_time_pass()
    listing.server.fail("e401", times=10)
    refused = api.post(path_of(company), body)
    assert (refused.status_code, refused.json()["detailedErrorCode"]) == (409, 4220)
    assert Connection.objects.get(kind="accounting").status == "Deauthorized"
    assert api.get(path_of(company)).status_code == 200


def test_a_sync_looks_again_at_what_is_chosen_once_it_is_old(
    api: Api, company: Company, listing: listing_books.Listing
) -> None:
    assert api.post(path_of(company), api.get(path_of(company)).json()).status_code == 200
    push_orders(api, company, [an_order(1)])
    listing.row("A1")["active"] = False
    let_time_pass()
    stopped = _sync(company)
    assert (stopped.code, stopped.failure_sentence) == (
        4000, "The account A1 “Sales” is archived in the accounting software."
    )  # fmt: skip
    assert listing.server.documents == []
    listing.row("A1")["active"] = True
    let_time_pass()
    assert _sync(company).code == 2000
    assert len(listing.server.documents) == 1
    asked = listing.asked()
    assert _sync(company).code == 2040
    assert listing.asked() == asked


def test_software_that_does_not_answer_puts_the_sync_off(
    api: Api, company: Company, listing: listing_books.Listing
) -> None:
    assert api.post(path_of(company), api.get(path_of(company)).json()).status_code == 200
    let_time_pass()
    listing.server.fail("rate429", header="900", times=4)
    assert _sync(company).code == 1000


def _sync(company: Company) -> Sync:
    sync = services.request_sync(company=company)
    work.drain()
    sync.refresh_from_db()
    return sync
