"""What Xero alone does wrong, or forbids: one document in the end, or somebody is told whose turn it is.

What every accounting platform meets is in `tests/platforms/test_target_faults.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from connectors import push_send
from connectors.accounting.xero import Xero
from connectors.declare import Budget, Rate
from connectors.errors import Waiting
from connectors.models import Binding, PushItem
from ledger.book import Tracking
from ledger.models import Company
from ledger.services import save_book
from tests.commerce_sync.cast import an_order
from tests.connectors.server import Answer
from tests.platforms.targets import Linked, book_on, ours, references
from tests.platforms.xero.fake import Fake, running

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(Xero, "budget", Budget())
        yield state


def told(shop: Linked) -> list[tuple[str, str, str]]:
    rows = PushItem.objects.filter(company=shop.company)
    return list(rows.values_list("state", "failure_code", "failure_turn"))


def too_many(problem: str, seconds: int | None = None) -> Answer:
    headers = {"X-Rate-Limit-Problem": problem, **({"Retry-After": str(seconds)} if seconds else {})}
    return Answer(429, {}, headers)


@pytest.mark.parametrize(
    ("problem", "seconds", "wait"),
    [
        ("day", None, timedelta(hours=1)),
        ("day", 43_000, timedelta(seconds=43_000)),
        ("minute", None, timedelta(minutes=1)),
        ("minute", 17, timedelta(seconds=17)),
        ("appminute", None, timedelta(minutes=1)),
    ],
)
def test_a_used_up_limit_is_waited_for_as_long_as_it_lasts_and_then_there_is_one_document(
    fake: Fake, problem: str, seconds: int | None, wait: timedelta
) -> None:
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.organisation.busy = too_many(problem, seconds)
    calls = len(fake.server.log)
    result = shop.deliver()
    assert len(fake.server.log) == calls + 1
    assert told(shop) == [("waiting", "Waiting", "nobody")]
    assert result.next_seconds == pytest.approx(wait.total_seconds(), abs=5)
    fake.organisation.busy = None
    PushItem.objects.update(waits_until=datetime.now(UTC))
    assert shop.settle().undelivered == 0
    assert references(fake) == ours(shop)


def test_too_many_at_once_is_over_in_a_moment(fake: Fake) -> None:
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.organisation.busy = too_many("concurrent")
    fake.organisation.busy_times = 1
    assert shop.deliver().undelivered == 0
    assert references(fake) == ours(shop)


@pytest.mark.parametrize(("problem", "is_for_all"), [("day", False), ("minute", False), ("appminute", True)])
def test_a_day_that_one_merchant_used_up_stops_no_other(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, problem: str, is_for_all: bool
) -> None:
    rates = (Rate(calls=6_000, seconds=60), Rate(calls=10_000, seconds=60, scope="platform"))
    monkeypatch.setattr(Xero, "budget", Budget(rates))
    one = Linked("xero", fake)
    Company.objects.filter(pk=one.company.pk).update(name="Another shop")
    other = Linked("xero", fake)
    for shop in (one, other):
        shop.post(an_order(1))
    fake.organisation.busy = too_many(problem, 600)
    one.deliver()
    fake.organisation.busy = None
    calls = len(fake.server.log)
    other.deliver()
    if is_for_all:
        assert len(fake.server.log) == calls
        assert told(other)[0][:2] == ("waiting", "Waiting")
    else:
        assert [state for state, *_ in told(other)] == ["pushed"]
    assert [state for state, *_ in told(one)] == ["waiting"]


def test_options_that_meet_a_used_up_day_say_when_to_come_back(fake: Fake) -> None:
    fake.organisation.busy_reads = too_many("day", 7_200)
    with pytest.raises(Waiting) as waiting:
        Linked("xero", fake)
    assert waiting.value.until > datetime.now(UTC) + timedelta(seconds=7_000)


def test_a_customer_who_was_archived_is_the_merchants_turn(fake: Fake) -> None:
    shop = Linked("xero", fake, "invoice")
    shop.post(an_order(1))
    for contact in fake.organisation.contacts.values():
        contact["ContactStatus"] = "ARCHIVED"
    assert shop.settle().undelivered == 2
    assert ("refused", "contact_gone", "merchant") in told(shop)
    assert fake.documents() == []
    for contact in fake.organisation.contacts.values():
        contact["ContactStatus"] = "ACTIVE"
    shop.retry()
    assert shop.settle().undelivered == 0
    assert references(fake) == ours(shop)
    assert set(Binding.objects.values_list("agrees", flat=True)) == {True}


def sent(fake: Fake) -> list[str]:
    """The keys of all documents that were sent."""
    return [seen.headers["idempotency-key"] for seen in fake.server.log if seen.method == "PUT"]


def test_what_is_refused_is_asked_for_twice_and_no_more(fake: Fake) -> None:
    """The first no may be one that Xero remembers."""
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.lock(date(2026, 3, 31))
    assert shop.settle().refused == 1
    first, second = sent(fake)
    assert second.startswith(first)
    assert second != first
    assert max(len(key) for key in sent(fake)) <= 128


@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.case("A10")
def test_a_lost_answer_is_found_again_whether_xero_remembers_its_key_or_not(fake: Fake, remembered: bool) -> None:
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.fail("lose_answer_after_commit")
    shop.deliver()
    if not remembered:  # it is more than six minutes ago
        fake.organisation.keys.clear()
    assert shop.settle().undelivered == 0
    assert (len(sent(fake)), len(fake.documents())) == (1, 1)


@pytest.mark.case("A10")
def test_what_never_arrived_is_sent_again_after_its_key_is_forgotten_and_is_there_once(fake: Fake) -> None:
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.fail("lose_before")
    shop.deliver()
    fake.organisation.keys.clear()
    assert shop.settle().undelivered == 0
    assert (len(sent(fake)), len(fake.documents())) == (2, 1)


@pytest.mark.case("A14")
def test_a_search_that_lags_makes_no_second_document_while_xero_remembers_the_key(fake: Fake) -> None:
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.fail("lose_answer_after_commit")
    shop.deliver()
    fake.organisation.finds_nothing = True
    assert shop.settle().undelivered == 0
    assert len(fake.documents()) == 1
    one, two = sent(fake)
    assert one == two


@pytest.mark.case("A14")
def test_nothing_is_sent_again_before_what_is_late_could_have_come(fake: Fake) -> None:
    """Nor is "not there" believed while the platform may still be at it: 60 seconds, and 5 for its search."""
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.fail("lose_before")
    shop.deliver()
    PushItem.objects.update(waits_until=None)
    shop.deliver()
    assert told(shop) == [("unknown", "unknown_outcome", "nobody")]
    assert len(sent(fake)) == 1


def test_an_invoice_that_a_person_paid_in_xero_is_not_paid_twice_and_somebody_is_told(fake: Fake) -> None:
    shop = Linked("xero", fake, "invoice")
    shop.post(an_order(1))
    fake.organisation.pays_invoices = True
    shop.settle()
    open_ = PushItem.objects.get(company=shop.company, state="refused")
    assert (open_.document.kind, open_.failure_code, open_.failure_turn) == ("payment", "validation", "support")
    assert "amount outstanding" in open_.failure_sentence
    assert fake.organisation.rows["Payments"] == {}


def test_a_customer_who_was_merged_into_another_is_the_merchants_turn(fake: Fake) -> None:
    shop = Linked("xero", fake, "invoice")
    shop.post(an_order(1))
    fake.organisation.contacts.clear()
    assert shop.settle().undelivered == 2
    assert ("refused", "contact_gone", "merchant") in told(shop)


@pytest.mark.case("A20")
def test_a_tracking_option_that_was_removed_is_told_and_nothing_arrives_without_it(fake: Fake) -> None:
    shop = Linked("xero", fake)
    tracked = Tracking("Store", "channel", {"web": "London"})
    book = replace(book_on(shop.connection, fake, "journal"), tracking=(tracked,))
    save_book(company=shop.company, book=book, author="test", reason="by store")
    shop.post(an_order(1, channel="web"))
    fake.organisation.tracking = {}
    shop.settle()
    assert told(shop) == [("refused", "validation", "support")]
    assert "tracking option" in PushItem.objects.get().failure_sentence
    assert fake.documents() == []
