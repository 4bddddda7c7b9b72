"""Closing a tally: what is held, how it is dated and called, and what becomes of one record in many groups."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from strategies import ACCOUNTS, DAYS, NOON

from ledger.book import Book, Policy, TaxCode
from ledger.closing import Context, Posted, Unbalanced, close, post
from ledger.commerce import Deleted, Fee, Line, Order, Record, Tax, Tender
from ledger.legs import Group
from ledger.posting import Change, Tally

DAY = NOON.date()
CONTEXT = Context("c", DAY)


def book(**fields: object) -> Book:
    return msgspec.structs.replace(
        Book("GBP", DAYS, accounts=ACCOUNTS, suspense="Suspense", customer="Daily sales"), **fields
    )


def order(name: str, *, days: int = 0, method: str = "cash", **fields: object) -> Order:
    at = NOON + timedelta(days=days)
    tender = Tender(f"t-{name}", method, 120, at)  # type: ignore[arg-type]
    line = Line("product", "Shirt", 100, (Tax("vat20", "VAT", 20),))
    return msgspec.structs.replace(Order(name, name, "GBP", at, at, (line,), (tender,), 120), **fields)


def run(records: list[Record], kept: Book, context: Context = CONTEXT) -> Posted:
    return post(enumerate(map(Change, records)), Tally(kept), context)


def test_a_record_in_a_held_group_holds_its_other_groups_and_their_records() -> None:
    kept = book(policy=Policy(unmapped="hold"))
    kept = msgspec.structs.replace(kept, accounts={r: a for r, a in ACCOUNTS.items() if r not in ("receivable",)})
    later = (Tender("t", "cash", 120, NOON + timedelta(days=2)),)
    spanning = order("a", tenders=later)  # on account on the first day, paid on the third
    far = order("d", days=2, tenders=(Tender("t2", "card", 120, NOON + timedelta(days=4)),))
    records: list[Record] = [spanning, order("b", days=2), order("c", days=1), far, order("e", days=4)]
    found = run(records, kept)
    assert found.held.keys() == {0, 1, 3, 4}
    assert [group.handles for group in found.groups] == [(2,)]
    assert {problem.code for problem in found.held.values()} == {"unmapped_role", "held_by_neighbor"}


def test_neighbors_of_a_spanning_record_are_told_whose_problem_it_is() -> None:
    kept = book(policy=Policy(unmapped="hold"))
    kept = msgspec.structs.replace(kept, accounts={r: a for r, a in ACCOUNTS.items() if r != "tip"})
    tipped = order("a", lines=(Line("tip", "Tip", 120),), tenders=(Tender("t", "cash", 120, NOON + timedelta(days=2)),))
    found = run([tipped, order("b", days=2)], kept)
    assert found.held[0].code == "unmapped_role"
    assert found.held[1].code == "held_by_neighbor"
    assert "unmapped_role" in found.held[1].sentence
    assert found.documents == []


def test_a_day_held_for_a_refused_record_is_told_by_that_records_problem() -> None:
    kept = book(policy=Policy(on_problem="hold"))
    found = run([order("a", stated=500), order("b"), order("c", days=1)], kept)
    assert found.refused.keys() == {0}
    assert found.held[1].detail["code"] == "lines_do_not_add_up"
    assert [group.handles for group in found.groups] == [(2,)]


def test_a_refused_record_alone_on_its_day_makes_no_group() -> None:
    assert run([order("a", stated=500)], book(policy=Policy(on_problem="hold"))).groups == ()


def test_what_happened_before_the_books_began_holds_nobody() -> None:
    kept = book(start_on=DAY + timedelta(days=1), policy=Policy(on_problem="hold"))
    records: list[Record] = [order("a"), order("b", days=1), Deleted("x", "GBP", NOON, NOON)]
    found = run(records, kept)
    assert found.refused[0].code == "before_start"
    assert (found.refused[0].record_kind, found.refused[0].record_id) == ("order", "a")
    assert not found.refused[0].blocks
    assert len(found.documents) == 1


def test_a_record_already_in_the_books_changes_although_the_books_now_begin_later() -> None:
    kept = book(start_on=DAY + timedelta(days=1))
    change = Change(Deleted("a", "GBP", NOON, NOON), order("a"), book())
    assert len(post([(7, change)], Tally(kept), CONTEXT).documents) == 1
    again = Change(order("a", lines=(Line("product", "Hat", 120),)), order("a"), book())
    assert post([(7, again)], Tally(kept), CONTEXT).refused == {}


def test_a_sale_waits_for_its_payout_and_a_record_without_either_side_is_a_mistake() -> None:
    kept = book(mode="per_payout")
    found = run([order("a", method="card"), order("b")], kept)
    assert found.refused[0].code == "awaiting_payout"
    assert [group.handles for group in found.groups] == [(1,)]
    with pytest.raises(ValueError, match="before or after"):
        Tally(kept).add(1, Change(None))


def test_what_is_withdrawn_leaves_the_account_that_it_went_to() -> None:
    former = book(accounts=ACCOUNTS | {"sales": "Old sales"})
    found = post([(1, Change(None, order("a"), former))], Tally(book()), CONTEXT)
    (document,) = found.documents
    assert {(entry.account, entry.debit) for entry in document.entries() if entry.debit} == {
        ("Old sales", 100),
        ("VAT payable", 20),
    }


def test_books_that_are_equal_are_one_version_and_others_are_not() -> None:
    tally, former = Tally(book()), book(customer="Other")
    for handle, kept in enumerate((former, former, msgspec.structs.replace(former), book(), None)):
        tally.add(handle, Change(order("a"), order("a"), kept))
    assert tally.books == [book(), former]
    assert close(tally, CONTEXT).documents == []


def test_an_adjustment_has_a_key_of_its_own_and_refers_back() -> None:
    group = Group(DAY, "GBP")
    (first,) = run([order("a")], book()).documents
    (second,) = run([order("b")], book(), Context("c", DAY, revisions={group: 1})).documents
    assert first.header.key != second.header.key
    assert first.header.reference != second.header.reference
    assert second.header.narration == f"adjustment 1 to sales of {DAY}"


@pytest.mark.parametrize(
    ("late", "revision", "locked", "expected"),
    [
        ("original_day", 1, None, DAY),
        ("first_open_day", 1, None, DAY + timedelta(days=5)),
        ("first_open_day", 0, None, DAY),
        ("original_day", 0, DAY, DAY + timedelta(days=1)),
        ("original_day", 0, DAY - timedelta(days=1), DAY),
        ("first_open_day", 1, DAY + timedelta(days=9), DAY + timedelta(days=10)),
    ],
)
def test_a_document_is_dated_by_policy_and_lock(late: str, revision: int, locked: date | None, expected: date) -> None:
    context = Context("c", DAY + timedelta(days=5), locked, {Group(DAY, "GBP"): revision})
    found = run([order("a")], book(policy=msgspec.convert({"late_changes": late}, Policy)), context)
    (document,) = found.documents
    assert document.header.date == expected
    is_moved = locked is not None and expected > locked >= DAY
    assert [notice.code for notice in found.notices] == (["date_moved"] if is_moved else [])


def test_nothing_to_post_in_a_locked_period_is_no_news() -> None:
    change = Change(order("a"), order("a"), book())
    found = post([(1, change)], Tally(book()), Context("c", DAY, DAY))
    assert found.notices == ()
    assert found.groups[0].handles == (1,)


def test_groups_never_share_a_label_whatever_the_places_are_called() -> None:
    groups = [
        Group(DAY, "GBP"),
        Group(DAY, "GBP", "Soho"),
        Group(DAY, "GBP", "", "Soho"),
        Group(DAY, "GBP", "", "", "Soho"),
        Group(DAY, "GBP", "a|b", "c"),
        Group(DAY, "GBP", "a", "b|c"),
        Group(DAY, "GBP", "a\\", "|c"),
        Group(DAY, "GBP", "a|", "\\c"),
    ]
    assert len({group.label for group in groups}) == len(groups)
    assert groups[0].label == groups[0].title == ""
    assert Group(DAY, "GBP", "Soho", "", "o1").title == "Soho, o1"


def test_an_account_missing_in_a_former_book_without_suspense_blocks_the_group() -> None:
    former = book(accounts={}, suspense="", policy=Policy(unmapped="hold"))
    found = post([(1, Change(None, order("a"), former))], Tally(book(suspense="")), CONTEXT)
    assert found.held.keys() == {1}


@pytest.mark.case("E03")
def test_rounding_is_capped_on_each_day_and_told_with_its_day() -> None:
    kept = book(policy=Policy(record_tolerance=2, rounding_cap=1))
    off = order("a", stated=122, tenders=(Tender("t", "cash", 122, NOON),))
    found = run([off, order("b", days=1)], kept)
    assert found.held[0].detail == {"found": 2, "cap": 1, "currency": "GBP", "day": DAY.isoformat()}
    assert len(found.documents) == 1


def test_a_tax_code_is_asked_for_only_where_codes_are_kept_and_lines_have_them() -> None:
    codes = (TaxCode("gst", "G"),)
    assert run([order("a")], book(mode="invoice", tax_codes=codes)).held[0].code == "no_tax_code"
    assert run([order("a")], book(tax_codes=codes)).held == {}
    assert run([order("a")], book(mode="invoice")).held == {}


def test_a_fee_is_noticed_once_for_each_role_without_an_account() -> None:
    kept = book(accounts={r: a for r, a in ACCOUNTS.items() if not r.startswith("fee")})
    fees: list[Record] = [Fee(f"f{n}", "GBP", NOON, NOON, 100) for n in range(3)]
    (notice,) = run(fees, kept).notices
    assert notice.detail == {"role": "fee:processing", "amount": "3.00", "account": "Suspense"}


def test_a_posting_that_does_not_balance_stops_before_anything_is_stored() -> None:
    tally = Tally(book())
    tally.add(1, Change(order("a")))
    sums = tally.sums[Group(DAY, "GBP")]
    sums[next(iter(sums))] += 1
    with pytest.raises(Unbalanced, match="does not balance"):
        close(tally, CONTEXT)


def test_what_was_never_in_the_books_is_deleted_with_its_day_where_each_order_has_a_document() -> None:
    records: list[Record] = [order("a"), Fee("f", "GBP", NOON, NOON, 50), Deleted("b", "GBP", NOON, NOON)]
    found = run(records, book(mode="per_order"))
    assert {group.group.party: group.handles for group in found.groups} == {"a": (0,), "": (1, 2)}
