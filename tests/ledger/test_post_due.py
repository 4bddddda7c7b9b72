"""Posting what is due: any run is safe to repeat, and however the records came, the books end up the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger import post_due as posting
from ledger.book import Book
from ledger.calendar import DayRule
from ledger.commerce import Tender
from ledger.models import Document, DocumentLine, Posting, RecordRow, Standing
from ledger.zones import OutsideCalendar
from tests.ledger.builders import (
    DAY,
    FAR,
    NOON,
    a_fee,
    a_line,
    a_payout,
    a_refund,
    an_order,
    balances,
    daily,
    deliver,
    documents,
    gone,
    open_codes,
    post,
    standings,
)
from tests.ledger.cast import START, SUSPENSE, a_book, keep, london, montreal, outsider, tokyo, without
from tests.ledger.test_intake import at_once

pytestmark = pytest.mark.django_db
SALE = {"sales": -1_000, "tax": -200, "tender:card GBP": 1_200}


def test_a_company_without_a_book_is_told_so() -> None:
    pub = london()
    company = pub.company
    company.pk = None
    company.public_id, company.name = uuid4(), "Bookless"
    company.save()
    with pytest.raises(posting.NoBook):
        posting.post_due(company_id=company.pk, through=FAR, act=uuid4())


def test_an_error_amid_the_records_ends_the_run_and_does_not_hang_it() -> None:
    """The rollback would wait for ever for a stream of rows that the error had left half read."""
    pub = london()
    captured = datetime(1, 1, 2, tzinfo=UTC)
    deliver(pub, an_order("o1", tenders=(Tender("t", "card", 1_200, captured),)), an_order("o2"))
    with pytest.raises(OutsideCalendar), transaction.atomic():
        post(pub)
    assert Posting.objects.count() == 0


def test_nothing_to_do_writes_nothing() -> None:
    assert post(london()) == posting.PostingResult()
    assert Posting.objects.count() == 0


def test_a_sale_is_posted_once_and_a_second_run_posts_nothing() -> None:
    pub = london()
    deliver(pub, an_order())
    assert post(pub) == posting.PostingResult(records=1, documents=1)
    assert balances(pub) == SALE
    assert post(pub) == posting.PostingResult()
    assert len(documents(pub)) == 1


def test_what_happened_after_the_last_day_waits() -> None:
    pub = london()
    deliver(pub, an_order("o1"), an_order("o2", at=NOON + timedelta(days=1)))
    post(pub, DAY)
    assert standings(pub) == [("o1", 1, 0, "IN_BOOKS"), ("o2", 1, 0, "PENDING")]
    post(pub, DAY + timedelta(days=1))
    assert balances(pub) == {account: 2 * amount for account, amount in SALE.items()}


def test_each_merchant_sees_only_its_own_sales() -> None:
    pub, other = london(), outsider()
    deliver(pub, an_order())
    deliver(other, an_order(gross=2_400))
    post(other)
    assert balances(pub) == {}
    post(pub)
    assert balances(pub) == SALE
    assert balances(other)["sales"] == -2_000


def test_three_merchants_keep_their_own_currency_zone_and_day() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    pub, cafe, shop = london(), montreal(), tokyo()
    for merchant in (pub, cafe, shop):
        deliver(merchant, an_order(currency=merchant.currency, at=late))
        post(merchant)
    assert {key[:2] for key in daily(pub)} == {(date(2026, 3, 2), "GBP")}
    assert {key[:2] for key in daily(cafe)} == {(date(2026, 3, 2), "CAD")}
    assert {key[:2] for key in daily(shop)} == {(date(2026, 3, 3), "JPY")}


@pytest.mark.case("E11")
def test_currencies_of_one_day_are_documents_of_their_own() -> None:
    pub = london()
    deliver(pub, an_order("o1"), an_order("o2", currency="JPY"), an_order("o3", currency="CAD"))
    assert post(pub).documents == 3
    assert {currency for _, currency, _ in daily(pub)} == {"GBP", "JPY", "CAD"}


# -- changes -------------------------------------------------------------------------------------------------------


@pytest.mark.case("A30", "B10")
def test_a_late_change_posts_its_difference_under_revision_1_and_refers_back() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    post(pub)
    deliver(pub, an_order(gross=1_800, v=20))
    post(pub)
    first, second = documents(pub)
    assert [p.revision for p in Posting.objects.filter(company=pub.company).order_by("id")] == [0, 1]
    assert (second.date, second.total) == (first.date, 600)
    assert second.narration.startswith("adjustment 1 to sales of 2026-03-02")
    assert first.key != second.key
    assert balances(pub) == {"sales": -1_500, "tax": -300, "tender:card GBP": 1_800}
    assert standings(pub) == [("o1", 1, 0, "LEFT"), ("o1", 2, 0, "IN_BOOKS")]
    assert Standing.objects.get(state=2).left_by_id == second.posting_id


@pytest.mark.case("B11")
def test_a_change_to_another_day_leaves_the_first_one() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    post(pub)
    deliver(pub, an_order(at=NOON + timedelta(days=3), v=999_999))
    post(pub)
    assert {day for day, _, _ in daily(pub)} == {DAY + timedelta(days=3)}


def test_a_deletion_takes_the_sale_out_again_and_coming_back_puts_it_in() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    post(pub)
    deliver(pub, gone(v=20))
    post(pub)
    assert balances(pub) == {}
    deliver(pub, an_order(v=30))
    post(pub)
    assert balances(pub) == SALE


def test_a_record_deleted_before_it_was_posted_never_enters_the_books() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    deliver(pub, gone(v=20))
    assert post(pub).documents == 0
    assert balances(pub) == {}


def test_versions_that_were_overtaken_before_posting_leave_no_trace_in_the_books() -> None:
    pub = london()
    for v in range(1, 6):
        deliver(pub, an_order(gross=600 * v, v=10 * v))
    assert post(pub).records == 1
    assert balances(pub)["sales"] == -2_500


def test_a_first_open_day_policy_dates_a_late_change_at_the_end_of_the_run() -> None:
    pub = london(policy=msgspec.structs.replace(a_book().policy, late_changes="first_open_day"))
    deliver(pub, an_order(v=10))
    post(pub, DAY)
    deliver(pub, an_order(gross=1_800, v=20))
    post(pub, DAY + timedelta(days=9))
    assert [document.date for document in documents(pub)] == [DAY, DAY + timedelta(days=9)]


@pytest.mark.case("B11")
def test_a_lock_date_moves_what_belongs_before_it_and_says_so() -> None:
    pub = london()
    deliver(pub, an_order())
    post(pub, locked=DAY)
    assert [document.date for document in documents(pub)] == [DAY + timedelta(days=1)]
    assert open_codes(pub) == ["date_moved"]


def test_an_open_day_is_not_moved_by_a_lock_date_before_it() -> None:
    pub = london()
    deliver(pub, an_order())
    post(pub, locked=DAY - timedelta(days=1))
    assert [document.date for document in documents(pub)] == [DAY]


def test_the_start_of_the_books_keeps_older_sales_out_without_a_complaint() -> None:
    pub = london(start_on=DAY)
    deliver(pub, an_order("old", at=NOON - timedelta(days=1)), an_order())
    post(pub)
    assert balances(pub) == SALE
    assert open_codes(pub) == []


def test_an_earlier_start_lets_older_sales_in() -> None:
    pub = london(start_on=DAY + timedelta(days=1))
    sale = an_order()
    later = (Tender("t-o1", "card", 1_200, NOON + timedelta(days=2)),)  # read by the first run, and turned away
    deliver(pub, msgspec.structs.replace(sale, tenders=later))
    post(pub)
    assert balances(pub) == {}
    keep(pub, a_book(start_on=DAY))
    post(pub)
    assert balances(pub)["sales"] == -1_000


# -- the book ------------------------------------------------------------------------------------------------------


def test_a_new_account_takes_over_what_was_in_suspense() -> None:
    pub = london()
    keep(pub, without(a_book(), "tax"))
    deliver(pub, an_order("o1"), an_order("o2"))
    post(pub)
    assert balances(pub)[SUSPENSE] == -400
    assert open_codes(pub) == ["posted_to_suspense"]
    keep(pub, a_book())
    assert open_codes(pub) == []
    post(pub)
    assert balances(pub) == {account: 2 * amount for account, amount in SALE.items()}
    assert post(pub).documents == 0


def test_saving_a_book_again_while_something_waits_to_be_moved_moves_it_once() -> None:
    pub = london()
    keep(pub, without(a_book(), "tax", "tip"))
    deliver(pub, an_order())
    post(pub)
    keep(pub, without(a_book(), "tip"))
    keep(pub, a_book())
    post(pub)
    assert balances(pub) == SALE
    assert [row[2:] for row in standings(pub)] == [(0, "LEFT"), (1, "IN_BOOKS")]


def test_a_new_version_meets_a_queued_move_and_wins() -> None:
    pub = london()
    keep(pub, without(a_book(), "tax"))
    deliver(pub, an_order(v=10))
    post(pub)
    keep(pub, a_book())
    deliver(pub, an_order(gross=1_800, v=20))
    post(pub)
    assert balances(pub) == {"sales": -1_500, "tax": -300, "tender:card GBP": 1_800}


def test_what_is_taken_back_leaves_the_account_that_it_went_to() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    post(pub)
    book = a_book()
    keep(pub, msgspec.structs.replace(book, accounts=book.accounts | {"sales": "new sales"}))
    deliver(pub, an_order(gross=1_800, v=20))
    post(pub)
    assert balances(pub) == {"new sales": -1_500, "tax": -300, "tender:card GBP": 1_800}


def holding() -> Book:
    """A book without an account for tips that holds back what it cannot place."""
    book = without(a_book(), "tip")
    return msgspec.structs.replace(book, policy=msgspec.structs.replace(book.policy, unmapped="hold"))


def tipped(id: str = "o2", **changes: object) -> object:
    """A sale with a tip of 1.00."""
    lines = (a_line(1_200), a_line(100, tax=0, kind="tip", label="Tip"))
    return an_order(id, 1_300, lines=lines, **changes)  # type: ignore[arg-type]


def test_a_day_with_an_unmapped_role_is_held_whole_until_the_role_has_an_account() -> None:
    pub = london()
    keep(pub, holding())
    deliver(pub, an_order(), tipped(), an_order("o3", at=NOON + timedelta(days=1)))  # type: ignore[arg-type]
    result = post(pub)
    assert (result.held, result.documents) == (2, 1)
    assert {day for day, _, _ in daily(pub)} == {DAY + timedelta(days=1)}
    assert open_codes(pub) == ["unmapped_role"]
    assert post(pub).held == 2
    keep(pub, a_book())
    post(pub)
    assert open_codes(pub) == []
    assert balances(pub) == {"sales": -3_000, "tax": -600, "tip": -100, "tender:card GBP": 3_700}


@pytest.mark.case("B27")
def test_a_strict_book_holds_the_neighbors_of_what_does_not_add_up_and_lets_go_when_it_is_cured() -> None:
    pub = london()
    book = a_book()
    keep(pub, msgspec.structs.replace(book, policy=msgspec.structs.replace(book.policy, on_problem="hold")))
    crooked = an_order("bad", lines=(a_line(1_150, tax=200),))
    deliver(pub, an_order(), crooked)
    assert post(pub).documents == 0
    assert open_codes(pub) == ["held_by_neighbor", "lines_do_not_add_up"]
    deliver(pub, an_order("bad", v=20))
    post(pub)
    assert balances(pub) == {account: 2 * amount for account, amount in SALE.items()}
    assert open_codes(pub) == []


def test_a_wider_tolerance_lets_in_what_was_refused_before() -> None:
    pub = london()
    deliver(pub, an_order(lines=(a_line(1_199, tax=200),)))
    post(pub)
    assert balances(pub) == {}
    book = a_book()
    keep(pub, msgspec.structs.replace(book, policy=msgspec.structs.replace(book.policy, record_tolerance=2)))
    post(pub)
    assert balances(pub) == {"rounding": -1, "sales": -999, "tax": -200, "tender:card GBP": 1_200}
    assert open_codes(pub) == []


# -- days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)])
@pytest.mark.case("E16")
def test_every_sale_of_a_day_of_23_24_or_25_hours_is_posted_on_it(day: date, hours: int) -> None:
    pub = london()
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)
    instants = [start + timedelta(minutes=30 + 60 * hour) for hour in range(-1, hours + 1)]
    deliver(pub, *(an_order(f"o{n}", at=at, v=9_999_999_999 // 1_000) for n, at in enumerate(instants)))
    post(pub, day - timedelta(days=1))
    assert balances(pub)["sales"] == -1_000
    post(pub, day)
    assert daily(pub)[day, "GBP", "sales"] == -1_000 * hours
    assert balances(pub)["sales"] == -1_000 * (hours + 1)
    post(pub)
    assert balances(pub)["sales"] == -1_000 * (hours + 2)


def test_a_bar_that_cuts_its_day_at_four_books_the_small_hours_on_the_day_before() -> None:
    pub = london(cutoff_hour=4)
    deliver(
        pub,
        an_order(at=datetime(2026, 3, 3, 3, 59, tzinfo=UTC)),
        an_order("o2", at=datetime(2026, 3, 3, 4, tzinfo=UTC)),
    )
    post(pub, DAY)
    assert {day for day, _, _ in daily(pub)} == {DAY}
    post(pub)
    assert {day for day, _, _ in daily(pub)} == {DAY, DAY + timedelta(days=1)}


@pytest.mark.case("E19")
def test_a_change_of_zone_and_cut_off_moves_nothing_that_is_posted_and_loses_nothing_that_comes() -> None:
    pub = london()
    hours = [NOON + timedelta(hours=hour) for hour in range(0, 96, 3)]
    for number, at in enumerate(hours[:16]):
        deliver(pub, an_order(f"o{number}", at=at, v=999_999))
    post(pub, DAY + timedelta(days=1))
    before = daily(pub)
    rules = (DayRule(START, "Europe/London", 0), DayRule(DAY + timedelta(days=2), "Asia/Tokyo", 5))
    keep(pub, a_book(days=rules))
    for number, at in enumerate(hours):
        deliver(pub, an_order(f"o{number}", at=at, v=999_999))
    post(pub)
    after = daily(pub)
    assert {key: after[key] for key in before if key[0] <= DAY} == {key: before[key] for key in before if key[0] <= DAY}
    assert balances(pub)["sales"] == -1_000 * len(hours)


# -- orders of several days ----------------------------------------------------------------------------------------


def test_a_deposit_is_booked_on_its_day_and_used_on_the_day_of_the_sale() -> None:
    pub = london()
    paid = (Tender("t1", "card", 500, NOON - timedelta(days=2)), Tender("t2", "card", 700, NOON))
    deliver(pub, an_order(tenders=paid))
    post(pub)
    days = daily(pub)
    assert days[DAY - timedelta(days=2), "GBP", "deposit"] == -500
    assert days[DAY, "GBP", "deposit"] == 500
    assert balances(pub) == SALE


def test_a_sale_on_account_is_owed_until_it_is_paid_days_later() -> None:
    pub = london()
    deliver(pub, an_order(tenders=(), due=1_200, v=10))
    post(pub, DAY)
    assert balances(pub)["receivable"] == 1_200
    paid = (Tender("t1", "card", 1_200, NOON + timedelta(days=5)),)
    deliver(pub, an_order(tenders=paid, v=20))
    post(pub, DAY + timedelta(days=4))
    assert balances(pub)["receivable"] == 1_200
    post(pub, DAY + timedelta(days=5))
    assert balances(pub) == SALE
    assert daily(pub)[DAY + timedelta(days=5), "GBP", "receivable"] == -1_200


# -- modes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["invoice", "per_order"])
def test_every_mode_leaves_the_trial_balance_of_plain_journals(mode: str) -> None:
    plain, other = london(), london(mode=mode)
    for merchant in (plain, other):
        deliver(merchant, an_order("o1"), an_order("o2", gross=600), a_refund(of="o1", v=15), a_fee(), a_payout())
        post(merchant)
        deliver(merchant, an_order("o1", gross=2_400, v=30))
        post(merchant)
        deliver(merchant, gone("o2", v=40))
        post(merchant)
    assert daily(other) == daily(plain)
    assert len(documents(other)) > len(documents(plain))


def test_a_book_by_payout_waits_for_the_payout_and_then_books_what_it_settles() -> None:
    pub = london(mode="per_payout")
    deliver(pub, an_order(), an_order("o2"))
    assert post(pub).documents == 0
    assert open_codes(pub) == []
    deliver(pub, a_payout(at=NOON + timedelta(days=2), amount=1_200, o1=1_200))
    post(pub)
    assert balances(pub) == {"bank GBP": 1_200, "sales": -1_000, "tax": -200}
    assert standings(pub)[1] == ("o2", 1, 0, "PENDING")
    assert post(pub).documents == 0


# -- windows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_small_windows_give_the_same_books_as_a_large_one(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(posting, "WINDOW_RECORDS", size)
    pub = london()
    keep(pub, without(a_book(), "tip"))
    for number in range(20):
        at = NOON + timedelta(hours=7 * number)
        paid = (Tender(f"t{number}", "card", 1_200, at + timedelta(days=number % 3)),)
        deliver(pub, an_order(f"o{number}", at=at, tenders=paid, v=999_999))
    deliver(pub, tipped("tip"), a_refund(of="o1"))  # type: ignore[arg-type]
    result = post(pub)
    assert result.records == 22
    assert balances(pub) == {"refunds": 500, SUSPENSE: -100, "sales": -21_000, "tax": -4_100, "tender:card GBP": 24_700}
    assert post(pub) == posting.PostingResult()
    assert Standing.objects.filter(company=pub.company).exclude(state=1).count() == 0


def test_small_windows_pass_by_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "WINDOW_RECORDS", 1)
    pub = london()
    keep(pub, holding())
    for number in range(6):
        deliver(pub, (tipped if number % 2 else an_order)(f"o{number}", at=NOON + timedelta(days=number), v=999_999))  # type: ignore[arg-type]
    result = post(pub)
    assert (result.held, result.documents) == (3, 3)
    keep(pub, a_book())
    post(pub)
    assert balances(pub)["sales"] == -6_000


# -- at once, and half-way -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("A30")
def test_two_runs_at_once_book_every_sale_once() -> None:
    pub = london()
    deliver(pub, *(an_order(f"o{number}") for number in range(300)))
    assert at_once(lambda: post(pub), lambda: post(pub)) == []
    assert balances(pub)["sales"] == -300_000


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("A30")
def test_a_version_that_comes_while_its_former_one_is_being_posted_is_booked_as_a_difference() -> None:
    pub = london()
    orders = [an_order(f"o{number}", v=10) for number in range(400)]
    newer = [an_order(f"o{number}", gross=1_800, v=20) for number in range(400)]
    deliver(pub, *orders)
    raised = at_once(lambda: post(pub), *(lambda part=part: deliver(pub, *newer[part::4]) for part in range(4)))
    assert raised == []
    post(pub)
    assert balances(pub) == {"sales": -600_000, "tax": -120_000, "tender:card GBP": 720_000}
    assert Standing.objects.filter(state=1).count() == 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("A30")
def test_a_delivery_waits_while_its_shop_is_being_posted() -> None:
    """The window between reading a version and writing its documents is closed for newer versions of it."""
    pub = london()
    deliver(pub, an_order(v=10))
    with transaction.atomic():
        post(pub)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waiting = at_once_started(lambda: deliver(pub, an_order(gross=1_800, v=20)))
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()
    post(pub)
    assert balances(pub)["sales"] == -1_500


def at_once_started(work: object) -> object:
    """A thread that has begun ``work`` on a connection of its own."""
    from threading import Thread

    def run() -> None:
        try:
            work()  # type: ignore[operator]
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


BREAK = """
    CREATE FUNCTION break_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
    CREATE TRIGGER break_here AFTER {event} FOR EACH STATEMENT EXECUTE FUNCTION break_here();
"""
STEPS = [
    "INSERT ON ledger_posting",
    "INSERT ON ledger_document",
    "INSERT ON ledger_documentline",
    "UPDATE ON ledger_standing",
    "INSERT ON ledger_problem",
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("event", STEPS)
def test_a_run_that_breaks_in_the_middle_leaves_nothing_half_done(event: str) -> None:
    pub = london()
    keep(pub, without(a_book(), "tax"))
    deliver(pub, an_order())
    with connection.cursor() as cursor:
        cursor.execute(BREAK.format(event=event))
    try:
        with pytest.raises(DatabaseError, match="broken"):
            post(pub)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION break_here CASCADE")
    assert Posting.objects.count() == Document.objects.count() == DocumentLine.objects.count() == 0
    assert standings(pub) == [("o1", 1, 0, "PENDING")]
    post(pub)
    assert balances(pub)["sales"] == -1_000


@pytest.mark.django_db(transaction=True)
def test_windows_that_were_finished_before_a_run_broke_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "WINDOW_RECORDS", 1)
    pub = london()
    for number in range(4):
        deliver(pub, an_order(f"o{number}", at=NOON + timedelta(days=number), v=999_999))
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE ledger_posting ADD CONSTRAINT break_here CHECK (day <> %s::date)", [DAY + timedelta(days=2)]
        )
    try:
        with pytest.raises(IntegrityError):
            post(pub)
        assert balances(pub)["sales"] in (-1_000, -2_000)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE ledger_posting DROP CONSTRAINT break_here")
    post(pub)
    assert balances(pub)["sales"] == -4_000


def test_every_line_of_the_books_belongs_to_records_that_say_they_are_in_them() -> None:
    pub = london()
    deliver(pub, an_order("o1"), an_order("o2"), a_refund(of="o1"))
    post(pub)
    deliver(pub, an_order("o1", gross=600, v=30))
    post(pub)
    inside = RecordRow.objects.filter(standings__state=1, source=pub.source)
    assert sum(row.total for row in inside) == balances(pub)["tender:card GBP"]
