"""Taxes that Odoo computes by their codes, of invoices and of entries: the cents and accounts are the document's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors import registry
from connectors.errors import Refused
from connectors.models import Binding
from ledger.documents import Bill, CreditNote, Deposit, Invoice, Journal, Line, TaxPart
from tests.commerce_sync.cast import books_of
from tests.platforms.odoo.cast import a_shop, asked, balances, codes_of, delivered, header, in_own_books
from tests.platforms.odoo.fake import Fake
from tests.platforms.odoo.orm import BOTH, CITY, CUSTOMER, STATE, SUPPLIER, VAT5, VAT20

pytestmark = pytest.mark.django_db

SALE = Line("4000", -10_001, "Tea", role="sales", tax_code=str(VAT20))
CARD = Line("1100", 12_002, "Card", role="tender:card")
TAX = Line("2200", -2_001, "Tax: vat20", role="tax:vat20", tax_code=str(VAT20))  # Odoo computes 20.00


def tax_items(fake: Fake) -> list[tuple[int, int, Decimal]]:
    rows = fake.orm.rows["account.move.line"].values()
    return [(row["tax_line_id"], row["account_id"], row["balance"]) for row in rows if row["tax_line_id"]]


def test_a_month_of_entries_whose_taxes_odoo_computes_is_that_of_our_own_books(fake: Fake) -> None:
    company = a_shop(fake, "journal", codes=True, entry_taxes="codes")
    delivered(company)
    assert {state for state, *_ in codes_of(company)} == {"pushed"}
    assert balances(fake) == in_own_books("journal")
    assert set(Binding.objects.filter(connection=books_of(company)).values_list("agrees", flat=True)) == {True}
    based = [row for row in fake.orm.rows["account.move.line"].values() if row["tax_ids"]]
    assert {(row["account_id"], *row["tax_ids"]) for row in based} == {(4000, VAT20)}
    assert {tax for tax, *_ in tax_items(fake)} == {VAT20}


def test_the_tax_of_an_entry_has_the_cents_and_the_account_of_the_document(fake: Fake) -> None:
    fake.orm.rows["account.tax"][VAT20]["account"] = 1230
    company = a_shop(fake, days=0, entry_taxes="codes")
    journal = Journal(header(), (CARD, SALE, TAX))
    made = asked(company, "push", journal)
    assert tax_items(fake) == [(VAT20, 2200, Decimal("-20.01"))]
    assert balances(fake) == {"1100": 12_002, "2200": -2_001, "4000": -10_001}
    assert asked(company, "find", journal) == made


def test_what_was_sold_and_what_was_given_back_on_a_day_meet_two_items_of_one_tax(fake: Fake) -> None:
    company = a_shop(fake, days=0, entry_taxes="codes")
    back = Line("4000", 2_003, "Returned", role="returns", tax_code=str(VAT20))
    tax = Line("2200", -1_599, "Tax: vat20", role="tax:vat20", tax_code=str(VAT20))
    asked(company, "push", Journal(header(), (Line("1100", 9_597, "Card"), SALE, back, tax)))
    items = tax_items(fake)
    assert len(items) == 2
    assert sum(balance for *_, balance in items) == Decimal("-15.99")
    assert balances(fake) == {"1100": 9_597, "2200": -1_599, "4000": -7_998}


def test_tax_that_stands_alone_and_tax_that_somebody_else_collects_are_as_the_document_says(fake: Fake) -> None:
    company = a_shop(fake, days=0, entry_taxes="codes")
    alone = Journal(header(1), (Line("1100", 2_001, "Card"), TAX))
    elsewhere = Journal(header(2), (Line("1100", 10_001, "Card"), SALE))
    for document in (alone, elsewhere):
        asked(company, "push", document)
    assert balances(fake) == {"1100": 12_002, "2200": -2_001, "4000": -10_001}
    assert [balance for *_, balance in tax_items(fake)] == [0]


def test_by_amounts_and_in_another_currency_odoo_computes_no_tax_of_an_entry(fake: Fake) -> None:
    asked(a_shop(fake, days=0), "push", Journal(header(1), (CARD, SALE, TAX)))
    asked(a_shop(fake, days=0, name="Euro", entry_taxes="codes"), "push", Journal(header(2, "EUR"), (CARD, SALE, TAX)))
    assert tax_items(fake) == []
    assert len(fake.documents()) == 2


def test_the_own_taxes_of_an_account_are_not_worked_out_in_an_entry(fake: Fake) -> None:
    fake.orm.rows["account.account"][4000]["tax_ids"] = [VAT20]
    asked(a_shop(fake, days=0), "push", Journal(header(1), (CARD, SALE, TAX)))
    assert tax_items(fake) == []
    assert balances(fake) == {"1100": 12_002, "2200": -2_001, "4000": -10_001}


def test_an_odoo_that_computes_otherwise_is_refused_with_the_setting_to_change(fake: Fake) -> None:
    fake.moves.keeps_taxes = False
    company = a_shop(fake, days=0, entry_taxes="codes")
    with pytest.raises(Refused, match="set entry_taxes to amounts"):
        asked(company, "push", Journal(header(), (CARD, SALE, TAX)))
    assert fake.orm.rows["account.move"] == {}


def test_a_group_of_taxes_is_offered_with_the_sum_of_its_parts(fake: Fake) -> None:
    found = {each.id: each for each in asked(a_shop(fake, days=0), "options") if each.kind == "tax_rate"}
    assert found[str(BOTH)].detail == {"rate_ppm": 77_500, "use": "sale"}
    assert set(found) == {str(VAT20), str(VAT5), str(BOTH)}  # its parts are on no line by themselves
    fake.orm.rows["account.tax"][CITY]["amount_type"] = "fixed"
    assert str(BOTH) not in {each.id for each in asked(a_shop(fake, days=0, name="2"), "options")}


def test_the_parts_of_a_group_go_to_their_accounts_with_the_documents_cents(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    parts = (TaxPart("2200", 626), TaxPart("2150", 149))  # Odoo computes 6.25 and 1.50
    line = Line("4000", 10_000, "Tea", tax_code=str(BOTH), taxes=parts)
    asked(company, "push", Invoice(header(), str(CUSTOMER), "1200", (line,)))
    assert tax_items(fake) == [(STATE, 2200, Decimal("-6.26")), (CITY, 2150, Decimal("-1.49"))]
    assert balances(fake) == {"1200": 10_775, "2150": -149, "2200": -626, "4000": -10_000}


@pytest.mark.parametrize("kind", ["invoice", "credit_note", "bill"])
def test_a_group_on_one_account_takes_the_difference_on_its_first_part(fake: Fake, kind: str) -> None:
    company = a_shop(fake, days=0)
    lines = (Line("4000", 10_000, "Tea", tax_code=str(BOTH), taxes=(TaxPart("2200", 777),)),)
    made: dict[str, Any] = {
        "invoice": Invoice(header(), str(CUSTOMER), "1200", lines),
        "credit_note": CreditNote(header(), str(CUSTOMER), "1200", lines),
        "bill": Bill(header(), str(SUPPLIER), "2000", lines),
    }
    asked(company, "push", made[kind])
    assert sum(balance for *_, balance in tax_items(fake)) == Decimal("-7.77" if kind == "invoice" else "7.77")
    assert {account for _, account, _ in tax_items(fake)} == {2200}


def test_a_deposit_keeps_its_lines_when_odoo_computes(fake: Fake) -> None:
    company = a_shop(fake, days=0, entry_taxes="codes")
    deposit = Deposit(header(), "1000", (Line("1100", 5_000, "Payout"), Line("6000", -100, "Fees")))
    asked(company, "push", deposit)
    assert balances(fake) == {"1000": 4_900, "1100": -5_000, "6000": 100}


def test_a_way_of_taxes_that_is_none_is_refused() -> None:
    assert registry.accounting("odoo").setting_problem("entry_taxes", "perhaps")
    assert not registry.accounting("odoo").setting_problem("entry_taxes", "codes")
