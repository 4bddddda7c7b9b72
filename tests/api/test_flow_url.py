"""The address of the merchant's pages over the API."""

from __future__ import annotations

import hashlib
import threading
import uuid
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction

from commerce_sync.models import SetupLink
from commerce_sync.setup_links import make_link
from connectors import registry
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger.models import AuditEntry, Company
from ledger.services import now
from tests.api.cast import Api, books_of, make_company, make_partner, ready_company

AT = "/config/sync/commerce/partner/books/start"


def asked(merchant: object, **more: str) -> str:
    return (
        AT
        + "?"
        + "&".join(f"{name}={quote(str(value))}" for name, value in {"merchantIdentifier": merchant, **more}.items())
    )


@pytest.mark.django_db
def test_a_new_merchant_gets_a_company_two_connections_and_an_address(api: Api) -> None:
    answered = api.get(asked("Rose & Crown"))
    assert answered.status_code == 200, answered.content
    assert answered["Cache-Control"] == "no-store"
    company = Company.objects.get(partner=api.partner)
    assert (company.name, company.currency) == ("Rose & Crown", "GBP")
    links = {(row.platform, row.status) for row in company.connections.all()}
    assert links == {("partner", "PendingAuth"), ("books", "PendingAuth")}
    parts = urlsplit(answered.json()["url"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"http://testserver/flow/start/{company.public_id}"
    code = parse_qs(parts.query)["code"][0]
    link = SetupLink.objects.get()
    assert bytes(link.sha256) == hashlib.sha256(code.encode()).digest()
    assert link.expires_at - link.created_at == timedelta(seconds=30)
    assert datetime.fromisoformat(answered.json()["expires"]) == link.expires_at
    assert answered.json()["companyId"] == str(company.public_id)
    assert len(code) == 43  # 32 bytes
    stored = [*SetupLink.objects.values_list(), *AuditEntry.objects.values_list("code", "subject", "detail")]
    assert code not in str(stored)


@pytest.mark.django_db
def test_asking_again_finds_what_is_there_and_gives_another_code(api: Api) -> None:
    urls = {api.get(asked(name)).json()["url"] for name in ("Rose & Crown", " rose & CROWN ")}
    company = Company.objects.get()
    urls.add(api.get(asked(company.public_id)).json()["url"])
    urls.add(api.get(asked(str(company.public_id).upper())).json()["url"])
    assert len(urls) == 4
    assert Company.objects.count() == 1
    assert Connection.objects.count() == 2


@pytest.mark.django_db
def test_the_published_keys_name_the_same_platforms(api: Api) -> None:
    api.get("/config/sync/commerce/prtn/book/start?merchantIdentifier=Rose")
    assert {row.platform for row in Connection.objects.all()} == {"partner", "books"}


@pytest.mark.django_db
def test_an_unlinked_connection_is_not_made_a_second_time(api: Api) -> None:
    company = ready_company(api.partner)
    Connection.objects.filter(pk=books_of(company).pk).update(status="Unlinked")
    assert api.get(asked(company.public_id)).status_code == 200
    assert company.connections.count() == 2


@pytest.mark.django_db
def test_a_merchant_whose_books_are_elsewhere_keeps_them(api: Api) -> None:
    company = make_company(api.partner)
    other = connect_accounting(company=company, platform="books", actor="test")
    Connection.objects.filter(pk=other.pk).update(platform="elsewhere", name="Elsewhere")
    refused = api.get(asked(company.public_id))
    assert refused.status_code == 400
    assert "Elsewhere" in refused.json()["error"]
    assert company.connections.count() == 1
    assert not SetupLink.objects.exists()
    Connection.objects.filter(pk=other.pk).update(status="Unlinked")
    assert api.get(asked(company.public_id)).status_code == 200


@pytest.mark.django_db
def test_ids_of_others_and_of_nobody_are_answered_alike_and_make_nothing(api: Api, other_api: Api) -> None:
    company, nobody = make_company(api.partner), uuid.uuid4()
    foreign, unknown = other_api.get(asked(company.public_id)), other_api.get(asked(nobody))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["error"].replace(str(company.public_id), str(nobody)) == unknown.json()["error"]
    assert not SetupLink.objects.exists()
    assert not company.connections.exists()
    assert other_api.get(asked(company.name)).json()["companyId"] != str(company.public_id)  # a name is one's own


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "field"),
    [
        (AT, "merchantIdentifier"),
        (f"{AT}?merchantIdentifier=", "merchantIdentifier"),
        (f"{AT}?merchantIdentifier=%20", "merchantIdentifier"),
        (f"{AT}?merchantIdentifier=a%00b", "merchantIdentifier"),
        (f"{AT}?merchantIdentifier={'x' * 201}", "merchantIdentifier"),
        ("/config/sync/commerce/books/partner/start?merchantIdentifier=Rose", "commerceKey"),
        ("/config/sync/commerce/zzzz/books/start?merchantIdentifier=Rose", "commerceKey"),
        ("/config/sync/commerce/partner/partner/start?merchantIdentifier=Rose", "accountingKey"),
        ("/config/sync/commerce/partner/zzzz/start?merchantIdentifier=Rose", "accountingKey"),
    ],
)
def test_what_does_not_fit_is_named_and_makes_nothing(api: Api, path: str, field: str) -> None:
    answered = api.get(path)
    assert answered.status_code == 400
    assert answered.json()["validation"]["errors"][0]["itemId"] == field
    assert not Company.objects.exists()


@pytest.mark.case("S09")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.example/", "//evil.example", "/done", "https:evil.example", "javascript:alert(1)"),
        *("https://app.till.example@evil.example/", "https://app.till.example\\@evil.example/"),
        *("https://app.till.example.evil.example/", "https://evil.example/https://app.till.example/"),
        *("https://evil.example#https://app.till.example", "http://app.till.example/", "https://till.example/"),
        *(
            "https://app.till.example:8443/",
            "https://app.till.example//evil.example",
            "https://app.till.example/\r\nX: y",
        ),
        *("data:text/html,x", "https://app.till.example%2eevil.example/", "https://app.till.example/" + "x" * 1_000),
    ],
)
def test_a_merchant_is_sent_nowhere_else(api: Api, url: str) -> None:
    api.post("/config/origins", {"origin": "https://app.till.example"})
    answered = api.get(asked("Rose", redirectUrl=url))
    assert answered.status_code == 400
    assert answered.json()["validation"]["errors"][0]["itemId"] == "redirectUrl"
    assert not Company.objects.exists()


@pytest.mark.django_db
def test_a_registered_origin_is_where_merchants_go_back_to(api: Api, other_api: Api) -> None:
    api.post("/config/origins", {"origin": "https://app.till.example"})
    back = "https://APP.till.example:443/done?shop=7#top"
    assert api.get(asked("Rose", redirectUrl=back)).status_code == 200
    assert SetupLink.objects.get().redirect_url == "https://app.till.example/done?shop=7#top"
    assert other_api.get(asked("Rose", redirectUrl=back)).status_code == 400


@pytest.mark.django_db
def test_the_address_is_the_one_that_the_operator_says(api: Api, settings: LazySettings) -> None:
    settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example.com"
    assert api.get(asked("Rose")).json()["url"].startswith("https://sync.example.com/flow/start/")


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_a_new_merchant_at_once_make_it_once() -> None:
    partner, together = make_partner(), threading.Barrier(2)
    made = []

    def ask() -> None:
        try:
            together.wait(10)
            made.append(
                make_link(partner=partner, merchant="Rose", commerce=registry.commerce("partner"),
                          accounting=registry.accounting("books"), actor="test")
            )  # fmt: skip
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({link.company.pk for link in made}) == 1
    assert len(made) == 2
    assert Connection.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_asks_while_a_connection_is_being_made_waits_and_finds_it() -> None:
    partner = make_partner()
    company = make_company(partner)

    def ask() -> None:
        try:
            make_link(partner=partner, merchant=company.name, commerce=registry.commerce("partner"),
                      accounting=registry.accounting("books"), actor="test")  # fmt: skip
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    with transaction.atomic():
        Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        connect_commerce(company=company, platform="partner", actor="test", linked=False)
        thread.start()
        thread.join(1)
    thread.join(30)
    assert sorted(row.platform for row in Connection.objects.all()) == ["books", "partner"]


@pytest.mark.django_db
def test_postgresql_keeps_codes_apart_and_lets_none_end_before_it_began(api: Api) -> None:
    company, at = make_company(api.partner), now()
    facts = {"company": company, "commerce_platform": "partner", "accounting_platform": "books", "created_at": at}
    with pytest.raises(IntegrityError, match="setup_link_expires_after_creation"), transaction.atomic():
        SetupLink.objects.create(sha256=b"a" * 32, expires_at=at, **facts)
    SetupLink.objects.create(sha256=b"a" * 32, expires_at=at + timedelta(seconds=1), **facts)
    with pytest.raises(IntegrityError, match="setup_link_once"), transaction.atomic():
        SetupLink.objects.create(sha256=b"a" * 32, expires_at=at + timedelta(seconds=1), **facts)
