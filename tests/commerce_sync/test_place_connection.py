"""`manage.py place_connection`: another server in a platform's place, without a line of code."""

from __future__ import annotations

from io import StringIO
from uuid import uuid4

import pytest
from cast import a_merchant
from django.core.management import CommandError, call_command

from connectors import registry
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger.models import AuditEntry, Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return a_merchant()


def place(connection: Connection, *arguments: str) -> str:
    out = StringIO()
    call_command("place_connection", str(connection.public_id), *arguments, stdout=out)
    connection.refresh_from_db()
    return out.getvalue()


def called(connection: Connection) -> str:
    kind = registry.accounting if connection.kind == Connection.Kind.ACCOUNTING else registry.commerce
    return kind(connection.platform).hosts.base(connection.settings)


@pytest.mark.parametrize("key", ["xero", "quickbooks_online"])
def test_books_are_kept_at_another_server_until_the_platform_is_called_again(company: Company, key: str) -> None:
    Connection.objects.filter(company=company, kind="accounting").update(status="Unlinked")
    link = connect_accounting(company=company, platform=key, actor="test")
    own = called(link)
    said = place(link, "--server", "https://stand-in.example/api/")
    assert called(link) == "https://stand-in.example/api"
    assert (link.status, "stand-in.example" in said) == (Connection.Status.PENDING_AUTH, True)
    place(link, "--own")
    assert called(link) == own
    assert AuditEntry.objects.filter(code="connection.moved", actor="manage.py place_connection").count() == 2


@pytest.mark.parametrize("key", ["square", "shopify", "stripe", "woocommerce"])
def test_sales_are_read_from_another_server(company: Company, key: str) -> None:
    link = connect_commerce(company=company, platform=key, actor="test")
    place(link, "--server", "https://stand-in.example")
    assert called(link) == "https://stand-in.example"


def test_what_cannot_be_called_is_refused_with_the_reason_and_changes_nothing(company: Company) -> None:
    link = connect_commerce(company=company, platform="square", actor="test")
    refused = {"http://stand-in.example": "https", "https://127.0.0.1:9": "private", "stand-in": "whole"}
    for address, why in refused.items():
        with pytest.raises(CommandError, match=why):
            place(link, "--server", address)
    books = Connection.objects.get(company=company, kind="accounting")
    with pytest.raises(CommandError, match="takes none"):
        place(books, "--server", "https://stand-in.example")
    for nothing in (str(uuid4()), "no-id"):
        with pytest.raises(CommandError, match="no connection"):
            call_command("place_connection", nothing, "--own")
    link.refresh_from_db()
    assert (link.status, link.settings) == ("Linked", {})
