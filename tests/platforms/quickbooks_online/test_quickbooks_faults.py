"""What goes wrong at QuickBooks in its own ways: one document in the end, or somebody is told whose turn it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from connectors import push_send
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.declare import Budget
from connectors.errors import RefusalReason, Refused
from connectors.http import open_door
from connectors.models import Binding, PushItem
from connectors.push_support import retry_items
from connectors.session import Session
from ledger.models import AuditEntry
from ledger.services import now
from tests.connectors.server import Seen
from tests.ledger.builders import a_fee, an_order
from tests.platforms.outgoing import wired
from tests.platforms.quickbooks_online.cast import a_shop, states
from tests.platforms.quickbooks_online.fake import Fake, FakeQuickBooks, running
from tests.platforms.targets import Linked

pytestmark = pytest.mark.django_db


@pytest.fixture
def fakes(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A maker of companies at QuickBooks."""
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with ExitStack() as opened:

        def make(**facts: Any) -> Fake:
            fake = opened.enter_context(running(partial(FakeQuickBooks, **facts)))
            settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [fake.place]
            settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"quickbooks_online": {"client_id": "us", "client_secret": "s"}}
            return fake

        yield make


@pytest.fixture
def fake(fakes: Any) -> Fake:
    return fakes()  # type: ignore[no-any-return]


def told(shop: Linked) -> set[tuple[str, str, str]]:
    """State, reason and turn of what is not there."""
    rows = PushItem.objects.filter(company=shop.company).exclude(state="pushed")
    return set(rows.values_list("state", "failure_code", "failure_turn"))


def tried_again(shop: Linked) -> None:
    """As a person asks, after mending it."""
    retry_items(connection_id=shop.connection.pk, actor="test")
    shop.settle()
    assert set(states(shop)) == {"pushed"}


def sent(fake: Fake) -> int:
    return len([seen for seen in fake.company.asked if seen.method == "POST"])


def test_too_many_calls_without_a_time_are_waited_out_for_the_minute_that_intuit_asks_for(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"), an_order("o2"))
    fake.fail("429")
    before = sent(fake)
    shop.deliver()
    assert sent(fake) == before  # the gate refused it, and nothing else was tried
    waits = PushItem.objects.exclude(waits_until=None).get(company=shop.company)
    assert waits.waits_until is not None
    assert timedelta(seconds=50) < waits.waits_until - now() <= timedelta(seconds=60)
    assert ("waiting", "Waiting", "nobody") in told(shop)
    shop.settle()
    assert set(states(shop)) == {"pushed"}
    assert len(fake.documents()) == len(states(shop))


@pytest.mark.parametrize(("entity", "id", "mode"), [("Customer", "8", "invoice"), ("Vendor", "9", "invoice")])
def test_a_customer_or_vendor_made_inactive_is_told_as_what_it_is(fake: Fake, entity: str, id: str, mode: Any) -> None:
    shop = a_shop(fake, mode, an_order("o1"), a_fee())
    fake.company.rows[entity][id]["Active"] = False
    shop.settle()
    assert ("refused", "contact_gone", "merchant") in told(shop)
    sentence = PushItem.objects.filter(company=shop.company, failure_code="contact_gone").first()
    assert sentence is not None
    assert f"The {entity.lower()} “" in sentence.failure_sentence
    fake.company.rows[entity][id]["Active"] = True
    tried_again(shop)


def test_a_customer_made_inactive_before_the_invoice_is_paid_is_told_as_what_it_is(fake: Fake) -> None:
    shop = a_shop(fake, "invoice", an_order("o1"))
    fake.server.meets_faults = lambda seen: seen.path.endswith("/payment")
    fake.fail_as("drop_before", 1)
    shop.deliver()
    fake.company.rows["Customer"]["8"]["Active"] = False
    shop.an_hour_passes()
    shop.settle()
    assert told(shop) == {("refused", "contact_gone", "merchant")}
    fake.company.rows["Customer"]["8"]["Active"] = True
    tried_again(shop)


def test_an_inactive_account_in_a_document_with_a_customer_is_still_the_account(fake: Fake) -> None:
    shop = a_shop(fake, "invoice", an_order("o1"))
    fake.archive("4000")
    shop.deliver()
    assert ("refused", "account_inactive", "merchant") in told(shop)


def test_an_item_of_ours_that_a_person_made_inactive_is_told_and_used_again_once_it_is_active(fake: Fake) -> None:
    first = a_shop(fake, "invoice", an_order("o1"))
    first.settle()
    [item] = [
        row for row in fake.company.rows["Item"].values() if row["Name"].endswith(fake.company.account("4000")["Id"])
    ]
    item["Active"] = False
    first.post(an_order("o2"))
    first.settle()
    assert ("refused", "account_inactive", "merchant") in told(first)
    item["Active"] = True
    tried_again(first)
    assert len([row for row in fake.company.rows["Item"].values() if row["Name"] == item["Name"]]) == 1


def test_an_item_that_a_person_deleted_is_made_anew_and_anew(fake: Fake) -> None:
    """Deleted things are inactive and called otherwise there, and a known request would be answered with them."""
    shop = a_shop(fake, "invoice", an_order("o1"))
    shop.settle()
    for number in (2, 3):
        for item in fake.company.rows["Item"].values():
            if item["Active"]:
                item |= {"Active": False, "Name": f"{item['Name']} (deleted {number})"}
        shop.post(an_order(f"o{number}"))
        shop.settle()
        assert set(states(shop)) == {"pushed"}, told(shop)
    assert Counter(item["Active"] for item in fake.company.rows["Item"].values())[True] == 2  # sales, and their tax


def test_an_account_that_a_person_deleted_can_be_made_again(fake: Fake) -> None:
    with wired("quickbooks_online", fake) as wire:
        first = wire.platform.create_account(wire.session, name="Tips", type="liability")
        fake.company.rows["Account"][first.id] |= {"Active": False, "Name": "Tips (deleted)"}
        second = wire.platform.create_account(wire.session, name="Tips", type="liability")
    assert (second.id != first.id, second.active, second.name) == (True, True, "Tips")


def test_an_invoice_that_a_person_deleted_before_it_was_paid_is_told(fake: Fake) -> None:
    shop = a_shop(fake, "invoice", an_order("o1"))
    fake.server.meets_faults = lambda seen: seen.path.endswith("/payment")
    fake.fail_as("drop_before", 1)
    shop.deliver()
    fake.company.rows["Invoice"].clear()
    shop.an_hour_passes()
    shop.settle()
    assert ("refused", "not_found", "support") in told(shop)
    assert fake.documents() == []


@pytest.mark.case("A22")
def test_a_version_that_is_never_the_newest_leaves_the_document_and_says_so(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"))
    shop.settle()
    [binding] = Binding.objects.filter(connection=shop.connection)
    answer = fake.company.answer

    def always_changed(seen: Seen) -> Any:
        found = answer(seen)
        for row in fake.company.rows["JournalEntry"].values():
            row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        return found

    fake.server.otherwise = always_changed
    with pytest.raises(Refused) as refused:
        shop.void(binding.remote_id, binding.kind)
    assert (refused.value.reason, refused.value.whose_turn) == (RefusalReason.VALIDATION, "support")
    assert len(fake.documents()) == 1


@pytest.mark.case("A07")
def test_american_tax_that_is_computed_over_ours_is_told_and_one_document(fakes: Any) -> None:
    fake = fakes(country="US", computes_tax=True)
    fake.settings["sales_tax"] = "codes"
    shop = a_shop(fake, "invoice", an_order("o1"))
    shop.settle()
    assert len(fake.company.rows["Invoice"]) == 1
    assert AuditEntry.objects.filter(code="document.mismatch").exists()
    assert Binding.objects.filter(connection=shop.connection, kind="invoice").get().agrees is False


def test_american_books_never_name_a_tax_code_that_the_platform_would_refuse(fakes: Any) -> None:
    fake = fakes(country="US")
    fake.tax_codes = {"vat20": "5"}  # of a mapping that was made for another country
    shop = a_shop(fake, "invoice", an_order("o1"), a_fee())
    shop.settle()
    assert set(states(shop)) == {"pushed"}, told(shop)
    bodies = b"".join(seen.body for seen in fake.company.asked if seen.method == "POST")
    assert b'"TaxCodeRef":{"value":"5"}' not in bodies
    assert b'"TaxCodeRef":{"value":"NON"}' in bodies


def test_reading_back_meets_a_fault_and_is_simply_done_again(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"))
    fake.server.meets_faults = lambda seen: "/journalentry/" in seen.path
    fake.fail_as("err500_before", 10)
    shop.deliver()
    assert Binding.objects.get(connection=shop.connection).agrees is None
    fake.server.meets_faults = lambda seen: False
    with open_door(shop.connection, shop.platform) as door:
        session = Session(shop.connection.pk, shop.company.pk, shop.connection.settings, door)
        binding = Binding.objects.get(connection=shop.connection)
        assert shop.platform.read_back(session, binding.remote_id, "journal") is not None
    shop.deliver()
    assert Binding.objects.get(connection=shop.connection).agrees is True
