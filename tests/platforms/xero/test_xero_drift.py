"""What people do to our documents in Xero is found again and told: nothing is made a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from connectors import push_send
from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.models import Binding, PushItem
from ledger.models import AuditEntry
from tests.commerce_sync.cast import an_order
from tests.platforms.targets import Linked
from tests.platforms.xero.fake import Fake, milliseconds, running

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
    """A journal that arrived and whose answer was lost; then a person gave it another day."""
    shop = Linked("xero", fake)
    shop.post(an_order(1))
    fake.fail("lose_answer_after_commit")
    shop.deliver()
    assert PushItem.objects.get().state == "unknown"
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


def test_a_journal_that_was_voided_before_we_knew_of_it_is_told_and_not_made_again(fake: Fake) -> None:
    shop = a_lost_journal(fake)
    journals(fake)[0]["Status"] = "VOIDED"
    shop.settle()
    assert PushItem.objects.get().state == "removed"
    assert AuditEntry.objects.filter(code="document.removed").count() == 1
    assert shop.settle().written == 0
    assert len(journals(fake)) == 1
