"""Money that QuickBooks has no form for is a journal entry and its link: both are there once, or neither is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import push_send
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.declare import Budget
from connectors.errors import UnknownOutcome
from connectors.models import Binding, PushItem
from connectors.push_support import retry_items
from tests.connectors.server import Answer, Seen
from tests.ledger.builders import a_refund, an_order
from tests.platforms.outgoing import documents, wired
from tests.platforms.quickbooks_online.cast import a_shop
from tests.platforms.quickbooks_online.fake import Fake, running
from tests.platforms.targets import Linked

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with running() as company:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [company.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"quickbooks_online": {"client_id": "us", "client_secret": "s"}}
        yield company


def a_refunded_shop(fake: Fake) -> Linked:
    """A sale and its refund to a card: invoice, payment, credit memo, and money that goes back to the customer."""
    return a_shop(fake, "invoice", an_order("o1"), a_refund("r1"))


def journals(fake: Fake) -> int:
    return len(fake.company.rows["JournalEntry"])


def links(fake: Fake) -> int:
    return sum(not row["TotalAmt"] for row in fake.company.rows["Payment"].values())


def told(shop: Linked) -> list[tuple[str, str, str]]:
    """State, reason and turn of what is not there."""
    rows = PushItem.objects.filter(company=shop.company).exclude(state="pushed")
    return list(rows.values_list("state", "failure_code", "failure_turn"))


def whole(shop: Linked, fake: Fake) -> None:
    """Everything is there, once, and as it was sent."""
    assert (told(shop), journals(fake), links(fake)) == ([], 1, 1)
    shop.deliver()
    assert set(Binding.objects.values_list("agrees", flat=True)) == {True}
    assert {row["left"] for row in fake.company.rows["CreditMemo"].values()} == {0}


@pytest.mark.parametrize("remembers", [True, False])
def test_a_journal_whose_link_is_refused_is_taken_away_and_made_anew_when_it_is_tried_again(
    fake: Fake, remembers: bool
) -> None:
    fake.company.links, fake.company.remembers = False, remembers
    shop = a_refunded_shop(fake)
    for _ in range(3):
        shop.settle()
        assert told(shop) == [("refused", "validation", "support")]
        assert (journals(fake), links(fake)) == (0, 0)
        retry_items(connection_id=shop.connection.pk, actor="test")
    fake.company.links = True
    shop.settle()
    whole(shop, fake)


def only(fake: Fake, fault: str, wanted: Any, times: int = 1) -> None:
    """The next writes that are `wanted` meet a fault."""
    fake.server.meets_faults = lambda seen: seen.method == "POST" and wanted(seen)
    fake.fail_as(fault, times)


def is_link(seen: Seen) -> bool:
    return b"~link" in seen.body


def is_deletion(seen: Seen) -> bool:
    return "operation" in seen.query


@pytest.mark.parametrize("fault", ["drop_before", "lose_after", "err500_before", "err500_after"])
def test_a_deletion_whose_answer_is_lost_is_looked_up(fake: Fake, fault: str) -> None:
    fake.company.links = False
    shop = a_refunded_shop(fake)
    only(fake, fault, is_deletion)
    shop.deliver()
    assert [state for state, _, _ in told(shop)] == ["unknown"]
    shop.settle()
    assert told(shop) == [("refused", "validation", "support")]
    assert (journals(fake), links(fake)) == (0, 0)


@pytest.mark.parametrize("fault", ["drop_before", "lose_after", "err500_before", "rate429"])
@pytest.mark.parametrize("remembers", [True, False])
def test_a_link_whose_answer_is_lost_is_never_simply_sent_again(fake: Fake, fault: str, remembers: bool) -> None:
    fake.company.remembers = remembers
    shop = a_refunded_shop(fake)
    only(fake, fault, is_link)
    shop.settle()
    whole(shop, fake)


def test_half_a_document_is_never_called_waiting(fake: Fake) -> None:
    shop = a_refunded_shop(fake)
    answer = fake.company.answer

    def down(seen: Seen) -> Any:
        """Reading fails once the journal is made."""
        if journals(fake) and seen.path.endswith("/query"):
            return Answer(503, {})
        return answer(seen)

    fake.server.otherwise = down
    shop.deliver()
    assert journals(fake) == 1
    assert [state for state, _, _ in told(shop)] == ["unknown"]
    fake.server.otherwise = answer
    shop.an_hour_passes()
    shop.settle()
    whole(shop, fake)


def test_a_journal_that_may_not_be_taken_away_is_told_with_the_reason_and_completed_in_the_end(fake: Fake) -> None:
    fake.company.links = False
    shop = a_refunded_shop(fake)
    answer = fake.company.answer

    def closes(seen: Seen) -> Any:
        """A person closes the books between the journal and its link."""
        if is_link(seen):
            fake.company.closed = "2026-12-31"
        return answer(seen)

    fake.server.otherwise = closes
    shop.settle()
    assert told(shop) == [("unknown", "period_locked", "merchant")]
    assert (journals(fake), links(fake)) == (1, 0)
    fake.server.otherwise, fake.company.closed, fake.company.links = answer, "", True
    shop.an_hour_passes()
    shop.settle()
    whole(shop, fake)


def test_a_journal_for_something_that_a_person_deleted_meanwhile_does_not_stay_alone(fake: Fake) -> None:
    shop = a_refunded_shop(fake)
    only(fake, "drop_before", is_link)
    shop.deliver()
    assert journals(fake) == 1
    fake.company.rows["CreditMemo"].clear()
    shop.an_hour_passes()
    shop.settle()
    assert told(shop) == [("refused", "not_found", "support")]
    assert (journals(fake), links(fake)) == (0, 0)


def test_what_is_there_is_looked_for_before_it_is_made_the_journal_and_its_link(fake: Fake) -> None:
    """Whoever forgets keys makes nothing twice: the two guards of `push`, without the engine's own look-up."""
    fake.company.remembers = False
    with wired("quickbooks_online", fake) as wire:
        case = documents(wire.chart)["payment_of_credit_note"]
        wire.sent_for(case)
        payment, known = case[-1], {case[0].header.key: "CreditMemo/147"}
        session = wire.knowing(known)
        first = wire.platform.push(session, payment)
        assert (journals(fake), links(fake)) == (1, 1)
        [link] = [id for id, row in fake.company.rows["Payment"].items() if not row["TotalAmt"]]
        del fake.company.rows["Payment"][link]
        fake.company.rows["CreditMemo"]["147"]["left"] = fake.company.rows["CreditMemo"]["147"]["TotalAmt"]
        fake.company.rows["JournalEntry"][first.remote_id.partition("/")[2]]["left"] = 24
        assert wire.platform.push(session, payment) == first
        assert wire.platform.find(session, payment) == first
        assert (journals(fake), links(fake)) == (1, 1)


def test_a_platform_that_only_answers_with_what_is_gone_is_an_open_question(fake: Fake) -> None:
    with wired("quickbooks_online", fake) as wire:
        case = documents(wire.chart)["payment_of_credit_note"]
        answer = fake.company.answer

        def forgets(seen: Seen) -> Any:
            found = answer(seen)
            if seen.path.endswith("/journalentry"):
                fake.company.rows["JournalEntry"].clear()
            return found

        fake.server.otherwise = forgets
        with pytest.raises(UnknownOutcome):
            wire.sent_for(case)
        assert journals(fake) == 0
