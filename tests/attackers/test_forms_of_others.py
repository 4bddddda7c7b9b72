"""What another site may send in the name of somebody who is logged in here: nothing."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.test import Client
from rest_framework.views import APIView

from commerce_sync.api.view import ApiView
from tests.attackers.addresses import every_address
from tests.health.people import a_person

pytestmark = pytest.mark.django_db

UNSAFE: Final = ("POST", "PUT", "DELETE")
# Views that ask for no token, and what they ask for instead.
INSTEAD: Final = {
    "flow-start": "a code that works once, sent by our own page",
    "oauth-keys": "a state that we have signed",
    "webhook": "the platform's signature",
    "webhook-of-app": "the platform's signature",
}
ONLY_READ: Final = {"api-docs"}


def is_of_the_api(view: Any) -> bool:
    """Whether the view is an operation of the API: it takes a key and no session."""
    return issubclass(getattr(view, "cls", getattr(view, "view_class", object)), ApiView)


@pytest.mark.case("S08", "S32")
def test_what_asks_for_no_token_is_known_and_asks_for_something_else() -> None:
    exempt = {each.name for each in every_address() if getattr(each.view, "csrf_exempt", False)
              and not is_of_the_api(each.view)}  # fmt: skip
    assert exempt == INSTEAD.keys() | ONLY_READ
    readers = [each.view.cls for each in every_address() if each.name in ONLY_READ]
    assert [cls for cls in readers if any(hasattr(cls, method.lower()) for method in UNSAFE)] == []


@pytest.mark.case("S08")
def test_no_form_without_a_token_is_taken_for_whoever_is_in_and_no_session_opens_the_api() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(a_person("", name="root", is_superuser=True))
    wrong: list[str] = []
    refused = 0
    for each in every_address():
        if each.name in INSTEAD:
            continue
        # What asks for the token tells no unsafe method from another: all of them at a few addresses show it.
        for method in UNSAFE if each.path in ("/", "/flow/", "/admin/", "/companies") else UNSAFE[:1]:
            status = browser.generic(method, each.path, b"why=x", "application/x-www-form-urlencoded").status_code
            expected = (401, 404) if issubclass(getattr(each.view, "cls", object), APIView) else (403,)
            expected = (*expected, 405) if each.name in ONLY_READ else expected
            wrong += [f"{method} {each.path}: {status}"] if status not in expected else []
            refused += status == 403
    assert wrong == []
    assert refused > 200


@pytest.mark.case("S08")
@pytest.mark.parametrize("token", ["", "x" * 32, "no token"])
def test_a_token_that_was_made_up_is_none(token: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["csrftoken"] = token
    answer = browser.post("/admin/login/", {"csrfmiddlewaretoken": "y" * len(token), "username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "no longer up to date" in answer.content.decode()
