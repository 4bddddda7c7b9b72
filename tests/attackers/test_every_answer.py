"""Every answer of every address, also errors, redirects and files, lets a browser do nothing that it need not do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.test import Client

from commerce_sync.every_answer import METHODS
from tests.attackers.addresses import BESIDE, every_address, everybody
from tests.commerce_sync.test_checks import DEPLOYMENT, python
from tests.health.people import PASSWORD, a_person

pytestmark = pytest.mark.django_db

# What may be kept by browsers and by whatever is between: it names what it holds, and tells nothing of anybody.
KEPT: Final = ("/static/", "/flow/brand/", "/integrations/")
FRAMED: Final = "branding-preview-page"  # by the page of the console beside it
# Each name under which an address to go on to has ever been asked for, here or elsewhere.
ELSEWHERE: Final = "&".join(
    f"{name}=//evil.example" for name in ("next", "back", "redirect", "redirectUrl", "return_to", "url", "continue")
)

SHOWN: Final = """
import json
from django.conf import global_settings
from commerce_sync import settings as ours
kinds = ("SESSION_COOKIE_", "CSRF_COOKIE_")
names = [kind + what for kind in kinds for what in ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN", "PATH")]
names += ["SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"]
names += ["DEBUG", "MESSAGE_STORAGE"]
print(json.dumps({name: getattr(ours, name, getattr(global_settings, name)) for name in names}))
"""


def wrong_with(answer: Any, path: str, name: str = "") -> Iterator[str]:
    """What is missing of what every answer must have."""
    said = f"{answer.status_code} {path}"
    if answer.status_code >= 500:
        yield f"{said}: broken"
    yield from wrong_policy(answer, said, path, name)
    if answer.get("X-Content-Type-Options") != "nosniff":
        yield f"{said}: nosniff"
    if answer.get("X-Frame-Options") != ("SAMEORIGIN" if name == FRAMED and answer.status_code == 200 else "DENY"):
        yield f"{said}: frame {answer.get('X-Frame-Options')}"
    if answer.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        yield f"{said}: referrer"
    if "no-store" not in answer.get("Cache-Control", "") and not path.startswith(KEPT):
        yield f"{said}: may be kept, {answer.get('Cache-Control')}"
    for header in answer.headers:
        if header.startswith("Access-Control-") or header in ("Server", "X-Powered-By"):
            yield f"{said}: {header}"
    for cookie in answer.cookies.values():
        if not cookie["httponly"] or cookie["samesite"] != "Lax" or cookie["domain"] or cookie["path"] != "/":
            yield f"{said}: cookie {cookie.key}"


def wrong_policy(answer: Any, said: str, path: str, name: str) -> Iterator[str]:
    """What the policy lets a browser do that it need not."""
    policy = directives(answer.get("Content-Security-Policy", ""))
    if policy.get("default-src") != {"'none'"} or not frames_are_ours(policy, name):
        yield f"{said}: policy {policy}"
    if "sandbox" not in policy and policy.get("base-uri", {"'none'"} if no_page(answer) else None) != {"'none'"}:
        yield f"{said}: base-uri"
    loose = {"*", "http:", "https:", "'unsafe-inline'", "data:", "blob:"}
    scripts = policy.get("script-src", set())
    if scripts & loose or ("'unsafe-eval'" in scripts and not path.startswith("/admin/")):
        yield f"{said}: scripts {scripts}"


def asked(browser: Client, path: str) -> Any:
    """What is answered, read to its end: a file is closed by that."""
    answer = browser.get(path)
    if answer.streaming:
        answer.getvalue()
    return answer


def directives(policy: str) -> dict[str, set[str]]:
    """A policy, taken apart."""
    return {each.split()[0]: set(each.split()[1:]) for each in policy.split(";") if each.split()}


def frames_are_ours(policy: dict[str, set[str]], name: str) -> bool:
    """Whether nobody else may put it into a frame."""
    wanted = {"'self'"} if name == FRAMED else {"'none'"}
    return "sandbox" in policy or policy.get("frame-ancestors") in (wanted, {"'none'"})


def no_page(answer: Any) -> bool:
    """Whether it is a picture."""
    return str(answer.get("Content-Type", "")).startswith("image/")


@pytest.mark.case("S09", "S13", "S14")
def test_every_address_answers_a_visitor_with_all_headers_and_knows_no_made_up_method() -> None:
    found: list[str] = []
    visitor = Client(raise_request_exception=False, headers={"Origin": "https://evil.example"})
    known = [(each.path, each.name) for each in every_address()] + [(path, "") for path in BESIDE]
    assert len(known) > 400
    for path, name in known:
        answer = asked(visitor, f"{path}?{ELSEWHERE}")
        found += wrong_with(answer, path, name)
        found += [f"{path} leads to {answer['Location']}"] if not answer.get("Location", "/").startswith("/") else []
        for method in ("TRACE", "CONNECT", "JEFF") if path in ("/", "/flow/", "/admin/") else ("TRACE",):
            answer = visitor.generic(method, path)
            if answer.status_code != 405 or answer.content:
                found.append(f"{method} {path} answers {answer.status_code}")
            found += wrong_with(answer, path)
    assert found == [], "\n".join(found)
    assert "TRACE" not in METHODS


@pytest.mark.case("S13", "S14", "S33")
def test_every_address_answers_whoever_is_in_with_all_headers() -> None:
    all_in = everybody()
    found: list[str] = []
    statuses: dict[int, int] = {}
    for each in every_address(all_in.ids):
        answer = asked(all_in.browser, each.path)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        found += wrong_with(answer, each.path, each.name)
    assert found == [], "\n".join(found)
    assert statuses[200] > 200, statuses  # it is the pages that were looked at


@pytest.mark.case("S05", "S30")
def test_in_production_cookies_are_of_this_very_host_and_no_script_reads_them() -> None:
    said = python("-c", SHOWN, **DEPLOYMENT)
    assert said.returncode == 0, said.stderr
    known = json.loads(said.stdout)
    assert known == {
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        **{f"{kind}_COOKIE_{what}": True for kind in ("SESSION", "CSRF") for what in ("SECURE", "HTTPONLY")},
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SAMESITE": "Lax",
        **dict.fromkeys(("SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN")),
        **dict.fromkeys(("SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH"), "/"),
        **dict.fromkeys(("SECURE_SSL_REDIRECT", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"), True),
        "SECURE_HSTS_SECONDS": 31_536_000,
        "DEBUG": False,
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
    }


@pytest.mark.case("S05", "S13")
def test_a_log_in_over_tls_gives_cookies_that_go_nowhere_else(settings: Any) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    a_person("administrator")
    browser = Client()
    assert browser.get("/admin/login/").status_code == 301
    page = browser.get("/admin/login/", secure=True)
    assert page["Strict-Transport-Security"].startswith("max-age=31536000")
    known = {"username": "sam", "password": PASSWORD, "next": "/admin/"}
    answers = [page, browser.post("/admin/login/", known, secure=True)]
    given = {cookie.key: cookie for answer in answers for cookie in answer.cookies.values()}
    assert given.keys() == {"__Host-session", "__Host-csrf"}
    for cookie in given.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
