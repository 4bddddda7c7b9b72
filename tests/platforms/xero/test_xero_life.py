"""How a connection to Xero ends, and what becomes of its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from connectors import credentials, keeping
from connectors.accounting.xero import Xero
from connectors.authorizing import unlink
from connectors.declare import Budget
from connectors.errors import NotAuthorized, PlatformDown
from connectors.models import Connection, Credential
from connectors.options import refresh_options
from ledger.models import AuditEntry, Company
from tests.platforms.targets import Linked
from tests.platforms.xero.fake import Fake, guid, running

pytestmark = pytest.mark.django_db
ANOTHER = guid("another organisation")


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(Xero, "budget", Budget())
        yield state


@pytest.fixture
def shop(fake: Fake) -> Linked:
    return Linked("xero", fake)


@pytest.fixture
def given_up(shop: Linked, fake: Fake, django_capture_on_commit_callbacks: Any) -> Any:
    """Unlinks; what Xero was asked for that."""

    def give_up() -> list[tuple[str, str]]:
        before = len(fake.server.log)
        with django_capture_on_commit_callbacks(execute=True):
            unlink(connection=shop.connection, actor="test")
        return [(seen.method, seen.path) for seen in fake.server.log[before:]]

    return give_up


def failures() -> int:
    return AuditEntry.objects.filter(code="connection.access_not_returned").count()


def the_connection(name: str) -> tuple[str, str]:
    return "DELETE", f"/connections/{guid(name)}"


def test_unlinked_the_organisation_is_disconnected_and_the_tokens_taken_back(given_up: Any, fake: Fake) -> None:
    told = given_up()
    assert told == [("GET", "/connections"), the_connection("Rose & Crown"), ("POST", "/connect/revocation")]
    assert (fake.organisation.tenants, failures()) == ({}, 0)


def test_another_organisation_of_the_same_log_in_stays_connected(given_up: Any, fake: Fake) -> None:
    fake.organisation.tenants["Another Ltd"] = ANOTHER
    assert given_up() == [("GET", "/connections"), the_connection("Rose & Crown")]
    assert (fake.organisation.tenants, failures()) == ({"Another Ltd": ANOTHER}, 0)


def test_an_access_that_has_ended_is_renewed_to_give_it_back_and_kept_nowhere(
    given_up: Any, shop: Linked, fake: Fake
) -> None:
    held = credentials.load(shop.connection.pk)
    ended = replace(held, expires_at=datetime.now(UTC) - timedelta(days=3))
    credentials.store(connection_id=shop.connection.pk, secrets=ended)
    told = given_up()
    assert told[0] == ("POST", "/connect/token")
    assert told[-1] == ("POST", "/connect/revocation")
    assert fake.organisation.refresh in fake.server.log[-1].body.decode()
    with pytest.raises(NotAuthorized):
        credentials.load(shop.connection.pk)


def test_an_organisation_that_another_company_of_ours_uses_stays_connected(
    given_up: Any, shop: Linked, fake: Fake
) -> None:
    Company.objects.filter(pk=shop.company.pk).update(name="Another shop")
    Linked("xero", fake)
    assert given_up() == []


def test_a_merchant_who_disconnected_us_first_is_no_trouble(given_up: Any, shop: Linked, fake: Fake) -> None:
    fake.revoke()
    given_up()
    shop.connection.refresh_from_db()
    assert shop.connection.status == Connection.Status.UNLINKED
    assert failures() == 1


@pytest.mark.case("C02")
@pytest.mark.parametrize("minutes", [29, 31])
def test_a_renewal_whose_answer_was_lost_is_made_again_with_the_old_token_for_half_an_hour(
    shop: Linked, fake: Fake, minutes: int
) -> None:
    """Xero takes a refresh token that was used already for 30 minutes more, for this very case."""
    fake.organisation.ended = True
    fake.organisation.loses_grants = 1
    with pytest.raises(PlatformDown):
        refresh_options(shop.connection)
    if minutes > 30:
        fake.organisation.former_refresh = ""
        with pytest.raises(NotAuthorized) as ended:
            refresh_options(shop.connection)
        assert ended.value.whose_turn == "merchant"
    else:
        refresh_options(shop.connection)
        assert credentials.load(shop.connection.pk).access_token == fake.organisation.token


def test_an_access_that_nobody_used_for_sixty_days_is_the_merchants_turn(shop: Linked, fake: Fake) -> None:
    fake.organisation.ended, fake.organisation.refresh = True, ""
    with pytest.raises(NotAuthorized) as ended:
        refresh_options(shop.connection)
    assert ended.value.whose_turn == "merchant"
    shop.connection.refresh_from_db()
    assert shop.connection.status == Connection.Status.DEAUTHORIZED


@pytest.mark.case("C09")
def test_tokens_are_renewed_five_minutes_before_their_half_hour_is_over(shop: Linked, fake: Fake) -> None:
    held = credentials.load(shop.connection.pk)
    for left, renewals in ((timedelta(minutes=6), 0), (timedelta(minutes=4), 1)):
        credentials.store(connection_id=shop.connection.pk, secrets=replace(held, expires_at=datetime.now(UTC) + left))
        before = fake.organisation.grants
        refresh_options(shop.connection)
        assert fake.organisation.grants - before == renewals


def rested(shop: Linked, days: int) -> None:
    Credential.objects.filter(connection=shop.connection).update(updated_at=datetime.now(UTC) - timedelta(days=days))


@pytest.mark.case("C13")
@pytest.mark.parametrize(("days", "renewals"), [(19, 0), (21, 1)])
def test_an_access_that_nobody_uses_is_renewed_long_before_its_sixty_days_are_over(
    shop: Linked, fake: Fake, days: int, renewals: int
) -> None:
    rested(shop, days)
    before = fake.organisation.grants
    assert keeping.keep(5) == renewals
    assert fake.organisation.grants - before == renewals
    assert credentials.load(shop.connection.pk).refresh_token == fake.organisation.refresh
    assert keeping.keep(5) == 0


def test_one_that_has_ended_in_its_rest_is_told(shop: Linked, fake: Fake) -> None:
    rested(shop, 61)
    fake.revoke()
    keeping.keep(5)
    shop.connection.refresh_from_db()
    assert shop.connection.status == Connection.Status.DEAUTHORIZED
    assert AuditEntry.objects.get(code="connection.deauthorized").detail["reason"]
    asked = len(fake.server.log)
    keeping.keep(5)
    assert len(fake.server.log) == asked


def test_a_xero_that_is_down_is_asked_again_in_an_hour(
    shop: Linked, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested(shop, 30)
    monkeypatch.setattr(keeping, "_next_at", 0.0)
    fake.organisation.loses_grants = 1
    assert keeping.keep_hourly(5) is False
    shop.connection.refresh_from_db()
    assert shop.connection.status == Connection.Status.LINKED
    before = fake.organisation.grants
    assert keeping.keep_hourly(5) is False
    assert fake.organisation.grants == before
    monkeypatch.setattr(keeping, "_next_at", 0.0)
    keeping.keep_hourly(5)
    assert credentials.load(shop.connection.pk).refresh_token == fake.organisation.refresh


def test_what_has_no_time_left_is_gone_on_with(shop: Linked, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    rested(shop, 30)
    monkeypatch.setattr(keeping, "_next_at", 0.0)
    assert keeping.keep_hourly(0) is True
    assert keeping.keep_hourly(5) is False
    assert credentials.load(shop.connection.pk).refresh_token == fake.organisation.refresh
