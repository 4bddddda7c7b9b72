"""The book: from roles to accounts, and what cannot both hold."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from strategies import ACCOUNTS, DAYS

from ledger.book import Book, Change, Policy, TaxCode, Tracking, decode_book, difference, encode_book


def book(**fields: object) -> Book:
    return msgspec.structs.replace(
        Book("GBP", DAYS, accounts=ACCOUNTS, suspense="Suspense", customer="Daily sales"), **fields
    )


def test_a_role_falls_back_from_specific_to_general() -> None:
    kept = book(accounts={"sales": "4000", "sales:Food": "4010", "tender:card": "1100"})
    assert kept.account("sales:Food", "GBP") == "4010"
    assert kept.account("sales:Food:Hot", "GBP") == "4010"
    assert kept.account("sales:Books", "GBP") == "4000"
    assert kept.account("tender:card:stripe", "GBP") == "1100"
    assert kept.account("tender:cash", "GBP") == ""
    assert kept.account("salesman", "GBP") == ""


def test_money_in_another_currency_never_falls_back_to_the_books_own() -> None:
    kept = book(accounts={"sales": "4000", "tender:card": "1100", "tender:card@EUR": "1101", "bank": "1000"})
    assert kept.account("tender:card:stripe", "EUR") == "1101"
    assert kept.account("bank", "EUR") == ""
    assert kept.account("sales", "EUR") == "4000"


def test_what_is_missing_is_named_once_and_in_order() -> None:
    kept = book(accounts={"sales": "4000"})
    assert kept.missing(["tip", "sales:Food", "bank", "tip"]) == ["bank", "tip"]


def test_a_tax_code_holds_from_its_day() -> None:
    kept = book(tax_codes=(TaxCode("vat", "OLD"), TaxCode("vat", "NEW", date(2026, 4, 1)), TaxCode("x", "X")))
    assert kept.tax_code("vat", date(2026, 3, 31)) == "OLD"
    assert kept.tax_code("vat", date(2026, 4, 1)) == "NEW"
    assert kept.tax_code("gst", date(2026, 4, 1)) == ""


def test_tracking_names_the_option_of_a_place_and_leaves_out_what_has_none() -> None:
    kept = book(tracking=(Tracking("Shop", "location", {"Soho": "S1"}), Tracking("Way", "channel", {"web": "W"})))
    assert kept.tracked("Soho", "web") == (("Shop", "S1"), ("Way", "W"))
    assert kept.tracked("Camden", "web") == (("Way", "W"),)


CONFLICTS: list[tuple[dict[str, object], str]] = [
    ({"accounts": ACCOUNTS | {"bank": "Card clearing"}}, "accounts.bank"),
    ({"accounts": ACCOUNTS | {"tip": "Sales"}}, "accounts.tip"),
    ({"accounts": ACCOUNTS | {"gift_card:sold": "Other liability"}}, "accounts.gift_card"),
    ({"suspense": ""}, "suspense"),
    ({"mode": "invoice", "customer": ""}, "customer"),
    ({"mode": "invoice", "policy": Policy(draft_invoices=True)}, "policy.draft_invoices"),
    ({"tracking": (Tracking("Shop", "location"),)}, "tracking.Shop"),
]


@pytest.mark.parametrize(("fields", "field"), CONFLICTS)
def test_choices_that_cannot_both_hold_are_named(fields: dict[str, object], field: str) -> None:
    assert [conflict.field for conflict in book(**fields).conflicts()] == [field]


def test_a_book_in_order_has_no_conflicts() -> None:
    tracked = (Tracking("Shop", "location", {"Soho": "S1"}),)
    assert book(tracking=tracked).conflicts() == []
    assert book(suspense="", policy=Policy(unmapped="hold")).conflicts() == []
    assert book(mode="invoice").conflicts() == []
    assert book(accounts={}).conflicts() == []


def test_a_difference_names_each_field_that_changed() -> None:
    before = book()
    after = book(accounts={**ACCOUNTS, "tip": "2300"}, policy=Policy(cost=True), tax_codes=(TaxCode("vat", "V"),))
    assert difference(before, after) == [
        Change("accounts.tip", "Tips payable", "2300"),
        Change("policy.cost", "", "True"),
        Change("tax_codes[0].code", "", "V"),
        Change("tax_codes[0].tax", "", "vat"),
    ]
    assert difference(before, before) == []
    assert Change("currency", "", "GBP") in difference(None, before)


def test_a_book_is_read_as_it_was_written() -> None:
    kept = book(tax_codes=(TaxCode("vat", "V", date(2026, 4, 1)),), start_on=date(2026, 1, 1))
    assert decode_book(encode_book(kept)) == kept
    with pytest.raises(msgspec.ValidationError, match="mode"):
        decode_book(encode_book(kept).replace(b'"currency"', b'"mode":"weekly","currency"'))
