"""An access whose renewal is interrupted: what of it is left, and who has to do something about it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.db import DatabaseError, OperationalError, connection

from connectors import credentials, registry
from connectors.auth import Client, Secrets
from connectors.declare import OAuth2
from connectors.errors import CutAnswer, NotAuthorized
from connectors.models import Connection, Credential
from connectors.services import connect_commerce
from connectors.wire import Request, Response
from tests.ledger.cast import london

AUTH = OAuth2(authorize="/a", token="/token")
CLIENT = Client(client_id="app", client_secret="app-secret")
OLD = Secrets(access_token="access-0", refresh_token="refresh-0")


class Grantor:
    """A platform's token endpoint: a refresh token can be used once, and the one before it only within its grace."""

    def __init__(self) -> None:
        self.valid, self.former, self.grants = "refresh-0", "", 0

    def __call__(self, request: Request) -> Response:
        (shown,) = parse_qs((request.body or b"").decode())["refresh_token"]
        if shown not in (self.valid, self.former):
            return Response(400, {}, b'{"error": "invalid_grant"}', "")
        self.grants += 1
        self.former, self.valid = shown, f"refresh-{self.grants}"
        pair = f'{{"access_token": "access-{self.grants}", "refresh_token": "{self.valid}", "expires_in": 1800}}'
        return Response(200, {}, pair.encode(), "")


@pytest.fixture
def grantor() -> Grantor:
    return Grantor()


@pytest.fixture
def link(db: None) -> Connection:
    link = connect_commerce(company=london().company, platform="partner", actor="test")
    credentials.store(connection_id=link.pk, secrets=OLD)
    return link


def renewed(link: Connection, exchange: Any) -> str:
    """The access token after a renewal."""
    found = credentials.refresh(connection_id=link.pk, stale=OLD, auth=AUTH, client=CLIENT, exchange=exchange)
    return found.access_token


@pytest.mark.case("C02")
@pytest.mark.parametrize("has_grace", [True, False])
def test_a_renewal_whose_answer_is_lost_is_made_again_and_only_a_strict_platform_asks_the_merchant(
    link: Connection, grantor: Grantor, has_grace: bool
) -> None:
    def lost(request: Request) -> Response:
        grantor(request)
        raise CutAnswer("the answer was lost")

    with pytest.raises(CutAnswer):
        renewed(link, lost)
    assert credentials.load(link.pk) == OLD
    if has_grace:
        assert renewed(link, grantor) == "access-2"
        assert credentials.load(link.pk).refresh_token == grantor.valid
        return
    grantor.former = ""
    with pytest.raises(NotAuthorized) as told:
        renewed(link, grantor)
    assert told.value.whose_turn == "merchant"


@pytest.mark.case("C03")
def test_a_worker_that_dies_between_the_answer_and_the_save_leaves_the_old_pair_and_no_lock(
    link: Connection, grantor: Grantor
) -> None:
    def dies(request: Request) -> Response:
        grantor(request)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        renewed(link, dies)
    row = Credential.objects.get(connection=link)
    assert (credentials.load(link.pk), row.refresh_started_at is not None) == (OLD, True)
    assert renewed(link, grantor) == "access-2"
    assert Credential.objects.get(connection=link).refresh_started_at is None


@pytest.mark.case("C03", "C04")
@pytest.mark.django_db(transaction=True)
def test_a_new_pair_is_saved_although_the_database_went_away_during_the_exchange(
    link: Connection, grantor: Grantor
) -> None:
    place = connection.settings_dict
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()

    def cut(request: Request) -> Response:
        with psycopg.connect(
            dbname=place["NAME"], user=place["USER"], password=place["PASSWORD"], host=place["HOST"]
        ) as other:
            other.execute("SELECT pg_terminate_backend(%s, 2000)", (session,))
        return grantor(request)

    with pytest.raises(OperationalError):  # what the work held by its session is gone, so it must not go on
        renewed(link, cut)
    assert credentials.load(link.pk).access_token == "access-1"
    assert renewed(link, grantor) == "access-1"
    assert grantor.grants == 1


@pytest.mark.case("C04")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_exchanged_while_the_database_takes_no_changes(link: Connection, grantor: Grantor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        with pytest.raises(DatabaseError):
            renewed(link, grantor)
        cursor.execute("SET default_transaction_read_only = off")
    assert grantor.grants == 0
    assert renewed(link, grantor) == "access-1"


@pytest.mark.case("C06")
def test_a_token_that_is_refused_because_another_worker_has_spent_it_is_no_trouble(link: Connection) -> None:
    theirs = Secrets(access_token="theirs", refresh_token="their-refresh")
    asked: list[Request] = []

    def refuses(request: Request) -> Response:
        asked.append(request)
        credentials.store(connection_id=link.pk, secrets=theirs)
        return Response(400, {}, b'{"error": "invalid_grant"}', "")

    assert renewed(link, refuses) == "theirs"
    assert (len(asked), credentials.load(link.pk)) == (1, theirs)


@pytest.mark.case("C14")
@pytest.mark.parametrize("is_early", [True, False])
def test_the_encryption_key_may_be_changed_during_a_renewal(
    link: Connection, grantor: Grantor, settings: Any, is_early: bool
) -> None:
    former, new = settings.COMMERCE_SYNC_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()

    def rotating(request: Request) -> Response:
        settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [new, former]
        if is_early:
            credentials.rotate_keys()
        return grantor(request)

    assert renewed(link, rotating) == "access-1"
    credentials.rotate_keys()
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [new]
    assert credentials.load(link.pk).access_token == "access-1"


@pytest.mark.case("C09")
def test_every_access_that_we_renew_is_renewed_five_minutes_before_its_end() -> None:
    renewing = [each for each in registry.platforms() if isinstance(each.auth, OAuth2) and not each.auth.endless]
    assert len(renewing) >= 4
    assert [each.key for each in renewing if each.auth.margin_seconds < 300] == []  # type: ignore[union-attr]


@pytest.mark.case("C13")
def test_every_access_that_ends_by_rest_is_renewed_in_time_by_what_its_platform_states() -> None:
    ends = {each.key: each.auth.rest_days for each in registry.platforms() if isinstance(each.auth, OAuth2)}
    assert {key: days for key, days in ends.items() if days} == {"xero": 60, "quickbooks_online": 100, "shopify": 90}
