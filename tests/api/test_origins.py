"""Registered origins over the API, and how an address is read."""

from __future__ import annotations

import uuid

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, transaction

from commerce_sync.models import RegisteredOrigin
from commerce_sync.origins import MOST_ORIGINS, register_origin
from commerce_sync.web_origin import read_origin, read_url
from connectors.addresses import BadAddress
from ledger.models import AuditEntry
from ledger.services import now
from tests.api.cast import Api

AT = "/config/origins"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("HTTPS://Shop.Example.COM/", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443"),
        ("https://shop.example.com.", "https://shop.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),  # not strasse.example, which is another's
        ("https://8.8.8.8", "https://8.8.8.8"),
        ("https://[2606:4700:4700::1111]", "https://[2606:4700:4700::1111]"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("https://localhost", "https://localhost"),
    ],
)
def test_an_origin_is_kept_as_browsers_say_it(said: str, kept: str) -> None:
    assert read_origin(said, local=True) == kept
    assert read_origin(kept, local=True) == kept


@pytest.mark.case("S09")
@pytest.mark.parametrize(
    "said",
    [
        *(
            "",
            "shop.example.com",
            "//shop.example.com",
            "https:shop.example.com",
            "https:/shop.example.com",
            "https://",
        ),
        *("ftp://shop.example.com", "javascript://shop.example.com", "null", "*", "https://*.example.com"),
        *(
            "http://shop.example.com",
            "https://shop.example.com/path",
            "https://shop.example.com?",
            "https://a.example#",
        ),
        *("https://user@shop.example.com", "https://user:pw@shop.example.com", "https://@shop.example.com"),
        *("https://shop.example.com\\@evil.example", "https://shop.example.com\t", "https://shop .example.com"),
        *("https://10.0.0.1", "https://192.168.1.1", "https://169.254.169.254", "https://[fd00::1]", "https://[::1"),
        *("https://0x7f000001", "https://2130706433", "https://127.1", "https://[::ffff:10.0.0.1]"),
        *("https://intranet", "https://printer.local", "https://shop.example.com:0", "https://shop.example.com:99999"),
        *("https://shop.example.com:x", "https://shop．example.com／x", "https://a..example.com", "https://-a.example"),
        *("https://%73hop.example.com", "https://" + "a" * 300 + ".example", "https://shop.example.com\u0000"),
    ],
)
def test_what_is_no_origin_is_refused_in_a_sentence(said: str) -> None:
    with pytest.raises(BadAddress, match=r"\.$"):
        read_origin(said, local=True)


@pytest.mark.parametrize("said", ["http://localhost:3000", "https://localhost", "http://127.0.0.1", "https://[::1]"])
def test_this_machine_is_refused_in_production(said: str) -> None:
    with pytest.raises(BadAddress):
        read_origin(said, local=False)


def test_an_address_is_written_anew_from_its_parts() -> None:
    place = read_url("HTTPS://Shop.example:443/Done?a=b&c=%20#top", local=False)
    assert place == ("https://shop.example", "https://shop.example/Done?a=b&c=%20#top")
    assert read_url("https://shop.example?x=https://evil.example/", local=False).origin == "https://shop.example"
    for bad in ("https://shop.example//evil.example", "https://shop.example/é", "https://shop.example/" + "x" * 1_000):
        with pytest.raises(BadAddress):
            read_url(bad, local=False)


@pytest.mark.django_db
def test_an_origin_is_registered_once_listed_and_deleted(api: Api) -> None:
    made = api.post(AT, {"origin": " https://Shop.example.com:443/ "})
    assert made.status_code == 200, made.content
    again = api.post(AT, {"origin": "https://shop.example.com"})
    assert again.json() == made.json()
    listed = api.get(f"{AT}?query=origin~shop&orderBy=-created").json()
    assert listed["results"] == [made.json()]
    deleted = api.delete(f"{AT}/{made.json()['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.get(AT).json()["totalResults"] == 0
    assert api.delete(f"{AT}/{made.json()['id']}").status_code == 404
    codes = AuditEntry.objects.filter(code__startswith="origin.").order_by("id").values_list("code", "subject")
    assert [*codes] == [("origin.registered", made.json()["origin"]), ("origin.removed", made.json()["origin"])]


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{"origin": "http://shop.example"}, {"origin": "x" * 301}, {}, {"url": "x"}, []])
def test_what_does_not_fit_is_refused(api: Api, body: object) -> None:
    answered = api.post(AT, body)
    assert answered.status_code == 400
    assert answered.json()["validation"]["errors"]
    assert not RegisteredOrigin.objects.exists()


@pytest.mark.django_db
def test_localhost_is_for_everywhere_but_production(api: Api, settings: LazySettings) -> None:
    assert api.post(AT, {"origin": "http://localhost:3000"}).status_code == 200
    settings.PRODUCTION = True
    assert api.post(AT, {"origin": "http://localhost:4000"}).status_code == 400


@pytest.mark.django_db
def test_a_partner_has_so_many_and_no_more(api: Api) -> None:
    for number in range(MOST_ORIGINS):
        register_origin(partner=api.partner, text=f"https://s{number}.example", actor="test")
    assert api.post(AT, {"origin": "https://one-more.example"}).status_code == 409
    assert api.post(AT, {"origin": "https://s0.example"}).status_code == 200  # it is there already
    assert RegisteredOrigin.objects.count() == MOST_ORIGINS


@pytest.mark.django_db
def test_an_origin_that_shows_a_picture_stays(api: Api) -> None:
    origin = api.post(AT, {"origin": "https://cdn.till.example"}).json()
    api.put("/config/branding", {"iconUrl": "https://cdn.till.example/i.png"})
    refused = api.delete(f"{AT}/{origin['id']}")
    assert refused.status_code == 409
    assert "iconUrl" in refused.json()["error"]
    api.put("/config/branding", {})
    assert api.delete(f"{AT}/{origin['id']}").status_code == 204


@pytest.mark.django_db
def test_another_partners_origin_is_answered_like_none(api: Api, other_api: Api) -> None:
    origin = api.post(AT, {"origin": "https://shop.example"}).json()
    nobody = str(uuid.uuid4())
    foreign, unknown = other_api.delete(f"{AT}/{origin['id']}"), other_api.delete(f"{AT}/{nobody}")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["error"].replace(origin["id"], nobody) == unknown.json()["error"]
    assert other_api.delete(f"{AT}/x").status_code == 404
    assert other_api.get(AT).json()["totalResults"] == 0
    assert other_api.post(AT, {"origin": "https://shop.example"}).json()["id"] != origin["id"]
    assert RegisteredOrigin.objects.count() == 2


@pytest.mark.django_db
def test_postgresql_keeps_only_origins_and_each_once(api: Api) -> None:
    at = now()
    for bad in ("https://a.example/x", "ftp://a.example", "https://u@a.example"):
        with pytest.raises(IntegrityError, match="origin_is_an_origin"), transaction.atomic():
            RegisteredOrigin.objects.create(partner=api.partner, origin=bad, created_at=at)
    RegisteredOrigin.objects.create(partner=api.partner, origin="https://a.example", created_at=at)
    with pytest.raises(IntegrityError, match="origin_once"), transaction.atomic():
        RegisteredOrigin.objects.create(partner=api.partner, origin="https://a.example", created_at=at)
