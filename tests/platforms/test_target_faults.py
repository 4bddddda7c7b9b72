"""What goes wrong at every accounting platform: one document in the end, or somebody is told whose turn it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors import credentials
from connectors.declare import OAuth2
from connectors.errors import NotAuthorized
from connectors.models import Binding, Connection, PushItem
from connectors.models import Option as OptionRow
from connectors.options import refresh_options
from ledger.models import AuditEntry, Document
from tests.commerce_sync.cast import an_order
from tests.platforms.targets import MODES, Fake, Linked, interfaces, linked, ours, references

pytestmark = pytest.mark.django_db

of_each_target = pytest.mark.parametrize("key", interfaces())
in_each_mode = pytest.mark.parametrize("mode", MODES)


def told(shop: Linked) -> set[tuple[str, str]]:
    """Reasons, and whose turn it is, of what was not delivered."""
    open_ = PushItem.objects.filter(company=shop.company).exclude(state="pushed")
    return set(open_.values_list("failure_code", "failure_turn"))


@of_each_target
@in_each_mode
@pytest.mark.case("A04", "A13")
def test_a_burst_of_errors_leaves_one_document(key: str, mode: Any, fake: Fake) -> None:
    shop = linked(key, fake, mode)
    shop.post(an_order(1), an_order(2, day=date(2026, 3, 9)))
    fake.fail("5xx", 7)
    assert shop.settle(rounds=12).undelivered == 0, told(shop)
    assert references(fake) == ours(shop)


@of_each_target
@in_each_mode
@pytest.mark.case("A20")
def test_a_tax_rate_that_is_gone_is_the_merchants_turn(key: str, mode: Any, fake: Fake) -> None:
    getattr(fake, "offer_tax_codes", lambda: None)()
    shop = linked(key, fake, mode)
    shop.post(an_order(1))
    fake.delete_tax_code(fake.tax_codes["vat20"])
    if shop.settle().undelivered == 0:
        assert mode == "journal"  # in which some platforms have tax as a line of its own, which needs no rate
        assert references(fake) == ours(shop)
    else:
        assert ("tax_rate_gone", "merchant") in told(shop)
        assert fake.documents() == []


@of_each_target
@pytest.mark.case("A21")
def test_a_number_that_a_person_has_used_is_one_document_and_somebody_is_told(key: str, fake: Fake) -> None:
    shop = linked(key, fake, "invoice")
    shop.post(an_order(1))
    reference = Document.objects.get(company=shop.company, kind="invoice").reference
    fake.take_number(reference)
    shop.settle()
    assert references(fake).count(reference) == 1
    findings = AuditEntry.objects.filter(code="document.mismatch", subject=reference)
    assert findings.exists() or ("duplicate", "support") in told(shop)


@of_each_target
@in_each_mode
def test_an_access_that_the_merchant_took_away_is_told_and_given_again_it_loses_nothing(
    key: str, mode: Any, fake: Fake
) -> None:
    shop = linked(key, fake, mode)
    shop.post(an_order(1))
    fake.revoke()
    with pytest.raises(NotAuthorized) as caught:
        shop.deliver()
    assert caught.value.whose_turn == "merchant"
    assert fake.documents() == []
    with pytest.raises(NotAuthorized):
        refresh_options(shop.connection)
    shop.connection.refresh_from_db()
    assert shop.connection.status == Connection.Status.DEAUTHORIZED
    (entry,) = AuditEntry.objects.filter(code="connection.deauthorized")
    assert entry.detail["reason"]
    credentials.store(connection_id=shop.connection.pk, secrets=fake.connect_again())
    shop.an_hour_passes()
    assert shop.settle().undelivered == 0, told(shop)
    assert references(fake) == ours(shop)
    assert set(Binding.objects.values_list("agrees", flat=True)) == {True}


@pytest.mark.case("C07")
@of_each_target
def test_an_access_that_ends_between_two_pages_is_renewed_or_nothing_half_read_is_kept(key: str, fake: Fake) -> None:
    shop = linked(key, fake)
    customers = OptionRow.objects.filter(connection=shop.connection, kind="customer")
    before, secrets = set(customers.values_list("external_id", flat=True)), credentials.load(shop.connection.pk)
    there = fake.expire_mid_page()
    assert there > len(before)
    if isinstance(shop.platform.auth, OAuth2):
        refresh_options(shop.connection)
        assert customers.filter(active=True).count() == there
        assert credentials.load(shop.connection.pk).access_token != secrets.access_token
    else:
        with pytest.raises(NotAuthorized):
            refresh_options(shop.connection)
        assert set(customers.filter(active=True).values_list("external_id", flat=True)) == before
        shop.connection.refresh_from_db()
        assert shop.connection.status == Connection.Status.DEAUTHORIZED
