"""Documents of another currency than the company's: both amounts arrive, by the rate of Odoo, or a person is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as changed

from connectors import registry
from connectors.accounting._odoo_items import Rate
from connectors.accounting._odoo_moves import content
from connectors.errors import Refused, Turn
from connectors.http import open_door
from ledger.documents import Deposit, Invoice, Journal, Line, Payment, TaxPart
from tests.commerce_sync.cast import books_of
from tests.platforms.odoo.cast import FIRST, a_shop, asked, header, session_of
from tests.platforms.odoo.fake import Fake
from tests.platforms.odoo.orm import CUSTOMER, EUR, VAT20

pytestmark = pytest.mark.django_db


def items(fake: Fake) -> list[tuple[int, Decimal, Decimal, int]]:
    rows = fake.orm.rows["account.move.line"].values()
    return [(row["account_id"], row["amount_currency"], row["balance"], row["currency_id"]) for row in rows]


def test_an_entry_says_both_amounts_by_the_rate_of_its_day(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    journal = Journal(
        header(currency="EUR"), (Line("1000", 1_000, "a"), Line("4000", -333, "b"), Line("2200", -667, "c"))
    )
    made = asked(company, "push", journal)
    assert items(fake) == [
        (1000, Decimal("10.00"), Decimal("8.00"), EUR),
        (4000, Decimal("-3.33"), Decimal("-2.66"), EUR),
        (2200, Decimal("-6.67"), Decimal("-5.34"), EUR),
    ]
    assert asked(company, "find", journal) == made
    assert sorted(asked(company, "read_back", made.remote_id, "journal").legs) == [
        ("1000", 1_000, 0), ("2200", 0, 667), ("4000", 0, 333)
    ]  # fmt: skip


def test_the_rate_is_that_of_the_documents_day(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    for number, day in enumerate((FIRST, date(2026, 3, 3)), 1):
        head = changed(header(number, "EUR"), date=day)
        asked(company, "push", Deposit(head, "1000", (Line("1100", 11_700, "Payout"),)))
    assert [balance for account, _, balance, _ in items(fake) if account == 1000] == [
        Decimal("93.60"),
        Decimal("100.00"),
    ]


def test_an_invoice_with_tax_and_its_payment_meet_in_their_currency(fake: Fake) -> None:
    fake.orm.rows["account.tax"][VAT20]["account"] = 1230  # not the account that the document names
    company = a_shop(fake, days=0)
    lines = (Line("4000", 1_001, "Tea", tax_code=str(VAT20), taxes=(TaxPart("2200", 199),)),)
    invoice = Invoice(header(1, "EUR"), str(CUSTOMER), "1200", lines)
    made = asked(company, "push", invoice)
    assert sorted(asked(company, "read_back", made.remote_id, "invoice").legs) == [
        ("1200", 1_200, 0), ("2200", 0, 199), ("4000", 0, 1_001)
    ]  # fmt: skip
    platform = registry.accounting("odoo")
    with open_door(books_of(company), platform) as door:
        session = replace(session_of(company, door), remote_ids={"k1": made.remote_id})
        payment = Payment(header(2, "EUR"), "k1", "1200", "1100", 1_200, "in")
        assert platform.push(session, payment) == platform.find(session, payment)
    assert {currency for *_, currency in items(fake)} == {EUR}
    assert sum(balance for _, _, balance, _ in items(fake)) == 0
    assert all(row["reconciled"] for row in fake.orm.rows["account.move.line"].values() if row["account_id"] == 1200)


@pytest.mark.parametrize(
    ("currency", "words"),
    [("JPY", "Activate JPY"), ("CHF", "Activate CHF"), ("USD", "Enter the rate of USD")],
)
def test_a_currency_that_odoo_cannot_book_is_the_merchants_turn_before_anything_is_sent(
    fake: Fake, currency: str, words: str
) -> None:
    company = a_shop(fake, days=0)
    journal = Journal(header(currency=currency), (Line("1000", 100, "a"), Line("4000", -100, "b")))
    with pytest.raises(Refused) as refused:
        asked(company, "push", journal)
    assert (refused.value.whose_turn, words in refused.value.remedy) == (Turn.MERCHANT, True)
    assert (fake.calls("load"), fake.orm.rows["account.move"]) == (0, {})


@pytest.mark.parametrize("per_base", ["0.9", "1.3", "161.37", "0.0061"])
def test_both_sides_agree_in_the_companys_currency_whatever_the_rate(per_base: str) -> None:
    amounts = [1, 1, 1, 7, 9_999, 123_457, 3]
    lines = (*(Line("1000", amount, "in") for amount in amounts), Line("4000", -sum(amounts), "out"))
    journal = Journal(header(currency="EUR"), lines)
    given: list[Any] = [
        command[2] for command in content(journal, {}, rate=Rate(EUR, "GBP", Decimal(per_base)))["line_ids"][1:]
    ]
    debits, credits = (sum(Decimal(bytes(each[side]).decode()) for each in given) for side in ("debit", "credit"))
    assert debits == credits == round(Decimal(sum(amounts)) / 100 / Decimal(per_base), 2)
