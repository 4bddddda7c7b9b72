"""Every switch of a book, and each of its positions, has words for merchants; books are compared in these."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from msgspec import structs

from commerce_sync.flow.differences import Names, differences
from commerce_sync.flow.policy_words import LABELS, position
from connectors.general_ledger.chart import default_book
from ledger.book import Policy, TaxCode, Tracking
from ledger.calendar import DayRule
from tests.commerce_sync.cast import DAYS

BOOK = default_book("GBP", DAYS)
NAMES = Names({("account", "4100"): "4100 · Retail", ("tax_rate", "T1"): "20% VAT"}, {"vat20": "VAT 20 %"}, {})


def told(**changes: Any) -> list[tuple[str, str, str, str]]:
    return [tuple(each) for each in differences(BOOK, structs.replace(BOOK, **changes), NAMES)]


def test_every_switch_and_every_position_has_words() -> None:
    assert set(LABELS) == set(Policy.__struct_fields__)
    for switch, kind in get_type_hints(Policy).items():
        for value in get_args(kind) if get_origin(kind) is Literal else ():
            assert position(switch, value) not in ("", value), f"{switch}: {value}"


def test_an_account_is_told_by_its_name_and_one_that_is_unknown_by_its_id() -> None:
    accounts = {**BOOK.accounts, "sales": "4100", "sales:Food": "9"}
    first, second = told(accounts=accounts)
    assert first == ("sales", "Sales", "4000", "4100 · Retail")
    assert second == ("sales", "Sales: Food", "Not chosen", "9")


def test_an_account_that_is_named_with_the_own_currency_is_the_same_account() -> None:
    accounts = {("sales@GBP" if role == "sales" else role): account for role, account in BOOK.accounts.items()}
    assert told(accounts=accounts) == []


def test_a_tax_code_is_told_with_the_day_from_which_it_holds() -> None:
    codes = (*BOOK.tax_codes, TaxCode("vat20", "T1", date(2026, 4, 1)))
    assert told(tax_codes=codes) == [("sales", "Tax rate VAT 20 % from April 1, 2026", "Not chosen", "20% VAT")]


@pytest.mark.parametrize(
    ("changes", "stage", "after"),
    [
        ({"mode": "per_order"}, "sales", "An invoice for every order"),
        ({"start_on": date(2026, 3, 1)}, "schedule", "March 1, 2026"),
        (
            {"days": (*DAYS, DayRule(date(2026, 3, 6), "Europe/Paris", 4))},
            "schedule",
            "4 a.m. in Europe/Paris, from March 6, 2026 on",
        ),
        ({"tracking": (Tracking("Class", "location", {"High Street": "7"}),)}, "sales", "High Street → 7"),
        ({"policy": Policy(fees_from="none")}, "fees", "Not kept"),
        ({"policy": Policy(cost=True)}, "sales", "Yes"),
        ({"customer": ""}, "sales", "Not chosen"),
        ({"supplier": ""}, "fees", "Not chosen"),
        ({"suspense": "4100"}, "sales", "4100 · Retail"),
    ],
)
def test_each_kind_of_change_is_told(changes: dict[str, Any], stage: str, after: str) -> None:
    found = told(**changes)
    assert (found[0][0], found[0][3]) == (stage, after)
    assert len(found) == 1
