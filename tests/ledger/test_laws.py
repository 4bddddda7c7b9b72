"""The laws of posting, as properties over every kind and state of record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import msgspec
import pytest
import strategies as own
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.adding_up import check
from ledger.book import Book
from ledger.closing import Context, Posted, post
from ledger.commerce import Deleted, Fact, Fee, Line, Order, Payout, Record, Refund
from ledger.documents import Document, decode_document, encode_document, is_balanced
from ledger.per_payout import Settlement
from ledger.posting import Change, Tally
from ledger.render import render
from ledger.rules import expand
from ledger.rules.refunds import derive

Balances = Counter[tuple[str, str]]
CONTEXT = Context("company", date(2027, 1, 1))
OWN_ROWS = {"reserve", "advance", "advance_fee", "exchange", "adjustment"}


def posted(records: Iterable[Record], book: Book) -> Posted:
    return post(enumerate(map(Change, records)), Tally(book), CONTEXT)


def changed(changes: Iterable[Change], book: Book) -> Posted:
    return post(enumerate(changes), Tally(book), CONTEXT)


def balances(documents: Iterable[Document]) -> Balances:
    """Debit less credit per currency and account; what is zero is left out."""
    totals: Balances = Counter()
    for document in documents:
        for entry in document.entries():
            totals[document.header.currency, entry.account] += entry.debit - entry.credit
    return _live(totals)


def taxes_of(lines: Iterable[Line]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for line in lines:
        totals.update({tax.key: tax.amount for tax in line.taxes or ()})
    return totals


def by_day(documents: Iterable[Document]) -> Counter[tuple[date, str, str]]:
    totals: Counter[tuple[date, str, str]] = Counter()
    for document in documents:
        for entry in document.entries():
            key = (document.header.date, document.header.currency, entry.account)
            totals[key] += entry.debit - entry.credit
    return Counter({key: amount for key, amount in totals.items() if amount})


def _live(totals: Balances) -> Balances:
    return Counter({key: amount for key, amount in totals.items() if amount})


def plus(one: Balances, other: Balances) -> Balances:
    total = Counter(one)
    total.update(other)
    return _live(total)


def in_mode(book: Book, mode: str, **fields: object) -> Book:
    return msgspec.structs.replace(book, mode=mode, **fields)


@given(own.records, own.books())
@pytest.mark.case("E10")
def test_the_legs_of_a_record_balance_on_each_of_its_days(record: Fact, book: Book) -> None:
    days: Counter[date] = Counter()
    for leg in expand(record, book):
        days[leg.day] += leg.amount
    assert not any(days.values())


@given(own.batches, own.incomplete_books())
@pytest.mark.case("E10")
def test_every_document_balances_and_can_be_stored_and_shown(records: list[Fact], book: Book) -> None:
    for document in posted(records, book).documents:
        assert is_balanced(document)
        assert document.entries()
        assert decode_document(encode_document(document)) == document
        assert document.header.reference in render(document)


@settings(max_examples=300)
@given(own.batches, own.books())
def test_all_modes_leave_the_same_balances_on_each_day(records: list[Fact], book: Book) -> None:
    expected = by_day(posted(records, book).documents)
    assert by_day(posted(records, in_mode(book, "invoice")).documents) == expected
    assert by_day(posted(records, in_mode(book, "per_order")).documents) == expected


@given(own.batches, own.books())
def test_per_payout_books_end_where_journals_end(records: list[Fact], book: Book) -> None:
    settled = {record.id: Settlement("p", date(2026, 12, 3)) for record in records}
    tally = Tally(in_mode(book, "per_payout"), settled)
    found = post(enumerate(map(Change, records)), tally, CONTEXT)
    assert balances(found.documents) == balances(posted(records, book).documents)


@given(own.batches, own.batches, own.books())
def test_two_batches_post_what_their_union_posts(one: list[Fact], other: list[Fact], book: Book) -> None:
    apart = plus(balances(posted(one, book).documents), balances(posted(other, book).documents))
    assert apart == balances(posted([*one, *other], book).documents)


@given(st.data(), st.lists(own.same_day_records, min_size=2, max_size=6), st.sampled_from(own.MODES))
def test_the_order_of_records_does_not_matter(data: st.DataObject, records: list[Fact], mode: str) -> None:
    book = in_mode(data.draw(own.books()), mode)
    shuffled = data.draw(st.permutations(records))
    assert posted(shuffled, book).documents == posted(records, book).documents


@given(own.orders(open_too=False), own.books())
def test_a_full_refund_undoes_a_sale(order: Order, book: Book) -> None:
    if order.stated < 0:
        return
    policy = msgspec.structs.replace(book.policy, recognize="payment")
    book = msgspec.structs.replace(book, policy=policy, accounts=book.accounts | {"refunds": "Sales"})
    refund = Refund(
        id="r",
        order_id=order.id,
        currency=order.currency,
        refunded_at=order.closed_at,
        updated_at=order.closed_at,
        lines=None,
        tenders=order.tenders,
        stated=order.stated,
        due=order.due,
        restocked=True,
    )
    assert balances(posted([order, derive(refund, order)], book).documents) == Counter()


@given(st.data(), own.orders(returns=False, open_too=False))
def test_a_part_refund_gives_back_exactly_its_amount(data: st.DataObject, order: Order) -> None:
    part = data.draw(st.integers(0, 2 * max(order.stated, 0)))
    at = order.closed_at
    refund = derive(Refund("r", order.id, order.currency, at, at, None, (), part, part), order)
    assert check(refund) is None
    charged = taxes_of(order.lines)
    assert all(amount <= charged[key] for key, amount in taxes_of(refund.lines or ()).items())


@given(own.batches, own.orders(open_too=False) | own.refunds(), st.integers(1, 500), own.books())
def test_a_record_that_does_not_add_up_is_in_no_document(
    records: list[Fact], bad: Order | Refund, off: int, book: Book
) -> None:
    bad = msgspec.structs.replace(bad, due=bad.due + off)
    found = posted([*records, bad], book)
    assert len(records) in found.refused
    assert found.documents == posted(records, book).documents


@given(own.batches, own.orders() | own.refunds(), own.incomplete_books(), st.booleans())
def test_every_record_ends_in_a_group_refused_or_held(
    records: list[Fact], bad: Order | Refund, book: Book, spoiled: bool
) -> None:
    everything = [*records, msgspec.structs.replace(bad, stated=bad.stated + 50 * spoiled)]
    found = posted(everything, book)
    in_groups = [handle for group in found.groups for handle in group.handles]
    places = [*in_groups, *found.refused, *found.held]
    assert sorted(places) == list(range(len(everything)))


@settings(max_examples=200)
@given(own.batches, own.incomplete_books())
def test_the_books_hold_exactly_the_legs_of_what_is_neither_refused_nor_held(records: list[Fact], book: Book) -> None:
    found = posted(records, book)
    expected: Balances = Counter()
    for handle, record in enumerate(records):
        if handle in found.refused or handle in found.held:
            continue
        for leg in expand(record, book):
            account = book.account(leg.role, record.currency) or book.suspense
            expected[record.currency, account] += leg.amount
    assert balances(found.documents) == _live(expected)


@given(own.batches, own.books(), st.sampled_from(own.MODES))
def test_a_record_that_did_not_change_posts_nothing(records: list[Fact], book: Book, mode: str) -> None:
    book = in_mode(book, mode)
    same = [Change(record, record, book) for record in records]
    found = changed(same, book)
    assert found.documents == []
    assert sum(len(group.handles) for group in found.groups) == len(records)


@given(own.batches, own.books(), st.sampled_from(own.MODES), st.sampled_from(("Daily sales", "Other")))
def test_a_change_of_the_book_that_moves_no_account_posts_nothing(
    records: list[Fact], book: Book, mode: str, customer: str
) -> None:
    book = in_mode(book, mode)
    former = msgspec.structs.replace(book, customer=customer)
    assert changed([Change(record, record, former) for record in records], book).documents == []


@given(st.data(), st.sampled_from(own.MODES))
def test_a_change_posts_the_difference_under_whatever_books(data: st.DataObject, mode: str) -> None:
    before_book, book = data.draw(own.books()), in_mode(data.draw(own.books()), mode)
    book = msgspec.structs.replace(book, accounts=book.accounts | {"sales": "Other sales"})
    pairs = [_two_versions(data) for _ in range(data.draw(st.integers(1, 3)))]
    first = posted([before for before, _ in pairs], before_book)
    then = changed([Change(after, before, before_book) for before, after in pairs], book)
    now = posted([after for _, after in pairs], book)
    assert plus(balances(first.documents), balances(then.documents)) == balances(now.documents)


def _two_versions(data: st.DataObject) -> tuple[Fact, Record]:
    before = data.draw(own.records)
    if data.draw(st.booleans()):
        at = datetime(2026, 12, 24, tzinfo=UTC)
        return before, Deleted(before.id, before.currency, at, at)
    after = data.draw(own.records_like(before))
    return before, msgspec.structs.replace(after, id=before.id)


@given(
    st.lists(
        own.orders(marketplace=False) | own.refunds(marketplace=False) | own.fees | own.payouts() | own.disputes(),
        max_size=6,
    ),
    own.books(),
)
def test_what_stays_in_clearing_is_captured_less_refunds_fees_and_payouts(records: Sequence[Fact], book: Book) -> None:
    policy = msgspec.structs.replace(book.policy, fees_from="records", disputes="receivable")
    book = msgspec.structs.replace(book, policy=policy)
    residue: Balances = Counter()
    for record in records:
        residue[record.currency, "Card clearing" if record.currency == "GBP" else "Card clearing EUR"] += _left(record)
    found = balances(posted(records, book).documents)
    clearing = Counter({key: amount for key, amount in found.items() if key[1].startswith("Card clearing")})
    assert clearing == _live(residue)


def _left(record: Fact) -> int:
    """By how much the record changes what the card processor holds for the company."""
    if isinstance(record, Order):
        return sum(tender.amount for tender in record.tenders if tender.method == "card")
    if isinstance(record, Refund):
        return -sum(tender.amount for tender in record.tenders if tender.method == "card")
    if getattr(record, "method", "") != "card":
        return 0
    if isinstance(record, Fee):
        return -record.amount - sum(tax.amount for tax in record.taxes)
    if isinstance(record, Payout):
        return sum(item.amount for item in record.items or () if item.kind in OWN_ROWS) - record.amount
    return -record.amount if getattr(record, "outcome", "") in ("open", "lost") else 0
