"""What a person does to our moves in Odoo: it is told, and nothing is made twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import watching
from connectors.models import Binding, PushItem
from ledger.models import AuditEntry, Company
from tests.platforms.odoo.cast import FIRST, a_shop, balances, decoded, delivered
from tests.platforms.odoo.fake import Fake

pytestmark = pytest.mark.django_db


def a_move(fake: Fake) -> dict[str, Any]:
    [move] = fake.orm.rows["account.move"].values()
    return move


@pytest.fixture(autouse=True)
def _is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY", timedelta())


def a_person(move: dict[str, Any], **changes: Any) -> None:
    """Changes a move, after we read it."""
    Binding.objects.filter(verified_at__isnull=False).update(verified_at=datetime.now(UTC) - timedelta(hours=1))
    at = datetime.now(UTC) - timedelta(minutes=5)
    move |= {**changes, "write_date": f"{at:%Y-%m-%d %H:%M:%S}"}


def told(company: Company) -> list[tuple[str, Any]]:
    entries = AuditEntry.objects.filter(company=company, code__in=("document.mismatch", "document.removed"))
    return list(entries.order_by("pk").values_list("code", "detail"))


def test_a_move_that_a_person_reset_to_draft_is_told_once_and_stays_one(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    a_person(a_move(fake), state="draft")
    for _ in range(2):
        assert delivered(company).written == 0
    [(code, detail)] = told(company)
    assert (code, detail["theirs"]) == ("document.mismatch", {})
    assert Binding.objects.get().agrees is False
    assert len(fake.orm.rows["account.move"]) == 1


def test_a_move_that_is_posted_again_agrees_again(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    a_person(a_move(fake), state="draft")
    delivered(company)
    a_person(a_move(fake), state="posted")
    delivered(company)
    assert Binding.objects.get().agrees is True
    assert len(told(company)) == 1


def test_a_move_that_a_person_dates_anew_is_told_with_both_days(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    a_person(a_move(fake), date="2026-04-01")
    assert delivered(company).written == 0
    [(code, detail)] = told(company)
    assert code == "document.mismatch"
    assert (detail["day_ours"], detail["day_theirs"]) == (FIRST.isoformat(), "2026-04-01")
    assert len(fake.orm.rows["account.move"]) == 1


@pytest.mark.parametrize("how", ["deleted", "canceled"])
@pytest.mark.case("A17")
def test_a_move_that_a_person_took_away_is_told_and_not_made_again(fake: Fake, how: str) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    move = a_move(fake)
    if how == "deleted":
        del fake.orm.rows["account.move"][move["id"]]
    else:
        a_person(move, state="cancel")
    for _ in range(2):
        assert delivered(company).written == 0
    assert [code for code, _ in told(company)] == ["document.removed"]
    assert PushItem.objects.get().state == "removed"
    assert balances(fake) == {}


@pytest.mark.case("A18")
def test_amounts_that_a_person_changed_are_told(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    a_person(a_move(fake))
    line = next(iter(fake.orm.rows["account.move.line"].values()))
    line["amount_currency"] = line["balance"] = line["balance"] + 1
    delivered(company)
    [(code, detail)] = told(company)
    assert (code, detail["ours"] != detail["theirs"]) == ("document.mismatch", True)


def test_what_nobody_touched_is_asked_for_in_one_call_and_not_read_again(fake: Fake) -> None:
    company = a_shop(fake, days=3)
    delivered(company)
    before = [fake.calls(method) for method in ("read", "search_read")]
    delivered(company)
    after = [fake.calls(method) for method in ("read", "search_read")]
    assert (after[0] - before[0], after[1] - before[1]) == (0, 3)  # which company, what changed, and what is gone
    assert told(company) == []


def test_a_move_that_a_person_dated_anew_while_its_answer_was_lost_is_found(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.fail("lose_answer_after_commit", on="action_post")
    delivered(company)
    a_person(a_move(fake), date="2026-04-01")
    PushItem.objects.update(waits_until=None)
    assert delivered(company).written == 1
    assert len(fake.orm.rows["account.move"]) == 1
    assert [detail["day_theirs"] for _, detail in told(company)] == ["2026-04-01"]


def test_a_move_that_a_person_reset_while_its_answer_was_lost_is_taken_up(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.fail("lose_answer_after_commit", on="action_post")
    delivered(company)
    a_person(a_move(fake), state="draft", date="2026-04-01")
    PushItem.objects.update(waits_until=None)
    assert delivered(company).written == 1
    assert (a_move(fake)["state"], a_move(fake)["date"]) == ("posted", FIRST.isoformat())
    assert Binding.objects.get().agrees is True


def test_a_move_whose_reference_a_person_changed_while_its_answer_was_lost_is_not_made_twice(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.fail("lose_answer_after_commit", on="action_post")
    delivered(company)
    a_person(a_move(fake), ref="Till of Monday")
    PushItem.objects.update(waits_until=None)
    assert delivered(company).written == 1
    assert (a_move(fake)["ref"], a_move(fake)["state"]) == (decoded(company).header.reference, "posted")
    assert Binding.objects.get().agrees is True


def test_a_move_whose_reference_and_day_a_person_changed_is_a_persons_business(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.fail("lose_answer_after_commit", on="action_post")
    delivered(company)
    a_person(a_move(fake), ref="Till of Monday", date="2026-04-01")
    PushItem.objects.update(waits_until=None)
    assert delivered(company).refused == 1
    assert (a_move(fake)["ref"], a_move(fake)["state"]) == ("Till of Monday", "posted")
