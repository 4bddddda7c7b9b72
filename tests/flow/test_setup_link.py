"""A link into a merchant's pages from the command line."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ledger.models import AuditEntry
from tests.flow.cast import a_linked_merchant, a_new_merchant

pytestmark = pytest.mark.django_db


def link_of(*arguments: str) -> str:
    out = StringIO()
    call_command("setup_link", *arguments, stdout=out)
    return out.getvalue().strip()


def test_the_link_that_is_printed_opens_the_pages_of_the_company_once() -> None:
    company = a_linked_merchant()
    link = link_of(company.name, "--site", "https://sync.example/")
    assert link.startswith(f"https://sync.example/flow/start/{company.public_id}?code=")
    browser, code = Client(), link.partition("code=")[2]
    path = f"/flow/start/{company.public_id}"
    assert browser.post(path, {"code": code})["Location"] == "/flow/"
    assert Client().post(path, {"code": code}).status_code == 401
    assert AuditEntry.objects.get(code="setup_link.made").actor == "manage.py setup_link"


def test_a_company_without_connections_gets_them_as_said() -> None:
    company = a_new_merchant()
    link_of(str(company.public_id), "--commerce", "square", "--accounting", "xero")
    assert sorted(company.connections.values_list("platform", flat=True)) == ["square", "xero"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Nobody"], "There is no company 'Nobody'"),
        (["Rose & Crown", "--commerce", "xero"], "There is no commerce platform 'xero'"),
        (["Rose & Crown", "--accounting", "xero"], "The books of Rose & Crown are kept at books"),
    ],
)
def test_what_cannot_be_is_told(arguments: list[str], words: str) -> None:
    a_linked_merchant()
    with pytest.raises(CommandError, match=words):
        link_of(*arguments)
