"""What people do to our documents in Xero is found again and told: nothing is made a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import F

from connectors import push_send
from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.models import Binding, PushItem, Watermark
from ledger.models import AuditEntry
from tests.commerce_sync.cast import an_order
from tests.platforms.targets import Linked, a_month
from tests.platforms.xero.fake import Fake, milliseconds, running, touch

pytestmark = pytest.mark.django_db
ELSEWHEN = date(2026, 4, 7)


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(Xero, "budget", Budget())
        yield state


def journals(fake: Fake) -> list[dict[str, Any]]:
    return list(fake.organisation.rows["ManualJournals"].values())


def a_lost_journal(fake: Fake) -> Linked:
    """A journal that arrived, whose answer was lost and is forgotten at Xero; a person gave it another day."""
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.fail("lose_answer_after_commit")
    shop.deliver()
    assert PushItem.objects.get().state == "unknown"
    fake.organisation.keys.clear()
    (journal,) = journals(fake)
    journal["Date"] = milliseconds(ELSEWHEN)
    return shop


def told() -> dict[str, Any]:
    entry = AuditEntry.objects.get(code="document.mismatch")
    return dict(entry.detail)


def test_a_journal_that_got_another_day_before_we_knew_of_it_is_adopted_and_its_day_told(fake: Fake) -> None:
    shop = a_lost_journal(fake)
    assert shop.settle().undelivered == 0
    assert len(journals(fake)) == 1
    binding = Binding.objects.get()
    assert binding.agrees is False
    day = binding.document.date.isoformat()
    assert told() == {"day_ours": day, "day_theirs": ELSEWHEN.isoformat()}


def test_a_journal_of_another_day_is_found_by_its_day_alone_where_the_setting_says_so(fake: Fake) -> None:
    """Should Xero not answer the question that finds it: then it is for a person to set, and costs this."""
    fake.settings["journal_search"] = "day"
    shop = a_lost_journal(fake)
    journals(fake)[0]["Date"] = milliseconds(PushItem.objects.get().document.date)
    assert shop.settle().undelivered == 0
    assert len(journals(fake)) == 1
    assert Binding.objects.get().agrees is True


def test_a_search_that_xero_does_not_understand_leaves_the_outcome_open(fake: Fake) -> None:
    shop = a_lost_journal(fake)
    fake.organisation.cannot_search_narrations = True
    shop.settle()
    item = PushItem.objects.get()
    assert (item.state, item.failure_code, item.failure_turn) == ("unknown", "validation", "support")
    assert len(journals(fake)) == 1
    fake.organisation.cannot_search_narrations = False
    shop.an_hour_passes()
    assert shop.settle().undelivered == 0
    assert len(journals(fake)) == 1


@pytest.mark.case("A17")
def test_a_journal_that_was_voided_before_we_knew_of_it_is_told_and_not_made_again(fake: Fake) -> None:
    shop = a_lost_journal(fake)
    journals(fake)[0]["Status"] = "VOIDED"
    shop.settle()
    assert PushItem.objects.get().state == "removed"
    assert AuditEntry.objects.filter(code="document.removed").count() == 1
    assert shop.settle().written == 0
    assert len(journals(fake)) == 1


def a_month_at(fake: Fake, mode: Any) -> Linked:
    """A month that arrived and was read back an hour ago; what comes next is asked for."""
    shop = Linked("xero", fake, mode)
    shop.post(*a_month())
    assert shop.settle().undelivered == 0
    an_hour_passes(fake)
    return shop


def an_hour_passes(fake: Fake) -> None:
    """For what we know, and for what Xero says of its documents."""
    hour = timedelta(hours=1)
    Watermark.objects.update(pulled_at=F("pulled_at") - hour, reached_at=F("reached_at") - hour)
    Binding.objects.update(verified_at=F("verified_at") - hour)
    for rows in fake.organisation.rows.values():
        for row in rows.values():
            row["UpdatedDateUTC"] = "/Date(1772700000000+0000)/"


def reads(fake: Fake) -> list[str]:
    """The documents that were read one by one."""
    return [seen.path for seen in fake.server.log if seen.method == "GET" and seen.path.count("/") == 2]


@pytest.mark.case("A18")
def test_what_a_person_changed_is_asked_for_and_told_without_any_webhook(fake: Fake) -> None:
    shop = a_month_at(fake, "journal")
    changed, dated, gone = list(fake.organisation.rows["ManualJournals"].values())[:3]
    changed["JournalLines"][0]["LineAmount"] += 1
    changed["JournalLines"][1]["LineAmount"] -= 1
    dated["Date"] = milliseconds(ELSEWHEN)
    gone["Status"] = "VOIDED"
    for row in (changed, dated, gone):
        touch(row)
    before, there = len(reads(fake)), len(fake.documents())
    assert shop.settle().written == 0
    assert len(reads(fake)) - before == 3
    told = dict(AuditEntry.objects.filter(code__startswith="document.").values_list("subject", "code"))
    names = [row["Narration"].partition(" ")[0] for row in (changed, dated, gone)]
    assert [told[name] for name in names] == ["document.mismatch", "document.mismatch", "document.removed"]
    assert len(told) == 3
    assert len(fake.documents()) == there
    an_hour_passes(fake)
    shop.settle()
    assert len(reads(fake)) - before == 3  # told once


@pytest.mark.parametrize("collection", ["Payments", "CreditNotes", "BankTransactions"])
def test_other_documents_that_a_person_took_away_are_told_too(fake: Fake, collection: str) -> None:
    shop = a_month_at(fake, "invoice")
    row = next(iter(fake.organisation.rows[collection].values()))
    row["Status"] = "DELETED"
    touch(row)
    shop.settle()
    reference = row["Reference"]
    assert AuditEntry.objects.get(code="document.removed").subject == reference
    assert PushItem.objects.get(document__reference=reference).state == "removed"


def test_our_own_writing_is_not_read_twice(fake: Fake) -> None:
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    shop.settle()
    Watermark.objects.update(pulled_at=F("pulled_at") - timedelta(minutes=6))
    before = len(reads(fake))
    shop.settle()
    assert len(reads(fake)) == before
