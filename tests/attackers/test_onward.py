"""A page leads on to paths of this site, whatever its address or its form says."""

from __future__ import annotations

from typing import Final

import pytest
from django.urls import reverse

from commerce_sync.onward import path_or
from tests.flow.cast import a_linked_merchant, inside
from tests.health.people import PASSWORD, a_person, logged_in

ELSEWHERE: Final = (
    *(
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
    ),
    *(
        "https://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "http:///evil.example",
        "HTTPS://EVIL.example",
    ),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:x",
    ),
    *("https://localhost@evil.example", "https://testserver:x@evil.example", "//testserver@evil.example"),
    *(
        "/\t/evil.example",
        "/\n/evil.example",
        "\x08//evil.example",
        "/\r\nX-Evil: 1",
        "\t//evil.example",
        " //evil.example",
    ),
    *("https://testserver.evil.example", "//ｅvil.example", "https://evil。example", "/\x00", "/\u2028x", "//[::1]"),
    *("evil", "", "-1", "landing", "admin:logout", "flow-sync", "?x", "#x", ".", "../x", "%2f%2fevil.example"),
)


@pytest.mark.case("S09")
@pytest.mark.parametrize("said", ELSEWHERE, ids=ascii)
def test_what_leads_elsewhere_is_not_followed(said: str) -> None:
    assert path_or(said, "/here") == "/here"


@pytest.mark.parametrize("path", ["/", "/flow/history?page=2#top", "/admin/findings/?who=mine&x=1", "/a/%2f%2fb"])
def test_a_path_of_ours_is(path: str) -> None:
    assert path_or(path, "/here") == path


@pytest.mark.case("S09")
@pytest.mark.django_db
def test_every_page_that_leads_on_keeps_to_that() -> None:
    merchant = inside(a_linked_merchant())
    for said in ELSEWHERE:
        assert merchant.post("/flow/language", {"language": "fr", "back": said})["Location"] == "/flow/"
    browser = logged_in(a_person())
    for page in ("console-confirm", "console-second-factor"):
        for said in ELSEWHERE:
            assert "evil" not in browser.get(reverse(f"admin:{page}"), {"next": said}).content.decode(), page
    for said in (ELSEWHERE[0], ELSEWHERE[3], ELSEWHERE[11]):
        browser.logout()
        known = {"username": "sam", "password": PASSWORD, "next": said}
        assert browser.post(reverse("admin:login"), known)["Location"] == "/admin/"
