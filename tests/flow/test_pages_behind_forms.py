"""The pages that only a form leads to, and the one that asks the accounting software: axe finds nothing on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from commerce_sync.models import SetupDraft
from connectors import credentials
from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger.models import Company
from tests.flow.cast import CHROMIUM, DESK, PHONE, a_linked_merchant, a_new_merchant, a_way_in, address_of, chromium
from tests.flow.test_every_page import violations
from tests.platforms.xero.fake import TENANT, Fake, guid, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(Xero, "budget", Budget())
        state.organisation.tenants = {"Rose & Crown": TENANT, "Anchor Inn": guid("another")}
        yield state


def judged(page: Page) -> list[str]:
    """What is wrong with the page that is open, at both widths, in light and in dark."""
    wrong: list[str] = []
    for size in (PHONE, DESK):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if page.evaluate("document.documentElement.scrollWidth") > size[0]:
            wrong.append(f"wider than {size[0]}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of them
            wrong += violations(page)
    return wrong


def test_a_new_account_is_asked_for_refused_and_made(live_server: Any) -> None:
    link = a_way_in(a_linked_merchant())
    with chromium(locale="fr-fr") as (page, _):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.goto(f"{live_server.url}/flow/sales")
        page.get_by_role("button", name="Nouveau compte").first.click()
        page.wait_for_url("**/flow/accounts/new")
        assert judged(page) == []
        page.locator("#new_name").fill(" ")
        page.locator("form:has(#new_name) button:visible").last.click()
        page.wait_for_selector("#problems")
        assert judged(page) == []
        page.locator("#new_name").fill("Ventes du marché")
        page.locator("form:has(#new_name) button:visible").last.click()
        page.wait_for_selector("h1:has-text('Ventes')")
        assert "Ventes du marché" in page.inner_text("main")


def test_a_form_that_is_refused_and_one_that_came_late(live_server: Any) -> None:
    company = a_linked_merchant()
    link = a_way_in(company)
    SetupDraft.objects.filter(company=company).delete()
    with chromium() as (page, _):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.goto(f"{live_server.url}/flow/schedule")
        page.locator("#zone").fill("Mars/Olympus")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_selector("#problems")
        assert judged(page) == []
        page.goto(f"{live_server.url}/flow/fees")
        page.evaluate("document.querySelector('[name=seen]').value = '7'")
        page.locator("#keeps_fees").uncheck()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_selector("h1:has-text('another window')")
        assert judged(page) == []


def test_the_choice_of_an_organization(live_server: Any, fake: Fake) -> None:
    company: Company = a_new_merchant()
    connect_commerce(company=company, platform="partner", actor="test")
    books = connect_accounting(company=company, platform="xero", actor="test")
    Connection.objects.filter(pk=books.pk).update(settings={"base_url": fake.settings["base_url"]})
    credentials.store(connection_id=books.pk, secrets=fake.secrets)
    link = a_way_in(company)
    with chromium() as (page, complaints):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.goto(f"{live_server.url}/flow/organization")
        assert judged(page) == []
        page.get_by_label("Rose & Crown").check()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/flow/accounting-software")
        assert complaints == []
