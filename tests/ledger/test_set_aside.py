"""What is undone stays out until somebody says otherwise, and what it had replaced is in the books again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import strategies as own
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.book import MONEY_ROLES, Book, Policy
from ledger.closing import Context, post
from ledger.commerce import Fact, Record, Tender
from ledger.compose import Naming
from ledger.documents import Document as PureDocument
from ledger.legs import Group
from ledger.models import Document, Posting, Standing
from ledger.post_due import post_due
from ledger.posting import Change, Tally
from ledger.reversal import effect_of, reversal_day, reverse, title_of
from ledger.reversal_rows import post_reversals
from ledger.rules.refunds import derive
from ledger.set_aside import LaterPosting, bring_back, bring_back_between, later_postings, set_aside
from ledger.tied import place_of, tied_to
from ledger.tied_rows import tied_postings
from tests.ledger.builders import (
    DAY,
    FAR,
    NOON,
    a_fee,
    a_payout,
    a_refund,
    an_order,
    balances,
    deliver,
    documents,
    gone,
    open_codes,
    standings,
)
from tests.ledger.builders import post as post_all
from tests.ledger.cast import Merchant, keep, london, without
from tests.ledger.test_histories import histories, undone

PUSHED = "2026-03-09T00:00Z"
CONTEXT = Context("company", date(2027, 1, 1))


def posted(merchant: Merchant) -> list[int]:
    """Post what is due; the ids of the postings that this made."""
    act = uuid4()
    post_due(company_id=merchant.id, through=FAR, act=act)
    return list(Posting.objects.filter(act=act).values_list("pk", flat=True))


WAYS = {
    "withdraw": {"withdrawn_at": PUSHED},
    "void": {"pushed_at": PUSHED, "voided_at": PUSHED},
    "reverse": {"pushed_at": PUSHED},
}


def take_back(merchant: Merchant, postings: Sequence[int], *, way: str = "reverse", act: UUID | None = None) -> int:
    """Set the records aside and take back the documents: none of them had left, or all, to be voided or reversed."""
    Document.objects.filter(posting__in=postings, pushed_at=None).update(**WAYS[way])
    count = set_aside(company_id=merchant.id, posting_ids=postings)
    act = act or uuid4()
    post_reversals(company_id=merchant.id, posting_ids=postings, act=act, through=FAR, locked_through=None)
    return count


def states(merchant: Merchant) -> list[tuple[str, int, str]]:
    """(record, revision, state) of every standing, in order."""
    return [(name, revision, state) for name, revision, _, state in standings(merchant)]


@pytest.mark.django_db
def test_the_records_of_an_undone_posting_stay_out_of_the_next_run() -> None:
    pub = london()
    deliver(pub, an_order())
    assert take_back(pub, posted(pub)) == 1
    assert (posted(pub), balances(pub)) == ([], {})
    assert states(pub) == [("o1", 1, "SET_ASIDE")]


@pytest.mark.django_db
def test_setting_aside_twice_and_bringing_back_twice_change_nothing() -> None:
    pub = london()
    deliver(pub, an_order())
    postings = posted(pub)
    before = balances(pub)
    assert (take_back(pub, postings), take_back(pub, postings)) == (1, 1)
    assert Posting.objects.count() == 2
    again = {"company_id": pub.id, "posting_ids": postings}
    assert (bring_back(**again), bring_back(**again)) == (1, 0)
    posted(pub)
    assert balances(pub) == before


@pytest.mark.django_db
def test_a_newer_version_of_what_is_set_aside_stays_out_with_it() -> None:
    pub = london()
    deliver(pub, an_order(v=10), an_order("o2"))
    postings = posted(pub)
    take_back(pub, postings)
    assert deliver(pub, an_order(gross=1_800, v=20)) == ["changed"]
    assert states(pub) == [("o1", 1, "OVERTAKEN"), ("o1", 2, "SET_ASIDE"), ("o2", 1, "SET_ASIDE")]
    assert posted(pub) == []
    assert bring_back(company_id=pub.id, posting_ids=postings) == 2
    posted(pub)
    assert balances(pub)["tender:card GBP"] == 3_000


@pytest.mark.django_db
def test_a_newer_version_that_had_come_before_the_undo_stays_out_with_it() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    postings = posted(pub)
    deliver(pub, an_order(gross=1_800, v=20))
    assert take_back(pub, postings) == 1
    assert states(pub) == [("o1", 1, "OVERTAKEN"), ("o1", 2, "SET_ASIDE")]
    assert posted(pub) == []


@pytest.mark.django_db
def test_a_deletion_of_what_is_set_aside_comes_back_as_nothing() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    postings = posted(pub)
    take_back(pub, postings)
    deliver(pub, gone())
    bring_back(company_id=pub.id, posting_ids=postings)
    posted(pub)
    assert balances(pub) == {}


@pytest.mark.django_db
def test_undoing_a_correction_puts_the_former_version_back() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    posted(pub)
    first = balances(pub)
    deliver(pub, an_order(gross=1_800, v=20))
    correction = posted(pub)
    second = balances(pub)
    take_back(pub, correction)
    assert (balances(pub), states(pub)) == (first, [("o1", 1, "IN_BOOKS"), ("o1", 2, "SET_ASIDE")])
    bring_back(company_id=pub.id, posting_ids=correction)
    posted(pub)
    assert balances(pub) == second


@pytest.mark.django_db
def test_what_a_later_posting_rests_on_is_not_taken_back_before_it() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    base = posted(pub)
    deliver(pub, an_order(gross=1_800, v=20))
    correction = posted(pub)
    assert later_postings(pub.id, base) == correction
    with pytest.raises(LaterPosting), transaction.atomic():
        set_aside(company_id=pub.id, posting_ids=base)
    assert not Posting.objects.filter(withdrawn_at__isnull=False).exists()
    take_back(pub, correction)
    take_back(pub, base)
    assert (balances(pub), states(pub)) == ({}, [("o1", 1, "OVERTAKEN"), ("o1", 2, "SET_ASIDE")])
    assert (
        bring_back(company_id=pub.id, posting_ids=correction) == 0
    )  # it is out because of the sale, not of its change
    assert bring_back(company_id=pub.id, posting_ids=base) == 1
    posted(pub)
    assert balances(pub)["tender:card GBP"] == 1_800


@pytest.mark.django_db
def test_two_versions_that_came_with_one_run_leave_together() -> None:
    pub = london()
    act = uuid4()
    for gross, v in ((1_200, 10), (1_800, 20), (2_400, 30)):
        deliver(pub, an_order(gross=gross, v=v))
        post_due(company_id=pub.id, through=FAR, act=act)
    take_back(pub, list(Posting.objects.filter(act=act).values_list("pk", flat=True)))
    assert balances(pub) == {}
    assert states(pub) == [("o1", 1, "OVERTAKEN"), ("o1", 2, "OVERTAKEN"), ("o1", 3, "SET_ASIDE")]


@pytest.mark.django_db
def test_a_record_that_waits_to_be_moved_out_of_suspense_does_not_slip_back_in() -> None:
    pub = london()
    book = pub.company.book_versions.get().book
    keep(pub, without(book, "sales"))
    deliver(pub, an_order())
    postings = posted(pub)
    keep(pub, book)  # queues the order a second time
    assert take_back(pub, postings) == 1
    assert [state for *_, state in standings(pub)] == ["OVERTAKEN", "SET_ASIDE"]
    assert (posted(pub), balances(pub)) == ([], {})
    bring_back(company_id=pub.id, posting_ids=postings)
    posted(pub)
    assert balances(pub)["sales"] == -1_000
    assert "suspense" not in balances(pub)


@pytest.mark.django_db
def test_a_record_with_a_problem_is_set_aside_with_its_older_version() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    postings = posted(pub)
    deliver(pub, msgspec.structs.replace(an_order(gross=1_800, v=20), stated=1_801))
    posted(pub)
    assert open_codes(pub)
    take_back(pub, postings)
    deliver(pub, an_order(gross=2_400, v=30))
    assert states(pub)[-1] == ("o1", 3, "SET_ASIDE")


@pytest.mark.django_db
def test_a_range_of_days_comes_back_and_nothing_else() -> None:
    pub = london()
    deliver(pub, an_order(), an_order("o2", at=NOON + timedelta(days=1)), an_order("o3", at=NOON + timedelta(days=2)))
    take_back(pub, posted(pub))
    start = datetime(2026, 3, 3, tzinfo=UTC)
    days = {"company_id": pub.id, "start": start, "end": start + timedelta(days=1)}
    third = Standing.objects.get(record__external_id="o2").posting_id
    assert third is not None
    assert bring_back_between(**days, but_not=[third]) == 0
    assert bring_back_between(**days) == 1
    assert [state for *_, state in states(pub)] == ["SET_ASIDE", "PENDING", "SET_ASIDE"]


@pytest.mark.django_db
def test_postings_that_share_a_record_are_tied_and_others_are_not() -> None:
    pub = london()
    later = Tender("t2", "card", 1_200, NOON + timedelta(days=1))
    deliver(pub, an_order(tenders=(later,)), an_order("o2", at=NOON + timedelta(days=1)))
    deliver(pub, an_order("o3", at=NOON + timedelta(days=5)))
    posted(pub)
    by_day = {posting.day: posting.pk for posting in Posting.objects.all()}
    both = [by_day[DAY], by_day[DAY + timedelta(days=1)]]
    assert tied_postings(both[0]) == tied_postings(both[1]) == sorted(both)
    alone = by_day[DAY + timedelta(days=5)]
    assert tied_postings(alone) == [alone]


def test_postings_are_tied_by_way_of_others() -> None:
    groups = [Group(DAY + timedelta(days=number), "GBP") for number in range(5)]
    places = {place_of(group): [number] for number, group in enumerate(groups)}
    spans = [frozenset(groups[2:4]), frozenset(groups[1:3]), frozenset(groups[:2])]
    assert tied_to(0, spans, places) == [0, 1, 2, 3]
    assert tied_to(4, spans, places) == [4]


@pytest.mark.django_db
def test_a_reversal_mirrors_what_stands_and_names_it() -> None:
    pub = london(mode="invoice")
    deliver(pub, an_order(), a_fee())
    postings = posted(pub)
    Document.objects.filter(kind="payment").update(pushed_at=PUSHED, voided_at=PUSHED)  # taken back otherwise
    take_back(pub, postings)
    original, reversal = Posting.objects.order_by("pk")
    assert (reversal.reverses, reversal.revision, reversal.book_version) == (original, 1, original.book_version)
    titles = [each.narration for each in documents(pub) if each.posting_id == reversal.pk]
    assert "reversal of sales of 2026-03-02" in titles
    left = effect_of(each.document for each in documents(pub) if each.voided_at is None)
    assert left == {}


@pytest.mark.parametrize(
    ("policy", "locked", "expected"),
    [
        ("original_day", None, DAY),
        ("original_day", DAY, DAY + timedelta(days=1)),
        ("first_open_day", None, date(2026, 4, 1)),
        ("first_open_day", date(2026, 4, 30), date(2026, 5, 1)),
    ],
)
def test_a_reversal_is_dated_as_the_book_dates_late_changes(policy: Any, locked: date | None, expected: date) -> None:
    tally = Tally(own_book(late_changes=policy))
    made = post([(1, Change(an_order()))], tally, CONTEXT).documents
    assert reversal_day(made, tally.book, date(2026, 4, 1), locked) == expected


def own_book(**policy: Any) -> Book:
    from tests.ledger.cast import a_book

    return a_book(policy=Policy(sales_by="", **policy))


def _invoiced() -> tuple[list[PureDocument], Book]:
    """A sale, a fee and a payout in invoice mode: an invoice with its payment, a bill with its, and a deposit."""
    book = own_book()
    accounts = {**book.accounts, "payable": "payable"}
    book = msgspec.structs.replace(book, mode="invoice", accounts=accounts, supplier="Processor")
    return post(
        [(1, Change(an_order())), (2, Change(a_fee())), (3, Change(a_payout()))], Tally(book), CONTEXT
    ).documents, book


def test_bills_deposits_and_payments_are_reversed_with_the_rest() -> None:
    made, book = _invoiced()
    assert {each.kind for each in made} >= {"invoice", "bill", "payment", "deposit"}
    naming = Naming("pub/2026-03-02/GBP/r", DAY, "GBP", title_of(made))
    assert effect_of([*made, *reverse(made, naming, book)]) == {}


def test_a_credit_note_is_reversed_as_the_invoice_is() -> None:
    book = msgspec.structs.replace(own_book(), mode="invoice")
    made = post([(1, Change(derive(a_refund(), an_order())))], Tally(book), CONTEXT).documents
    assert "credit_note" in {each.kind for each in made}
    naming = Naming("pub/2026-03-02/GBP/r", DAY, "GBP", title_of(made))
    assert effect_of(made) != {}
    assert effect_of([*made, *reverse(made, naming, book)]) == {}


def test_a_reversal_is_exact_even_under_a_book_that_has_changed() -> None:
    made, book = _invoiced()
    other = msgspec.structs.replace(book, accounts={**book.accounts, "receivable": "1999"}, supplier="", customer="X")
    naming = Naming("pub/2026-03-02/GBP/r", DAY, "GBP", "reversal")
    assert effect_of([*made, *reverse(made, naming, other)]) == {}
    unpaid = [each for each in made if each.kind != "payment"]
    assert effect_of([*unpaid, *reverse(unpaid, naming, other)]) == {}


@settings(max_examples=150)
@given(own.batches, own.incomplete_books(), st.sampled_from(own.MODES), st.data())
def test_a_reversal_leaves_nothing_whatever_part_of_a_posting_stands(
    records: list[Fact], book: Book, mode: str, data: st.DataObject
) -> None:
    book = msgspec.structs.replace(book, mode=mode)
    found = post(enumerate(map(Change, records)), Tally(book), CONTEXT)
    for group in found.groups:
        stands = [each for each in group.documents if data.draw(st.booleans())]
        if not stands:
            continue
        naming = Naming("x/1", group.group.day, group.group.currency, title_of(stands))
        back = reverse(stands, naming, book)
        assert effect_of([*stands, *back]) == {}
        assert topics(stands) == -topics(back) or mode == "per_payout"


SETTLING = {"gift_card:redeemed", "gift_card:refunded", "store_credit", "deposit", "receivable", "payable"}
SETTLING |= {"open_check", "tax_withheld"}


def topics(made: Sequence[Any]) -> Any:
    """The amounts by what they are about, as the reconciliation reads them off lines: a reversal is about the same."""

    class Totals(Counter[str]):
        def __neg__(self) -> Totals:
            return Totals({about: -amount for about, amount in self.items()})

    total = Totals()
    for document in made:
        sign = -1 if document.kind in ("invoice", "deposit") else 1
        for line in getattr(document, "lines", ()):
            if line.role not in SETTLING and line.role.partition(":")[0] not in MONEY_ROLES:
                total[line.about] += sign * (line.amount + line.tax)
    return Totals({about: amount for about, amount in total.items() if amount})


@pytest.mark.django_db
def test_undo_after_post_and_redo_after_undo_leave_the_books_as_they_were() -> None:
    pub = london()

    @settings(max_examples=150, database=None)
    @given(histories(), st.sampled_from(sorted(WAYS)), st.booleans())
    def holds(history: Any, way: str, is_late: bool) -> None:
        with undone():
            for step in history.steps:
                if isinstance(step, date):
                    post_all(pub, step)
                else:
                    deliver(pub, *(history.versions[record][v] for record, v in step))
            before = standing_balances(pub)
            postings = posted(pub)
            after = standing_balances(pub)
            if is_late:
                deliver(pub, *(late(versions[-1]) for versions in history.versions[:1]))
            take_back(pub, postings, way=way)
            assert standing_balances(pub) == before
            assert posted(pub) == [] or is_late
            bring_back(company_id=pub.id, posting_ids=postings)
            posted(pub)
            assert is_late or standing_balances(pub) == after

    holds()


def late(record: Record) -> Record:
    """The same again, under a newer stamp and of another amount where it has one."""
    at = record.updated_at + timedelta(hours=1)
    return an_order(record.id, 3_000, v=int((at - NOON).total_seconds()))


def standing_balances(merchant: Merchant) -> dict[str, int]:
    """The trial balance of the documents that count."""
    every = [each for each in documents(merchant) if each.withdrawn_at is None and each.voided_at is None]
    return effect_of(each.document for each in every)


STANDING = "UPDATE ledger_standing SET state = 5, posting_id = NULL"
REVERSAL = """INSERT INTO ledger_posting (company_id, day, currency, label, revision, act, book_version_id, created_at,
    reverses_id) SELECT company_id, day, currency, label, revision + 1, act, book_version_id, created_at, id
    FROM ledger_posting WHERE {}"""


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("standing_set_aside_names_posting", STANDING),
        ("document_voided_was_pushed", "UPDATE ledger_document SET voided_at = now()"),
        ("posting_reversal_fits", REVERSAL.format("true")),
    ],
)
@pytest.mark.django_db
def test_the_constraint_refuses(name: str, statement: str) -> None:
    pub = london()
    deliver(pub, an_order())
    posted(pub)
    with pytest.raises(DatabaseError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert raised.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


@pytest.mark.django_db
@pytest.mark.case("A29")
def test_a_posting_has_one_reversal_and_a_reversal_none() -> None:
    pub = london()
    deliver(pub, an_order())
    take_back(pub, posted(pub))
    for which in ("reverses_id IS NULL", "reverses_id IS NOT NULL"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(REVERSAL.replace("revision + 1", "revision + 9").format(which))


@pytest.mark.django_db
def test_a_document_is_voided_once() -> None:
    pub = london()
    deliver(pub, an_order())
    posted(pub)
    Document.objects.update(pushed_at=PUSHED, voided_at=PUSHED)
    with pytest.raises(DatabaseError, match="set once"), transaction.atomic():
        Document.objects.update(voided_at=None)
