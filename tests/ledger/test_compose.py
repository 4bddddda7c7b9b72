"""Composing: from sums on accounts to the kinds of document that accounting software shows."""

from __future__ import annotations

import msgspec
import pytest
from strategies import ACCOUNTS, DAYS, NOON

from ledger.book import Book
from ledger.compose import Naming, Sum, compose, describe
from ledger.documents import Bill, CreditNote, Deposit, Document, Invoice, Journal, Payment
from ledger.legs import About, Slot

NAMING = Naming("c/2026-11-20/GBP//0", NOON.date(), "GBP", "sales of the day")
BOOK = Book("GBP", DAYS, mode="invoice", accounts=ACCOUNTS, suspense="Suspense", customer="Ann", supplier="Stripe")


def leg(role: str, amount: int, about: About = "sale", *, account: str = "", **slot: str) -> Sum:
    place = Slot(0, about, role, slot.get("tax", ""), slot.get("of", ""), slot.get("location", ""), "")
    return Sum(place, account or BOOK.account(role, "GBP"), amount, "", ())


def composed(*sums: Sum, book: Book = BOOK) -> list[Document]:
    return compose(sums, NAMING, book)


@pytest.mark.case("E07")
def test_sums_that_cancel_out_make_no_document() -> None:
    assert composed() == []
    assert composed(leg("sales", -5), leg("sales", 5)) == []
    assert composed(leg("sales", -5, location="Soho"), leg("sales", 5, location="Camden")) == []


def test_one_account_under_two_versions_of_the_book_is_one_line() -> None:
    former = leg("sales", 40)
    former = former._replace(slot=former.slot._replace(version=1))
    (invoice, _) = composed(leg("sales", -100), former, leg("tender:cash", 60))
    assert isinstance(invoice, Invoice)
    assert [line.amount for line in invoice.lines] == [60]


def test_payments_settle_an_invoice_up_to_its_total_and_the_rest_is_a_journal() -> None:
    invoice, payment, rest = composed(leg("sales", -100), leg("tender:card", 150), leg("receivable", -50))
    assert isinstance(invoice, Invoice)
    assert isinstance(payment, Payment)
    assert (payment.amount, payment.settles) == (100, invoice.header.key)
    assert isinstance(rest, Journal)
    assert [(line.account, line.amount) for line in rest.lines] == [
        ("Card clearing", 50),
        ("Accounts receivable", -50),
    ]


def test_what_is_owed_stays_open_on_the_invoice() -> None:
    documents = composed(leg("sales", -100), leg("receivable", 100))
    assert [document.kind for document in documents] == ["invoice"]


@pytest.mark.case("E08")
def test_a_day_that_gave_back_more_than_it_sold_is_a_credit_note() -> None:
    note, payment = composed(leg("sales", 30), leg("tender:cash", -30))
    assert isinstance(note, CreditNote)
    assert isinstance(payment, Payment)
    assert payment.direction == "out"


def test_money_that_goes_the_other_way_does_not_settle() -> None:
    invoice, payment, rest = composed(leg("sales", -100), leg("tender:card", 130), leg("tender:cash", -30))
    assert [invoice.kind, payment.kind, rest.kind] == ["invoice", "payment", "journal"]


def test_a_sale_of_nothing_and_a_book_without_a_receivable_make_journals() -> None:
    (only,) = composed(leg("tender:cash", 30), leg("deposit", -30))
    assert isinstance(only, Journal)
    accounts = {role: account for role, account in ACCOUNTS.items() if role != "receivable"}
    bare = msgspec.structs.replace(BOOK, accounts=accounts, suspense="")
    (plain,) = composed(leg("sales", -30), leg("tender:cash", 30), book=bare)
    assert isinstance(plain, Journal)


def test_the_tax_on_a_line_stands_beside_it_and_tax_of_no_line_by_itself() -> None:
    (invoice, _) = composed(
        leg("sales:Food", -100, tax="vat20"),
        leg("tax:vat20", -20, tax="vat20", of="sales:Food"),
        leg("tax:gst", -5, tax="gst", of="sales:Gone"),
        leg("tender:cash", 125),
    )
    assert isinstance(invoice, Invoice)
    assert [(line.role, line.amount, line.tax) for line in invoice.lines] == [
        ("sales:Food", 100, 20),
        ("tax:gst", 5, 0),
    ]


def test_fees_are_a_bill_only_with_a_supplier_and_a_payable_and_something_to_pay() -> None:
    sums = (leg("fee:processing", 30, "fee"), leg("tender:card", -30, "fee"))
    bill, payment = composed(*sums)
    assert isinstance(bill, Bill)
    assert payment.total == 30
    nobody = msgspec.structs.replace(BOOK, supplier="")
    assert [document.kind for document in composed(*sums, book=nobody)] == ["journal"]
    back = (leg("fee:processing", -30, "fee"), leg("tender:card", 30, "fee"))
    assert [document.kind for document in composed(*back)] == ["journal"]


def test_what_a_bill_leaves_over_is_owed_to_the_supplier() -> None:
    on_credit = leg("tender:other", 20, "fee", account="Accounts payable")
    *_, rest = composed(leg("fee", 30, "fee"), leg("tender:card", -50, "fee"), on_credit)
    assert isinstance(rest, Journal)
    assert {line.role for line in rest.lines} >= {"payable"}


def test_a_payout_is_a_deposit_into_the_bank_with_what_was_kept_back() -> None:
    (deposit,) = composed(leg("bank", 90, "payout"), leg("tender:card", -100, "payout"), leg("reserve", 10, "payout"))
    assert isinstance(deposit, Deposit)
    assert (deposit.account, deposit.total) == ("Bank", 90)


def test_a_payout_of_nothing_or_into_two_accounts_is_a_journal() -> None:
    (nothing,) = composed(leg("tender:card", -10, "payout"), leg("reserve", 10, "payout"))
    assert isinstance(nothing, Journal)
    (moved,) = composed(leg("bank", 90, "payout"), leg("bank", -90, "payout", account="Other bank"))
    assert isinstance(moved, Journal)


def test_what_has_no_document_of_its_own_is_a_journal_for_each_kind_of_event() -> None:
    documents = composed(
        leg("cogs", 5, "cost"),
        leg("inventory", -5, "cost"),
        leg("dispute", 7, "dispute"),
        leg("tender:card", -7, "dispute"),
    )
    assert [document.header.key.rsplit("/")[-1] for document in documents] == ["dispute", "cost"]


def test_money_in_a_journal_is_one_line_for_each_account() -> None:
    journal = msgspec.structs.replace(BOOK, mode="journal", accounts=ACCOUNTS | {"tender": "Cash"})
    (document,) = composed(
        leg("tender:card:visa", 70, account="Cash"),
        leg("tender:cash", 30, account="Cash"),
        leg("bank", 5, account="Cash"),
        leg("sales", -105),
        book=journal,
    )
    assert isinstance(document, Journal)
    assert [(line.account, line.amount) for line in document.lines] == [("Cash", 105), ("Sales", -105)]


def test_roles_are_told_in_words() -> None:
    words = {
        "sales:Food": "Sales: Food",
        "tender:card:stripe": "Card: stripe",
        "tender:cash": "Cash",
        "tender": "Payments",
        "gift_card:sold": "Gift card: sold",
    }
    assert {role: describe(Slot(0, "sale", role, "", "", "", "")) for role in words} == words
