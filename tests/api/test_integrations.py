"""The platforms over the API, and the pictures that we draw for them."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.conf import LazySettings
from django.test import Client

from commerce_sync.api.settings.integrations import _can_be_authorized
from commerce_sync.contrast import contrast_of
from commerce_sync.letter_mark import COLORS, DRAWINGS, logo
from connectors import registry
from connectors.commerce.partner import Partner as PartnerPlatform
from connectors.declare import OAuth2
from tests.api.cast import Api

pytestmark = pytest.mark.django_db


def features(api: Api, slug: str) -> dict[str, list[str]]:
    rows = api.get(f"/config/integrations?query=slug={slug}").json()["results"]
    assert len(rows) == 1
    return {
        each["dataType"]: [one["featureType"] for one in each["supportedFeatures"]]
        for each in rows[0]["datatypeFeatures"]
    }


def test_every_platform_is_listed_by_name(api: Api) -> None:
    page = api.get("/config/integrations").json()
    assert [row["slug"] for row in page["results"]] == [platform.slug for platform in registry.platforms()]
    assert page["totalResults"] == len(page["results"])
    assert {row["key"] for row in page["results"]} >= {"book", "prtn"}


def test_the_features_are_those_of_the_platform(api: Api) -> None:
    pushed = features(api, "partner")
    assert pushed["commerce-orders"] == pushed["commerce-locations"] == ["Get", "Put"]
    assert features(api, "partner-pull")["commerce-orders"] == ["Get"]
    books = features(api, "books")
    assert (books["journalEntries"], books["chartOfAccounts"]) == (["Post"], ["Get", "Post"])
    assert not any(name.startswith("commerce-") for name in books)


def test_the_list_is_filtered_ordered_and_paged(api: Api) -> None:
    found = api.get("/config/integrations?query=sourceType=Accounting||name~PULLED&orderBy=-name").json()["results"]
    assert {"books", "partner-pull"} <= {row["slug"] for row in found}
    assert "partner" not in {row["slug"] for row in found}
    assert [row["name"] for row in found] == sorted((row["name"] for row in found), reverse=True)
    page = api.get("/config/integrations?page=2&pageSize=1&query=enabled=true").json()
    assert len(page["results"]) == 1
    assert page["_links"]["previous"]["href"].startswith("/config/integrations?page=1&pageSize=1&query=enabled")
    assert api.get("/config/integrations?query=slug!=null").json()["totalResults"] >= 3
    assert api.get("/config/integrations?query=slug=null").json()["totalResults"] == 0


@pytest.mark.parametrize("bad", ["query=nothing=1", "query=name>a", "orderBy=nothing", "query=enabled=maybe", "page=0"])
def test_a_query_that_cannot_be_followed_is_refused(api: Api, bad: str) -> None:
    assert api.get(f"/config/integrations?{bad}").status_code == 400


@pytest.mark.parametrize("word", ["partner-pull", "prtp", "partner_pull"])
def test_the_branding_of_a_platform_has_pictures_that_are_there(api: Api, word: str) -> None:
    branding = api.get(f"/config/integrations/{word}/branding").json()
    pictures = [*branding["logo"].values(), *branding["button"].values()]
    row = api.get("/config/integrations?query=key=prtp").json()["results"][0]
    assert branding["sourceId"] == row["sourceId"]
    assert branding["logo"]["full"]["image"]["src"] == row["logoUrl"]
    assert row["logoUrl"].startswith("http://testserver/")
    for picture in pictures:
        served = Client().get(urlsplit(picture["image"]["src"]).path)
        assert served.status_code == 200
        assert served["Content-Type"] == "image/svg+xml"
        assert served["Cache-Control"] == "public, max-age=86400"
        assert served["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
        title = ElementTree.fromstring(served.content).find("{http://www.w3.org/2000/svg}title")  # noqa: S314  # ours
        assert title is not None
        assert title.text == picture["image"]["alt"]


def test_a_platform_that_does_not_exist_is_not_found(api: Api) -> None:
    answered = api.get("/config/integrations/zzzz/branding")
    assert answered.status_code == 404
    assert "zzzz" in answered.json()["error"]


@pytest.mark.parametrize("path", ["zzzz/logo", "books/photo", "book/logo", "partner_pull/logo"])
def test_each_picture_has_one_address_and_there_are_no_others(path: str) -> None:
    assert Client().get(f"/integrations/{path}.svg").status_code == 404


def test_a_platform_without_our_client_cannot_be_used_here(settings: LazySettings) -> None:
    class Elsewhere(PartnerPlatform):
        key = "elsewhere"
        auth = OAuth2(authorize="/authorize", token="/token")

    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {}
    assert not _can_be_authorized(Elsewhere())
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"elsewhere": {"client_id": "a", "client_secret": "b", "redirect_uri": "c"}}
    assert _can_be_authorized(Elsewhere())


def test_the_marks_can_be_read_and_names_cannot_break_out_of_them() -> None:
    assert all(contrast_of(color).with_white >= 4.5 for color in COLORS)
    drawn = logo('A<script>&"')
    assert "<script>" not in drawn
    for draw in DRAWINGS.values():
        assert ElementTree.fromstring(draw("R&B <Till> 店")) is not None  # noqa: S314  # ours
