"""What holds of every configuration: a book survives the way out and back, and an edit does what it says."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs

from commerce_sync.api.configuration.from_book import configuration
from commerce_sync.api.configuration.shapes import Configuration
from commerce_sync.api.configuration.wanted import wanted
from commerce_sync.api.shape import encode
from commerce_sync.configuration.fields import NAMED, account_of, field_of, with_account
from commerce_sync.configuration.known import Known, Plan, Rate, components_of, rate_keys, treatment_of
from commerce_sync.configuration.rules import failures
from commerce_sync.configuration.suggest import suggest
from commerce_sync.configuration.wanted import Wanted
from connectors.choices import choices, unavailable
from connectors.general_ledger.chart import DEFAULT_CHART, default_book
from connectors.session import Option
from ledger.book import MONEY_ROLES, Book, Policy, TaxCode, Tracking
from ledger.calendar import DayRule

TODAY = date(2026, 11, 2)
DAYS = (DayRule(date(2020, 1, 1), "Europe/London", 4),)
MODES = ("journal", "invoice", "per_order", "per_payout")
ROLES = ("sales", "sales:Food", "refunds", "tip", "gift_card", "gift_card:sold", "tender", "tender:card", "bank",
         "tender:card:Visa", "tender:external", "store_credit", "fee", "fee:platform", "advance", "tax", "tax:vat20",
         "something_new")  # fmt: skip

codes = st.sampled_from(("1000", "1100", "2100", "4000", "4010"))
keys = st.builds(lambda role, currency: role + currency, st.sampled_from(ROLES), st.sampled_from(("", "@GBP", "@EUR")))
taxes = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12) | (
    st.sampled_from(("20%", "20", "20%+5%", "gst+qst", "b+a", "+", "5.5%", "%"))
)
tax_codes = st.builds(TaxCode, taxes, st.sampled_from(("S", "Z")), st.sampled_from((date.min, TODAY, date(2027, 1, 1))))
plans = st.builds(
    Plan, st.sampled_from(("daily", "monthly", "hourly", "event")), st.integers(0, 23),
    st.sampled_from(("Europe/London", "America/Toronto")), st.integers(1, 28),
)  # fmt: skip
policies = st.builds(
    Policy,
    sales_by=st.sampled_from(("", "category", "sku", "location", "channel")),
    group_by=st.sampled_from(((), ("location",), ("channel",), ("location", "channel"), ("channel", "location"))),
    unmapped=st.sampled_from(("suspense", "hold")),
    fees_from=st.sampled_from(("records", "payouts", "none")),
    draft_invoices=st.booleans(),
    recognize=st.sampled_from(("payment", "fulfillment")),
    rounding_cap=st.integers(0, 500),
)
books = st.builds(
    Book,
    st.just("GBP"),
    st.sampled_from((DAYS, (*DAYS, DayRule(date(2026, 5, 1), "Asia/Tokyo", 0)))),
    mode=st.sampled_from(MODES),
    accounts=st.dictionaries(keys, codes, max_size=12),
    tax_codes=st.lists(tax_codes, max_size=5).map(tuple),
    tracking=st.sampled_from(((), (Tracking("Class", "location", {"Soho": "1"}),))),
    policy=policies,
    suspense=st.sampled_from(("", "9999")),
    start_on=st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    customer=st.sampled_from(("", "Daily sales")),
    supplier=st.sampled_from(("", "Processor")),
)


def known(book: Book, plan: Plan | None = None, **facts: Any) -> Known:
    return Known(
        company_id=UUID(int=1), company_name="Rose", book=book, version=1, plan=plan or Plan(), today=TODAY, **facts
    )


def there_and_back(before: Known, edit: Any = None) -> Wanted:
    """What POST makes of the JSON that GET answers, with an edit in between."""
    body = msgspec.json.decode(encode(configuration(before)))
    if edit is not None:
        edit(body)
    return wanted(msgspec.json.decode(msgspec.json.encode(body), type=Configuration), before)


@given(books, plans, st.lists(st.builds(lambda tax: Rate(tax, components_of(tax)), taxes), max_size=3))
def test_what_get_answers_changes_nothing_when_it_is_sent_back(book: Book, plan: Plan, rates: list[Rate]) -> None:
    before = known(book, plan, rates=tuple(rates), used_roles=("sales:Tea", "tender:card:Amex@EUR"))
    after = there_and_back(before)
    assert after.problems == ()
    assert after.book == book
    assert after.plan == plan


@given(books, st.sampled_from(NAMED), codes)
def test_a_field_that_is_edited_is_shown_as_it_was_edited(book: Book, field: Any, account: str) -> None:
    before = known(book)

    def edit(body: Any) -> None:
        body["configuration"][field.section]["accounts"][field.key]["selectedAccountId"] = account

    after = there_and_back(before, edit)
    assert after.problems == ()
    assert account_of(after.book, field.role) == account
    # What is neither this role nor below it keeps its account.
    for other in NAMED:
        if other.role != field.role and not other.role.startswith(f"{field.role}:"):
            assert account_of(after.book, other.role) == account_of(book, other.role)


@given(books, keys, codes)
def test_a_role_has_the_account_that_was_chosen_for_it(book: Book, role: str, account: str) -> None:
    assert account_of(with_account(book, role, account), role) == account


@given(books, keys)
def test_a_choice_that_is_taken_away_leaves_what_is_more_general(book: Book, role: str) -> None:
    bare = with_account(book, role, "")
    name, _, currency = role.partition("@")
    if currency in ("", "GBP"):
        assert {name, f"{name}@GBP"}.isdisjoint(bare.accounts)
    found = account_of(bare, role)
    below = {k for k in bare.accounts if name.startswith(k.partition("@")[0])}
    assert not found or found in {bare.accounts[key] for key in below}


@given(st.lists(taxes, max_size=6))
def test_every_rate_has_a_key_of_its_own_that_leads_back_to_it(found: list[str]) -> None:
    rates = [Rate(tax, components_of(tax)) for tax in dict.fromkeys(found)]
    assert sorted(rate_keys(rates).values()) == sorted(rate.tax for rate in rates)
    assert all(treatment_of(rate.components) == rate.tax for rate in rates)


NAMES = ("Sales", "Sales returns", "Bank", "Checking", "Card clearing", "Clearing", "Cash", "Tips payable",
         "Gift cards", "Suspense", "Merchant fees", "VAT", "Undeposited funds", "Loan", "Trade debtors")  # fmt: skip
options = st.lists(
    st.builds(
        lambda id, name, type, active: Option("account", str(id), name, str(id), type, active=active),
        st.integers(1, 99),
        st.sampled_from(NAMES),
        st.sampled_from(("bank", "asset", "liability", "income", "expense", "equity")),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda option: option.id,
)


@given(options)
def test_a_suggestion_contradicts_neither_itself_nor_what_is_offered(offered: list[Option]) -> None:
    suggestion = suggest(offered, (), currency="GBP", zone="Europe/London")
    book = suggestion.book
    assert unavailable(choices(book, TODAY), offered) == []
    assert book.conflicts() == []
    assert set(suggestion.reasons) >= set(book.accounts)
    # All that it lacks is what nothing offered fits, or what only a person can choose.
    for path, _ in failures(book, known(book, options=tuple(offered))):
        assert path.split(".")[-2] in ("sales", "refund", "card", "feesSupplier", "salesCustomer") or (
            path == "configuration.fees.syncFees"
        )


def test_the_accounts_of_the_standard_chart_are_found_by_their_names() -> None:
    offered = [
        Option("account", row.code, row.name, row.code, "bank" if row.subtype in ("bank", "cash") else row.type)
        for row in DEFAULT_CHART
    ]
    found = suggest(offered, (), currency="GBP", zone="Europe/London").book
    ours = default_book("GBP", DAYS)
    differ = {role for role in found.accounts if found.accounts[role] != ours.accounts[role]}
    assert differ <= {"cash_over_short", "tender"}
    assert found.suspense == ours.suspense


@given(books)
def test_what_is_chosen_and_offered_is_available_and_what_is_archived_is_named(book: Book) -> None:
    chosen = choices(book, TODAY)
    assume(chosen)
    offered = [Option(choice.kind, choice.id, f"The {choice.id}") for choice in chosen]
    assert unavailable(chosen, offered) == []
    archived = [Option(each.kind, each.id, each.name, active=each is not offered[0]) for each in offered]
    assert [(lost.choice, lost.archived) for lost in unavailable(chosen, archived)] == [(chosen[0], True)]
    assert "archived" in unavailable(chosen, archived)[0].sentence
    others = [Option(choice.kind, "other", "Other") for choice in chosen]
    assert [lost.choice for lost in unavailable(chosen, others)] == chosen


def test_payouts_are_never_suggested_to_arrive_where_card_payments_wait() -> None:
    offered = [Option("account", "1", "Bank clearing", "1", "bank"), Option("account", "2", "Our bank", "2", "bank")]
    book = suggest(offered, (), currency="GBP", zone="UTC").book
    assert (account_of(book, "tender:card"), account_of(book, "bank")) == ("1", "2")
    assert account_of(suggest(offered[:1], (), currency="GBP", zone="UTC").book, "bank") == ""


def test_another_tax_rate_takes_the_place_of_the_one_in_force_and_of_no_other() -> None:
    past, present, future = date.min, date(2026, 1, 1), date(2027, 1, 1)
    codes = tuple(TaxCode("20%", code, day) for code, day in (("A", past), ("B", present), ("C", future)))
    before = known(structs.replace(default_book("GBP", DAYS), tax_codes=codes))

    def edit(body: Any) -> None:
        body["configuration"]["sales"]["taxRates"]["20"]["selectedTaxRateId"] = "D"

    after = there_and_back(before, edit).book.tax_codes
    assert after == (codes[0], TaxCode("20%", "D", present), codes[2])


def test_every_named_field_leads_back_to_itself_and_no_two_share_a_place() -> None:
    assert all(field_of(field.section, field.key) == field for field in NAMED)
    assert len({field.path for field in NAMED}) == len(NAMED)


def test_a_field_in_another_currency_is_that_currencys_own() -> None:
    book = structs.replace(default_book("GBP", DAYS), accounts={"tender": "1140"})
    assert account_of(book, "tender:card@EUR") == ""
    assert account_of(with_account(book, "tender:card@EUR", "1100"), "tender:card@EUR") == "1100"
    assert "tender" in MONEY_ROLES
