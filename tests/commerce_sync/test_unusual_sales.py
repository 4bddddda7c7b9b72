"""Sales that are moved to another place, and sales of ten thousand lines."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import date, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from connectors.general_ledger.chart import default_book
from ledger import commerce
from ledger.book import Policy
from ledger.models import Company, Document
from ledger.post_due import post_due
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, sell

pytestmark = pytest.mark.django_db
MOST_BYTES = 64 * 1024 * 1024
LATER = FIRST_DAY + timedelta(days=9)


def posted(company: Company) -> None:
    post_due(company_id=company.pk, through=LATER, act=uuid4())


def by_place(company: Company) -> dict[tuple[str, date, str], int]:
    """What the documents of each place and day say: (place, day, account) → debits less credits."""
    total: Counter[tuple[str, date, str]] = Counter()
    for row in Document.objects.filter(company=company):
        (place,) = [each for each in ("Harbor", "Market") if each in row.narration]
        for account, debit, credit in row.document.entries():
            total[place, row.date, account] += debit - credit
    return {key: amount for key, amount in total.items() if amount}


@pytest.mark.case("B21")
def test_an_order_that_is_moved_to_another_place_puts_both_places_right() -> None:
    company = a_merchant(book=default_book("GBP", DAYS, policy=Policy(group_by=("location",))))
    sell(company, an_order(1, location="Harbor"), an_order(2, location="Harbor"), an_order(3, location="Market"))
    posted(company)
    at = an_order(1).updated_at + timedelta(days=1)
    sell(company, an_order(1, location="Market", updated_at=at))
    posted(company)
    whole = {"1100": 1_200, "4000": -1_000, "2200": -200}
    expected = {("Harbor", FIRST_DAY, account): amount for account, amount in whole.items()}
    expected |= {("Market", FIRST_DAY, account): 2 * amount for account, amount in whole.items()}
    assert by_place(company) == expected
    posted(company)
    assert by_place(company) == expected


@pytest.mark.case("B22")
def test_an_order_of_ten_thousand_lines_is_a_document_of_a_few_and_costs_little_memory() -> None:
    company = a_merchant()
    tea = commerce.Line("product", "Tea", 100, (commerce.Tax("vat20", "VAT 20 %", 20, 200_000),))
    order = an_order(1, amount=1_200_000, lines=tuple(replace(tea, label=f"Tea {n}") for n in range(10_000)))
    tracemalloc.start()
    sell(company, order)
    posted(company)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    document = Document.objects.get(company=company).document
    assert sorted(document.entries()) == [("1100", 1_200_000, 0), ("2200", 0, 200_000), ("4000", 0, 1_000_000)]
    assert peak < MOST_BYTES
