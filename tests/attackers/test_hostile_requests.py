"""Whatever is sent to a page is answered in words, never by a 5xx, and the answer tells nothing of the inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from commerce_sync.flow.page import _POLICY
from tests.attackers.addresses import Address, every_address, everybody
from tests.flow.cast import a_linked_merchant, a_way_in, inside
from tests.test_architecture import modules

pytestmark = pytest.mark.django_db

# Names that our pages read from an address or a form, as the code has them.
_READ: Final = re.compile(r"""(?:GET|POST)(?:\.get|\.getlist)?[(\[]\s*["']([\w:]+)["']""")
HOSTILE: Final = (
    *("\x00", "99999999999999999999", "-1", "２", "%s%n{{7*7}}", "\ud7ff\ufffe", "2026-02-30", "' OR 1=1 --"),
    *("../../etc/passwd", "a" * 3_000),
)
LEFT_OUT: Final = ("logout", "flow-view-end")  # end the session that asks


def names_that_are_read() -> list[str]:
    found = {name for path in modules() for name in _READ.findall(path.read_text())}
    assert len(found) > 20
    return sorted(found | {"q", "page", "day", "days", "from", "to", "state", "view", "who", "order", "_popup", "e"})


@pytest.mark.case("S33")
@pytest.mark.slow
def test_no_page_breaks_by_what_is_in_its_address_or_in_a_form() -> None:
    world, names = everybody(), names_that_are_read()
    wrong: list[str] = []
    tried = 0
    for at, each in enumerate(every_address(world.ids)):
        is_page = each.path.startswith(("/admin/", "/flow/", "/oauth/", "/link/"))
        if not is_page or each.name in LEFT_OUT or each.name.endswith(("_add", "_delete", "_history")):
            continue
        said = {name: HOSTILE[(at + number) % len(HOSTILE)] for number, name in enumerate(names)}
        for method, address, sent in requests_of(each, said, HOSTILE[at % len(HOSTILE)]):
            before = transaction.savepoint()
            answer = world.browser.post(address, sent) if method == "POST" else world.browser.get(address, sent)
            if answer.status_code >= 500:
                wrong.append(f"{answer.status_code} {method} {address} {sent}"[:900])
                transaction.savepoint_rollback(before)  # what is asked next finds a database that works
            else:
                transaction.savepoint_commit(before)
            tried += 1
    assert wrong == [], "\n\n".join(wrong)
    assert tried > 200


def requests_of(each: Address, said: dict[str, str], one: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What is asked of an address: lists of the admin are searched and turned, pages of ours get all names at once."""
    if each.name.endswith("_changelist"):
        yield from (("GET", each.path, {"q": one, "p": "9" * 30}), ("GET", each.path, {"q": "\x00"}))
        return
    yield "GET", each.path, said
    if each.name.startswith("console"):
        nothing = dict.fromkeys(said, "\x00")
        yield from (("GET", each.path, nothing), ("POST", each.path, {**nothing, "why": "a\x00reason"}))
    if "/admin/" not in each.path or each.name.startswith("console"):
        yield "POST", each.path, said


@pytest.mark.case("S33", "S05")
@pytest.mark.parametrize(
    "cookie",
    ['sessionid="\\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"', "sessionid=' OR 1=1 --", "sessionid=" + "a" * 5_000,
     'csrftoken="\\000"; flow_language="\\377"', "\xff=\xfe; ;;=;"],
)  # fmt: skip
def test_a_cookie_that_nobody_gave_is_no_session_and_no_error(cookie: str) -> None:
    visitor = Client(raise_request_exception=False)
    statuses = [visitor.get(path, HTTP_COOKIE=cookie).status_code for path in ("/", "/flow/", "/admin/")]
    assert statuses == [200, 401, 302]


@pytest.mark.case("S05", "S17")
def test_a_copy_of_the_table_of_sessions_opens_nothing() -> None:
    browser = inside(a_linked_merchant())
    (row,) = Session.objects.all()
    assert row.session_key != browser.cookies["sessionid"].value
    thief = Client()
    for stolen in (row.session_key, row.session_key[:32]):
        thief.cookies["sessionid"] = stolen
        assert thief.get("/flow/").status_code == 401
    assert browser.get("/flow/").status_code == 200


@pytest.mark.case("S05")
@pytest.mark.parametrize("planted", ["a" * 32, "planted-by-somebody-else-32-chars"])
def test_a_session_that_was_planted_before_is_not_the_one_that_is_opened(planted: str) -> None:
    victim, attacker, link = Client(), Client(), a_way_in(a_linked_merchant())
    for browser in (victim, attacker):
        browser.cookies["sessionid"] = planted
    assert victim.post(f"/flow/start/{link.company.public_id}", {"code": link.code}).status_code == 302
    assert victim.get("/flow/").status_code == 200
    assert victim.cookies["sessionid"].value != planted
    assert attacker.get("/flow/").status_code == 401


@pytest.mark.case("S34", "S13")
@pytest.mark.parametrize(
    ("path", "changes", "status", "words"),
    [
        ("/nowhere", {}, 404, "There is nothing here"),
        ("/admin/nowhere/", {}, 302, ""),
        ("/", {"HTTP_HOST": "evil.example"}, 400, "This could not be read"),
        ("/flow/", {"HTTP_HOST": "evil.example"}, 400, "Something went wrong"),
        ("/companies", {"HTTP_HOST": "evil.example"}, 400, ""),
        ("/flow/nowhere", {}, 404, "nothing here"),
        ("/api/schema?version=%0d%0aX-Evil:1&lang=xx", {}, 200, "openapi"),
    ],
)
def test_an_answer_to_nonsense_is_in_words_and_tells_nothing_of_the_inside(
    path: str, changes: dict[str, str], status: int, words: str
) -> None:
    answer = Client(raise_request_exception=False).get(path, **changes)
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (status, True), page[:500]
    assert "evil.example" not in page
    assert "Traceback" not in page
    assert answer["Content-Security-Policy"]
    if path.startswith("/flow"):
        assert answer["Content-Security-Policy"] == _POLICY


@pytest.mark.case("S34")
@pytest.mark.parametrize("path", ["/admin/login/", "/flow/sales"])
def test_a_form_that_is_too_large_is_refused_in_words(path: str) -> None:
    browser = inside(a_linked_merchant())
    browser.raise_request_exception = False
    many = "&".join(f"f{number}=x" for number in range(1_001))
    for body in (many, "a=" + "x" * 3_000_000):
        answer = browser.post(path, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (400, 413)
        assert "<h1" in answer.content.decode()
