"""What others book on accounts of ours is seen: the same once more, and what a clearing account does not hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.general_ledger.posting import push_one
from connectors.general_ledger.voiding import void_entry
from connectors.models import Binding, LedgerLook, TheirBalance, TheirEntry
from health.findings.seen import Scope, Seen
from health.watches.clearing import look
from health.watches.payouts import look as look_at_payouts
from ledger import commerce
from ledger.documents import Header, Journal, Line
from ledger.models import Company, Document
from ledger.services import audit, now
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, books_of, sell
from tests.commerce_sync.demo_cast import settle

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 20, 6, tzinfo=UTC)
LATER = datetime(2026, 5, 1, 6, tzinfo=UTC)


def shop(*, paid_out: bool = True) -> Company:
    """Ten days of sales; paid out each next day, or never."""
    company = a_merchant()
    days = [FIRST_DAY + timedelta(days=n) for n in range(10)]
    sell(company, *(an_order(n, day=day, amount=1_234 + n) for n, day in enumerate(days)))
    if paid_out:
        at = [datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1) for day in days]
        sell(company, *(commerce.Payout(f"p{n}", "GBP", when, when, 1_234 + n) for n, when in enumerate(at)))
    settle(company, FIRST_DAY + timedelta(days=12))
    return company


def by_hand(company: Company, day: date, *lines: tuple[str, int], name: str = "MANUAL-1") -> int:
    """Somebody's own entry: (account, amount), debits positive; its id."""
    header = Header(f"by hand {name}", name, day, "GBP", "Entered by hand")
    entered = push_one(books_of(company).pk, Journal(header, tuple(Line(each, amount, "") for each, amount in lines)))
    return entered.entry_id


def seen(company: Company, at: datetime = AT) -> list[Seen]:
    return list(look(Scope((company.pk,), at)).seen)


def test_entries_of_ours_alone_are_no_finding() -> None:
    assert seen(shop()) == []


def test_an_entry_by_hand_on_a_clearing_account_is_named() -> None:
    company = shop()
    entry = by_hand(company, FIRST_DAY, ("6000", 777), ("1100", -777))
    (found,) = seen(company)
    assert (found.code, found.subject, found.amount) == ("clearing_differs", "1100 GBP", 777)
    assert (found.params["open"], found.params["balance"]) == (0, -777)
    assert [(cause.kind, cause.id, cause.amount) for cause in found.causes] == [("entry", str(entry), -777)]


def test_an_entry_that_was_reversed_counts_as_nothing() -> None:
    company = shop()
    entry = by_hand(company, FIRST_DAY, ("6000", 777), ("1100", -777))
    void_entry(books_of(company).pk, entry)
    assert seen(company) == []


def test_what_others_book_elsewhere_is_their_business() -> None:
    company = shop()
    by_hand(company, FIRST_DAY, ("6400", 5_000), ("1000", -5_000))
    by_hand(company, FIRST_DAY, ("4000", 99), ("6400", -99), name="MANUAL-2")
    assert seen(company) == []


@pytest.mark.case("A28")
def test_the_same_sales_booked_by_another_tool_are_booked_twice_and_told_once() -> None:
    company = shop()
    document = Document.objects.filter(company=company, kind="journal").earliest("date")
    sums: dict[str, int] = {}
    for line in document.lines.all():
        sums[line.account] = sums.get(line.account, 0) + (line.debit or 0) - (line.credit or 0)
    entry = by_hand(company, document.date + timedelta(days=1), *sums.items(), name="POS-1")
    (found,) = seen(company)
    assert (found.code, found.subject) == ("booked_twice", f"entry {entry}")
    assert (found.params["reference"], found.params["entry"]) == (document.reference, "POS-1")
    assert {(cause.kind, cause.id) for cause in found.causes} == {
        ("entry", str(entry)), ("document", str(document.pk)),
    }  # fmt: skip


def test_a_round_sum_on_one_account_is_no_second_booking() -> None:
    company = a_merchant()
    sell(company, an_order(1, amount=1_200))
    settle(company, FIRST_DAY)
    by_hand(company, FIRST_DAY, ("4000", -1_000), ("1000", 1_000))
    assert seen(company) == []


def test_one_odd_sum_of_the_same_day_is_a_second_booking() -> None:
    company = shop()
    sales = 1_234 - 1_234 // 6
    by_hand(company, FIRST_DAY, ("4000", -sales), ("1000", sales))
    assert [each.code for each in seen(company)] == ["booked_twice"]


def test_an_account_that_no_payouts_empty_may_be_emptied_by_hand() -> None:
    company = shop()
    wallet = commerce.Tender("w", "pay_later", 4_321, datetime(2026, 3, 2, 12, tzinfo=UTC), provider="Klarna")
    line = commerce.Line("product", "Tea", 4_321)
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    sell(company, commerce.Order("k", "k", "GBP", at, at, (line,), (wallet,), 4_321))
    later = datetime(2026, 4, 25, 12, tzinfo=UTC)
    sell(company, an_order(99, day=later.date()))
    settle(company, date(2026, 4, 30))
    aged = {each.subject: each for each in look_at_payouts(Scope((company.pk,), LATER)).seen}
    assert aged["1120 GBP"].amount == 4_321
    by_hand(company, date(2026, 3, 9), ("1000", 4_300), ("6000", 21), ("1120", -4_321))
    assert seen(company, LATER) == []
    assert "1120 GBP" not in {each.subject for each in look_at_payouts(Scope((company.pk,), LATER)).seen}


def called(company: Company, balance: int, *, opening: int = 0, read_at: datetime | None = None) -> None:
    """The same at software that is called, which told what the clearing account holds."""
    link = books_of(company)
    company.connections.filter(kind="accounting").update(platform="xero")
    before, told_on, at = FIRST_DAY - timedelta(days=1), date(2026, 3, 19), read_at or now()
    LedgerLook.objects.create(connection=link, next_at=AT, looked_at=AT, opening_day=before, balance_day=told_on)
    for day, amount in ((before, opening), (told_on, balance)):
        TheirBalance.objects.create(connection=link, account="1100", currency="GBP", day=day, amount=amount, read_at=at)


def test_what_was_there_before_our_first_document_is_no_difference() -> None:
    company = shop()
    called(company, 5_000, opening=5_000)
    assert seen(company) == []


def test_a_balance_of_another_amount_is_a_difference_with_the_entries_that_may_be_its_cause() -> None:
    company = shop()
    called(company, 4_223, opening=5_000)
    TheirEntry.objects.create(
        connection=books_of(company), remote_id="ManualJournals/x", account="1100", currency="GBP", day=FIRST_DAY,
        amount=-777, text="Bank charge",
    )  # fmt: skip
    (found,) = seen(company)
    assert (found.code, found.amount, found.params["balance"]) == ("clearing_differs", 777, -777)
    assert [(cause.id, cause.label) for cause in found.causes] == [("ManualJournals/x", "Bank charge")]


def test_a_document_that_arrived_after_the_balance_was_told_is_not_in_it() -> None:
    company = shop()
    by_hand(company, FIRST_DAY, ("6000", 5), ("4000", -5))
    called(company, 0, read_at=AT)
    assert seen(company) == []


def test_what_read_back_otherwise_is_told_as_drift_and_not_as_a_difference() -> None:
    company = shop()
    called(company, 100)
    document = Document.objects.filter(company=company, kind="journal").earliest("date")
    Binding.objects.filter(document=document).update(agrees=False, verified_at=AT)
    audit(
        code="document.mismatch", actor="push", company=company, subject=document.reference,
        detail={"ours": {"1100": 1_234, "4000": -1_234}, "theirs": {"1100": 1_334, "4000": -1_334}},
    )  # fmt: skip
    assert seen(company) == []
