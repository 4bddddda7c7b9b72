"""What people change at QuickBooks is found without any webhook: it is asked what changed, and that is read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.cdc import change_data_capture
from quickbooks.objects.invoice import Invoice
from requests_oauthlib import OAuth2Session

from connectors import push_send, watching
from connectors.accounting import _qbo_events
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.declare import Budget
from connectors.models import Binding, Connection, Watermark
from connectors.session import Session
from connectors.webhooks import Heard
from ledger.book import Mode
from ledger.models import AuditEntry
from tests.ledger.builders import a_fee, a_payout, an_order
from tests.platforms.outgoing import wired
from tests.platforms.quickbooks_online.cast import a_shop, states
from tests.platforms.quickbooks_online.fake import REALM, TOKEN, Fake, running
from tests.platforms.targets import Linked

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with running() as company:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [company.place]
        yield company


@pytest.fixture
def shop(fake: Fake) -> Linked:
    """A merchant whose sale is at QuickBooks, and was read back."""
    found = a_shop(fake, "invoice", an_order("o1"))
    found.settle()
    later(found)
    found.deliver()
    assert set(Binding.objects.values_list("agrees", flat=True)) == {True}
    return found


def later(shop: Linked) -> None:
    """The time until it is asked again has passed."""
    Watermark.objects.filter(connection=shop.connection).update(pulled_at=datetime(2026, 1, 1, tzinfo=UTC))


def asked(fake: Fake) -> int:
    return len([seen for seen in fake.company.asked if seen.path.endswith("/cdc")])


def of(shop: Linked, kind: str) -> Binding:
    return Binding.objects.get(connection=shop.connection, kind=kind)


@pytest.mark.case("A18")
def test_an_edit_is_found_at_the_next_run_and_told_once(shop: Linked, fake: Fake) -> None:
    [row] = fake.company.rows["Invoice"].values()
    row["TxnDate"] = "2026-04-01"
    fake.company.touched(row)
    later(shop)
    shop.deliver()
    assert of(shop, "invoice").agrees is False
    for _ in range(3):
        later(shop)
        shop.deliver()
    assert AuditEntry.objects.filter(code="document.mismatch").count() == 1


@pytest.mark.case("A17")
def test_a_document_that_was_deleted_is_found_and_not_made_again(shop: Linked, fake: Fake) -> None:
    [id] = fake.company.rows["Payment"]
    fake.company.delete("Payment", id)
    later(shop)
    shop.deliver()
    assert sorted(states(shop)) == ["pushed", "removed"]
    assert len(AuditEntry.objects.filter(code="document.removed")) == 1


def test_what_we_wrote_ourselves_is_not_read_again_and_again(shop: Linked, fake: Fake) -> None:
    before = len([seen for seen in fake.company.asked if "/invoice/" in seen.path])
    for _ in range(3):
        later(shop)
        shop.deliver()
    assert len([seen for seen in fake.company.asked if "/invoice/" in seen.path]) == before


def test_it_is_asked_every_few_minutes_at_most_and_a_failure_is_left_to_the_next_time(shop: Linked, fake: Fake) -> None:
    calls = asked(fake)
    shop.deliver()
    assert asked(fake) == calls
    [row] = fake.company.rows["Invoice"].values()
    row["TxnDate"] = "2026-04-01"
    fake.company.touched(row)
    later(shop)
    fake.server.meets_faults = lambda seen: seen.path.endswith("/cdc")
    fake.fail_as("err500_before", 20)
    shop.deliver()
    assert of(shop, "invoice").agrees is True
    fake.server.meets_faults = lambda seen: False
    shop.deliver()
    assert of(shop, "invoice").agrees is False


def test_of_more_than_is_told_at_once_each_kind_is_asked_for_and_no_further_back_than_is_kept(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_qbo_events, "MOST_TOLD", 3)
    fake.company.most_told = 3
    for number in range(3):
        fake.company.put("Invoice", str(number))
        fake.company.put("Bill", str(number))
    now = datetime.now(UTC)
    with wired("quickbooks_online", fake) as wire:
        platform = QuickBooksOnline()
        found = platform.changed(wire.session, now - timedelta(days=400), now)
        assert set(found.documents) == {f"{kind}/{number}" for kind in ("Invoice", "Bill") for number in range(3)}
        assert platform.changed(wire.session, now + timedelta(minutes=1), now) == Heard()


def test_the_vendors_library_hears_the_same_of_the_fake(
    shop: Linked, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{fake.server.url}/v3")
    client = QuickBooks(company_id=REALM, minorversion=75)
    since = datetime.now(UTC) - timedelta(hours=1)
    with OAuth2Session("us", token={"access_token": TOKEN}) as session:
        client.session = session
        theirs = change_data_capture([Invoice], since.isoformat(timespec="seconds"), qb=client)
    with wired("quickbooks_online", fake) as wire:
        ours = QuickBooksOnline().changed(wire.session, since, datetime.now(UTC))
    assert {f"Invoice/{row.Id}" for row in theirs.Invoice} == {name for name in ours.documents if name[:7] == "Invoice"}
    assert of(shop, "invoice").remote_id in ours.documents


@pytest.mark.parametrize("entity", ["Payment", "Deposit", "JournalEntry"])
def test_a_document_that_a_person_dated_anew_while_its_answer_was_lost_is_found_whatever_its_form(
    fake: Fake, entity: str
) -> None:
    fake.company.remembers = False
    mode: Mode = "journal" if entity == "JournalEntry" else "invoice"
    shop = a_shop(fake, mode, an_order("o1"), a_fee(), a_payout("p1", 1_150))
    strikes = fake.server.meets_faults
    fake.server.meets_faults = lambda seen: strikes(seen) and f"/{entity.lower()}" in seen.path
    fake.fail("lose_answer_after_commit")
    shop.deliver()
    assert "unknown" in states(shop)
    rows = fake.company.rows[entity]
    [row] = rows.values()
    row["TxnDate"] = "2026-04-01"
    fake.company.touched(row)
    shop.settle()
    shop.an_hour_passes()
    shop.settle()
    assert set(states(shop)) == {"pushed"}
    assert list(rows.values()).count(row) == len([one for one in rows.values() if one["TxnDate"] == "2026-04-01"]) == 1
    assert [entry.detail["day_theirs"] for entry in AuditEntry.objects.filter(code="document.mismatch")] == [
        "2026-04-01"
    ]
    references = [reference for reference, _ in fake.documents()]
    assert len(set(references)) == len(references)


def test_software_that_cannot_be_asked_is_not(shop: Linked) -> None:
    class Silent(QuickBooksOnline):
        changed = None  # type: ignore[assignment]

    link = Connection.objects.get(pk=shop.connection.pk)
    assert watching.watch(Silent(), Session(link.pk, link.company_id)) == 0
