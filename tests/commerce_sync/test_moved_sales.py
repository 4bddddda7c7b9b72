"""A sale that the merchant moves to another place of sale is taken out of the one and put into the other."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import uuid4

import pytest

from connectors.general_ledger.chart import default_book
from ledger.book import Policy
from ledger.models import Company, Document
from ledger.post_due import post_due
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, sell

pytestmark = pytest.mark.django_db
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
