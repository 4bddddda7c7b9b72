"""What the worked examples do not show of the rules: edges, and words that fall where they should."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import msgspec
import pytest
from strategies import ACCOUNTS, DAYS, NOON

from ledger.adding_up import check, notices
from ledger.book import Book, Policy
from ledger.commerce import (
    KINDS,
    CashMovement,
    Deleted,
    Dispute,
    Fact,
    Fee,
    GiftCardChange,
    Line,
    Order,
    Payout,
    PayoutItem,
    Refund,
    Tax,
    Tender,
    decode,
    encode,
    happened_at,
)
from ledger.per_payout import Settlement, awaits_payout, by_payout, settlements
from ledger.problems import CATALOG, Problem
from ledger.rules import expand
from ledger.rules.refunds import derive

VAT = Tax("vat20", "VAT", 200)
SHIRT = Line("product", "Shirt", 1000, (VAT,))
DAY = NOON.date()


def book(**policy: object) -> Book:
    return Book("GBP", DAYS, accounts=ACCOUNTS, policy=msgspec.convert(policy, Policy))


def order(*lines: Line, paid: int | None = None, **fields: object) -> Order:
    stated = sum(line.net + sum(tax.amount for tax in line.taxes or ()) for line in lines)
    tenders = (Tender("t", "card", stated if paid is None else paid, NOON),)
    made = Order("o", "1", "GBP", NOON, NOON, lines, tenders, stated)
    return msgspec.structs.replace(made, **fields)


def refund(*lines: Line, stated: int, **fields: object) -> Refund:
    tenders = (Tender("t", "card", stated, NOON),)
    made = Refund("r", "o", "GBP", NOON, NOON, lines or None, tenders, stated)
    return msgspec.structs.replace(made, **fields)


def roles_of(record: Fact, kept: Book) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for leg in expand(record, kept):
        totals[leg.role] += leg.amount
    return {role: amount for role, amount in totals.items() if amount}


EXAMPLES: list[tuple[Fact, str, str]] = [
    (order(SHIRT, stated=1300), "lines_do_not_add_up", "$.stated"),
    (order(SHIRT, paid=1100), "tenders_do_not_add_up", "$.stated"),
    (order(SHIRT, paid=-1200, due=2400), "negative_tender", "$.tenders[0].amount"),
    (order(SHIRT, Line("product", "Cap", 5, None)), "taxes_unknown", "$.lines[1].taxes"),
    (refund(SHIRT, stated=1000), "lines_do_not_add_up", "$.stated"),
    (refund(stated=-5), "negative_amount", "$.stated"),
    (refund(stated=50, due=1), "tenders_do_not_add_up", "$.stated"),
    (Payout("p", "GBP", NOON, NOON, 90, (PayoutItem("charge", 100),)), "items_do_not_add_up", "$.amount"),
    (Dispute("d", "GBP", NOON, NOON, -1, "open"), "negative_amount", "$.amount"),
    (GiftCardChange("g", "GBP", NOON, NOON, -1, "expired"), "negative_amount", "$.amount"),
    (CashMovement("c", "GBP", NOON, NOON, -1, "drop"), "negative_amount", "$.amount"),
]


@pytest.mark.parametrize(("record", "code", "path"), EXAMPLES)
def test_a_record_that_is_wrong_in_itself_says_where(record: Fact, code: str, path: str) -> None:
    problem = check(record)
    assert problem is not None
    assert (problem.code, problem.path, problem.record_id) == (code, path, record.id)
    assert problem.blocks


GOOD: list[Fact] = [
    order(SHIRT),
    order(SHIRT, paid=100, state="open"),
    order(),
    refund(SHIRT, stated=1200),
    Fee("f", "GBP", NOON, NOON, -5),
    Payout("p", "GBP", NOON, NOON, 90),
    Payout("p", "GBP", NOON, NOON, -5, (PayoutItem("refund", -5),)),
    Dispute("d", "GBP", NOON, NOON, 5, "won", closed_at=NOON + timedelta(days=3)),
    GiftCardChange("g", "GBP", NOON, NOON, -1, "adjusted"),
    CashMovement("c", "GBP", NOON, NOON, -1, "over_short"),
]


@pytest.mark.parametrize("record", GOOD)
def test_a_record_in_order_is_stored_read_and_placed_in_time(record: Fact) -> None:
    kind = next(kind for kind, struct in KINDS.items() if isinstance(record, struct))
    assert check(record) is None
    assert decode(kind, encode(record)) == record
    assert happened_at(record) == (NOON + timedelta(days=3) if record.id == "d" else NOON)


def test_a_deleted_record_has_no_legs_and_nothing_to_add_up() -> None:
    gone = Deleted("o", "GBP", NOON, NOON)
    assert check(gone) is None
    assert expand(gone, book()) == []
    assert happened_at(gone) == NOON
    assert decode("order", encode(gone), deleted=True) == gone


def test_amounts_in_a_problem_are_told_as_money() -> None:
    problem = check(order(SHIRT, stated=1300))
    assert problem is not None
    assert "GBP 12.00" in problem.sentence
    assert "GBP 1.00" in problem.sentence
    assert problem.remedy.startswith("Compare the order")


def test_every_problem_can_be_told_even_without_its_facts() -> None:
    for code in CATALOG:
        assert Problem(code).sentence
        assert Problem(code).remedy
    assert "?" in Problem("unmapped_role").sentence
    assert "5" in Problem("rounding_over_cap", detail={"found": 5, "cap": 1, "currency": "???"}).sentence


@pytest.mark.parametrize(
    ("by", "role"),
    [
        ("", "sales"),
        ("category", "sales:Food"),
        ("sku", "sales:A1"),
        ("location", "sales:Soho"),
        ("channel", "sales:web"),
    ],
)
def test_sales_are_split_by_what_the_book_chooses(by: str, role: str) -> None:
    sold = order(Line("product", "Pie", 100, category="Food", sku="A1"), location="Soho", channel="web")
    assert roles_of(sold, book(sales_by=by)) == {"tender:card": 100, role: -100}


def test_goods_taken_back_in_exchange_are_returns() -> None:
    exchange = order(Line("product", "New", 500), Line("product", "Old", -300))
    assert roles_of(exchange, book()) == {"tender:card": 200, "sales": -500, "refunds": 300}


def test_a_gift_card_at_its_face_value_is_no_promotion() -> None:
    assert roles_of(order(Line("gift_card", "Card", 100, face=100)), book()) == {
        "tender:card": 100,
        "gift_card:sold": -100,
    }


def test_goods_shipped_before_the_sale_are_recognized_with_it() -> None:
    line = Line("product", "Chair", 100, (VAT,), fulfilled_at=NOON - timedelta(days=2))
    legs = expand(order(line), book(recognize="fulfillment"))
    assert {leg.day for leg in legs} == {DAY}
    assert "deferred_revenue" not in {leg.role for leg in legs}


@pytest.mark.case("E22")
def test_a_card_captured_moments_after_the_cut_off_pays_the_sale_of_the_day_before() -> None:
    late = NOON.replace(hour=3, minute=50)
    sold = order(SHIRT, closed_at=late, tenders=(Tender("t", "card", 1200, late + timedelta(minutes=20)),))
    assert {leg.day for leg in expand(sold, book())} == {DAY - timedelta(days=1)}
    assert len({leg.day for leg in expand(sold, book(tender_grace_minutes=5))}) == 2


def test_what_is_still_open_of_an_open_check_is_what_its_payments_leave() -> None:
    opened = order(SHIRT, paid=200, state="open")
    assert roles_of(opened, book(open_orders="receivable"))["open_check"] == 1000
    assert roles_of(opened, book()) == {"tender:card": 200, "deposit": -200}


@pytest.mark.case("E03")
def test_a_tolerated_difference_goes_to_rounding_on_both_ways() -> None:
    kept = book(record_tolerance=1)
    assert roles_of(order(SHIRT, paid=1201, stated=1201), kept)["rounding"] == -1
    assert roles_of(refund(SHIRT, stated=1201), kept)["rounding"] == 1
    assert check(order(SHIRT, paid=1201, stated=1201), 1) is None


def test_tax_that_a_marketplace_keeps_leaves_what_is_owed_when_nothing_was_paid() -> None:
    line = Line("product", "Goods", 1000, (Tax("ny", "NY", 80, collected_by="marketplace"),))
    unpaid = order(line, tenders=(), due=1080)
    assert roles_of(unpaid, book()) == {"receivable": 1000, "sales": -1000}


def test_a_voucher_taxed_when_sold_takes_its_tax_out_of_each_line_it_pays() -> None:
    used = order(SHIRT, Line("product", "Book", 300), tenders=(Tender("t", "gift_card", 1500, NOON),))
    assert roles_of(used, book(voucher="single_purpose")) == {
        "gift_card:redeemed": 1300,
        "sales": -1300,
    }


def test_cost_of_broken_goods_stays_unless_the_book_shows_shrinkage() -> None:
    back = refund(Line("product", "Cup", 100, cost=40), stated=100)
    assert "shrinkage" not in roles_of(back, book(cost=True))
    assert roles_of(back, book(cost=True, shrinkage=True))["shrinkage"] == 40


def test_a_missing_cost_and_a_missing_original_are_noticed() -> None:
    sold = order(SHIRT, Line("tip", "Tip", 5))
    assert [notice.code for notice in notices(sold, book(cost=True))] == ["cost_unknown"]
    assert list(notices(sold, book())) == []
    assert [notice.code for notice in notices(refund(stated=5), book())] == ["original_unknown"]


def test_what_is_given_back_beyond_the_sale_is_posted_and_noticed() -> None:
    back = derive(refund(stated=1500), order(SHIRT))
    found = list(notices(back, book()))
    assert [(notice.code, notice.blocks) for notice in found] == [("refund_exceeds_original", False)]
    assert found[0].sentence.startswith("The refund of GBP 15.00 is more than the GBP 12.00 that was sold")
    assert list(notices(derive(refund(stated=1200), order(SHIRT)), book())) == []


def test_parts_are_derived_only_from_an_original_that_has_them() -> None:
    money_only = refund(stated=600)
    assert derive(money_only, order()).lines is None
    odd = order(Line("product", "Odd", 1000, (Tax("x", "X", -100),)))
    assert derive(money_only, odd).lines is None


def test_a_derived_refund_keeps_its_own_place_and_else_takes_the_originals() -> None:
    sold = order(SHIRT, location="Soho", customer="Ann")
    derived = derive(refund(stated=600, location="Camden"), sold)
    assert (derived.location, derived.customer) == ("Camden", "Ann")
    assert derived.lines == (
        msgspec.structs.replace(SHIRT, net=500, taxes=(msgspec.structs.replace(VAT, amount=100),)),
    )


def test_a_line_too_small_for_a_share_is_left_out_of_a_derived_refund() -> None:
    sold = order(Line("product", "Big", 9999), Line("product", "Small", 1))
    lines = derive(refund(stated=100), sold).lines
    assert lines is not None
    assert [line.label for line in lines] == ["Big"]


def test_only_money_that_comes_by_payout_waits_for_one() -> None:
    assert awaits_payout(order(SHIRT), book())
    assert not awaits_payout(order(SHIRT, tenders=(Tender("t", "cash", 1200, NOON),)), book())
    assert awaits_payout(Fee("f", "GBP", NOON, NOON, 5), book())
    assert not awaits_payout(Fee("f", "GBP", NOON, NOON, 5), book(fees_from="payouts"))
    assert not awaits_payout(Payout("p", "GBP", NOON, NOON, 5), book())


def test_a_payout_settles_itself_and_what_its_items_name() -> None:
    paid = Payout("p", "GBP", NOON, NOON, 5, (PayoutItem("charge", 9, "o"), PayoutItem("reserve", -4)))
    assert settlements(paid, DAY) == {"p": Settlement("p", DAY), "o": Settlement("p", DAY)}
    assert settlements(Payout("q", "GBP", NOON, NOON, 5), DAY) == {"q": Settlement("q", DAY)}


def test_cash_never_waits_in_a_carried_balance() -> None:
    sold = order(SHIRT, tenders=(Tender("t", "cash", 1200, NOON),))
    moved = by_payout(expand(sold, book()), Settlement("p", date(2026, 12, 1)))
    assert {leg.role for leg in moved} == {"sales", "tax:vat20", "tender:cash"}
    assert {leg.day for leg in moved} == {date(2026, 11, 30)}


def test_store_credit_that_is_spent_is_no_longer_owed() -> None:
    paid = order(SHIRT, tenders=(Tender("t", "store_credit", 1200, NOON),))
    assert roles_of(paid, book()) == {"sales": -1000, "tax:vat20": -200, "store_credit": 1200}


def test_a_means_of_payment_of_nothing_is_in_no_books() -> None:
    paid = order(SHIRT, tenders=(Tender("t", "cash", 0, NOON), Tender("u", "card", 1200, NOON)))
    assert {leg.role for leg in expand(paid, book())} == {"sales", "tax:vat20", "tender:card"}


def test_a_voucher_takes_no_tax_back_out_where_there_was_none() -> None:
    free = Tax("zero", "Zero", 0)
    used = order(Line("product", "Bread", 300, (free,)), tenders=(Tender("t", "gift_card", 300, NOON),))
    assert roles_of(used, book(voucher="single_purpose")) == {"gift_card:redeemed": 300, "sales": -300}
    assert all(leg.amount for leg in expand(used, book(voucher="single_purpose")) if leg.role == "tax:zero")
