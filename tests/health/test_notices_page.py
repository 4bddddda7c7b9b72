"""The merchant says where to be told of what: on one page, in each language, and nowhere is it asked twice."""

from __future__ import annotations

import pytest

from health.models import CompanyContact
from ledger.models import AuditEntry
from tests.flow.cast import a_linked_merchant, inside

pytestmark = pytest.mark.django_db
AT = "/flow/notices"
SAID = {"email": "owner@shop.example", "locale": "fr-ca", "wants": "daily"}


def test_what_is_chosen_is_kept_shown_and_in_the_trail_without_the_address() -> None:
    company = a_linked_merchant()
    browser = inside(company)
    assert not CompanyContact.objects.exists()
    answered = browser.post(AT, SAID)
    assert (answered.status_code, answered["Location"]) == (302, f"{AT}?saved=1")
    contact = CompanyContact.objects.get()
    assert (contact.company, contact.email, contact.locale, contact.wants) == (company, *SAID.values())
    page = browser.get(f"{AT}?saved=1").content.decode()
    assert "It was saved." in page
    assert 'value="owner@shop.example"' in page
    assert '<option value="fr-ca" lang="fr" selected>' in page
    [entry] = AuditEntry.objects.filter(code="contact.changed", actor="merchant")
    assert "owner" not in str(entry.detail)
    browser.post(AT, SAID)
    assert AuditEntry.objects.filter(code="contact.changed").count() == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "no address"}, "Write an email address"),
        ({"email": ""}, "Write an email address"),
        ({"email": "x" * 250 + "@example.com"}, "Write an email address"),
        ({"locale": "de"}, "Choose one of the list."),
        ({"wants": "always"}, "Choose one of the list."),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_is_kept(wrong: dict[str, str], words: str) -> None:
    answered = inside(a_linked_merchant()).post(AT, {**SAID, **wrong})
    assert answered.status_code == 400
    assert words in answered.content.decode()
    assert not CompanyContact.objects.exists()


def test_who_wants_nothing_needs_no_address() -> None:
    assert inside(a_linked_merchant()).post(AT, {**SAID, "email": "", "wants": "nothing"}).status_code == 302


@pytest.mark.parametrize(("locale", "title"), [("fr-fr", "Avis"), ("fr-ca", "Avis"), ("en-us", "Notices")])
def test_the_page_is_in_the_merchant_s_language_and_suggests_it(locale: str, title: str) -> None:
    page = inside(a_linked_merchant(), locale).get(AT).content.decode()
    assert f"<h1>{title}</h1>" in page
    assert f'<option value="{locale}" lang="{locale[:2]}" selected>' in page
