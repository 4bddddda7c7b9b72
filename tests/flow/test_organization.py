"""A merchant whose access reaches several organizations says on a page which one is meant."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from commerce_sync.models import Fetch
from connectors import credentials
from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger.models import Company
from tests.flow.cast import a_new_merchant, inside
from tests.platforms.xero.fake import TENANT, Fake, guid, running

pytestmark = pytest.mark.django_db
PAGE = "/flow/organization"


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(Xero, "budget", Budget())
        yield state


@pytest.fixture
def company(fake: Fake) -> Company:
    """A merchant who has logged in at Xero with access to two organizations."""
    fake.organisation.tenants = {"Rose & Crown": TENANT, "Anchor Inn": guid("another")}
    found = a_new_merchant()
    connect_commerce(company=found, platform="partner", actor="test")
    link = connect_accounting(company=found, platform="xero", actor="test")
    Connection.objects.filter(pk=link.pk).update(settings={"base_url": fake.settings["base_url"]})
    credentials.store(connection_id=link.pk, secrets=fake.secrets)
    return found


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def test_the_set_up_waits_for_the_choice_and_goes_on_after_it(company: Company) -> None:
    browser = inside(company)
    assert browser.get("/flow/sales")["Location"] == "/flow/"
    assert PAGE in words_of(browser.get("/flow/accounting-software"))
    words = words_of(browser.get(PAGE))
    assert "Anchor Inn" in words
    assert words.index("Anchor Inn") < words.index("<strong>Rose & Crown")
    assert browser.post(PAGE, {"organization": TENANT})["Location"] == "/flow/accounting-software"
    assert Connection.objects.get(company=company, kind="accounting").settings["tenant_id"] == TENANT
    assert Fetch.objects.get(company=company).state == "waiting"
    assert browser.get("/flow/sales").status_code == 200


def test_what_the_access_does_not_reach_cannot_be_chosen(company: Company) -> None:
    browser = inside(company)
    answered = browser.post(PAGE, {"organization": guid("a third")})
    assert answered.status_code == 400
    assert "Choose one of the list." in words_of(answered)


def test_software_that_does_not_answer_is_told_in_words(company: Company, fake: Fake) -> None:
    fake.organisation.ended, fake.organisation.refresh = True, ""
    answered = inside(company).get(PAGE)
    assert answered.status_code == 409
    assert "cannot be reached now" in words_of(answered)
