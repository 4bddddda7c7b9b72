"""The default chart and the book that maps every role to it; documents as ledger lines. No database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, get_args

import pytest
from books_cast import DAY

from connectors.general_ledger.chart import DEFAULT_CHART, ROLE_ACCOUNTS, SUSPENSE, default_book
from connectors.general_ledger.entry_lines import content_digest, entry_lines
from ledger import commerce
from ledger.book import Mode, Policy
from ledger.calendar import DayRule
from ledger.documents import Bill, CreditNote, Deposit, Header, Invoice, Journal, Line, Payment, TaxPart
from ledger.rules import expand

DAYS = (DayRule(date(2026, 1, 1), "Europe/London", 0),)
NOON, LATER = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 9, 12, tzinfo=UTC)
ROLES_OF_DOCUMENTS = {"receivable", "payable", "carried_balance"}  # made by composing, not by a rule


def one_of_everything() -> list[commerce.Record]:
    """Every kind of line, tender, fee, payout item, dispute, gift card change and cash movement."""
    tax = commerce.Tax("vat20", "VAT", 20)
    taken = commerce.Tax("market", "Tax", 20, collected_by="marketplace")
    kinds, methods = get_args(commerce.LineKind), get_args(commerce.TenderMethod)
    lines = [commerce.Line(k, k, 100, (tax,), 10, category="Food", cost=40, fulfilled_at=LATER) for k in kinds]
    lines += [commerce.Line("product", "back", -100, (taken,)), commerce.Line("gift_card", "gift", 80, face=100)]
    tenders = [commerce.Tender(m, m, 100, NOON, provider="P") for m in methods]
    tenders += [commerce.Tender("late", "card", 1, LATER), commerce.Tender("bare", "card", 1, NOON)]
    at: dict[str, Any] = {"updated_at": NOON, "currency": "GBP"}
    states = ("open", "completed")
    records: list[commerce.Record] = [
        commerce.Order(
            f"o{s}", "1", closed_at=NOON, lines=tuple(lines), tenders=tuple(tenders), stated=0, due=5, state=s, **at
        )
        for s in states
    ]
    records += [
        commerce.Refund(
            f"r{again}",
            "o",
            refunded_at=NOON,
            lines=tuple(lines),
            tenders=tuple(tenders),
            stated=0,
            due=5,
            restocked=again,
            **at,
        )
        for again in (True, False)
    ]
    records += [
        commerce.Fee(f"f{kind}{amount}", charged_at=NOON, amount=amount, kind=kind, taxes=(tax,), **at)
        for kind, amount in product(get_args(commerce.FeeKind), (100, -100))
    ]
    items = tuple(commerce.PayoutItem(kind, 1) for kind in get_args(commerce.PayoutItemKind))
    records.append(commerce.Payout("p", arrives_on=NOON, amount=100, items=items, **at))
    records += [
        commerce.Dispute(f"d{outcome}", opened_at=NOON, amount=100, outcome=outcome, closed_at=LATER, **at)
        for outcome in get_args(commerce.DisputeOutcome)
    ]
    records += [
        commerce.GiftCardChange(f"g{kind}", changed_at=NOON, amount=100, kind=kind, taxes=(tax,), **at)
        for kind in get_args(commerce.GiftCardChangeKind)
    ]
    records += [
        commerce.CashMovement(f"c{kind}", at=NOON, amount=100, kind=kind, label="Window cleaner", **at)
        for kind in get_args(commerce.CashMovementKind)
    ]
    return records


POLICIES = [
    Policy(cost=True, shrinkage=True, marketplace_tax="in_and_out", open_orders="receivable"),
    Policy(fees_from="payouts", recognize="fulfillment", voucher="single_purpose", disputes="sales_return"),
    Policy(discounts="net", sales_by="sku", expired_cards="keep"),
]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_default_book_has_an_account_for_every_role_that_any_rule_emits(policy: Policy) -> None:
    book = default_book("GBP", DAYS, policy=policy)
    roles = {leg.role for record in one_of_everything() for leg in expand(record, book)}
    assert len(roles) > 30
    assert book.missing(roles | ROLES_OF_DOCUMENTS) == []


@pytest.mark.parametrize("mode", get_args(Mode))
def test_the_default_book_contradicts_itself_in_no_mode(mode: Mode) -> None:
    assert default_book("GBP", DAYS, mode).conflicts() == []


def test_money_in_another_currency_has_its_accounts_only_when_the_book_says_so() -> None:
    assert default_book("GBP", DAYS).account("tender:card:stripe", "EUR") == ""
    book = default_book("GBP", DAYS, other_currencies=["EUR", "GBP"])
    assert book.account("tender:card:stripe", "EUR") == ROLE_ACCOUNTS["tender:card"]
    assert book.account("bank", "EUR") == ROLE_ACCOUNTS["bank"]


def test_every_role_points_to_an_account_of_the_chart_and_codes_are_unique() -> None:
    codes = Counter(account.code for account in DEFAULT_CHART)
    assert max(codes.values()) == 1
    assert {*ROLE_ACCOUNTS.values(), SUSPENSE} <= codes.keys()
    assert 45 <= len(codes) <= 60


def test_what_is_owed_is_a_liability_and_what_waits_is_an_asset() -> None:
    types = {account.code: account.type for account in DEFAULT_CHART}
    owed = ("tax", "tip", "gift_card", "store_credit", "deposit", "deferred_revenue", "payable", "unclaimed_property")
    assert {types[ROLE_ACCOUNTS[role]] for role in owed} == {"liability"}
    waiting = ("tender:card", "tender:cash", "bank", "reserve", "receivable", "dispute", "inventory", "fee_tax")
    assert {types[ROLE_ACCOUNTS[role]] for role in waiting} == {"asset"}


HEADER = Header("key", "CS1", DAY, "GBP", "Sales of the day")
TAXED = Line(
    "4000",
    1000,
    "Sales",
    "sales",
    tax_code="vat20",
    taxes=(TaxPart("2200", 150), TaxPart("2201", 50)),
    tracking=(("Shop", "North"),),
)
ZERO = Line("4900", 0, "Nothing", taxes=(TaxPart("2200", 0),))
DOCUMENTS = [
    Journal(HEADER, (Line("1100", 1000, "Card", "tender:card"), ZERO, Line("4000", -1000, "Sales", "sales"))),
    Invoice(HEADER, "Daily sales", "1200", (TAXED, ZERO, Line("4020", -100, "Discount", "discount"))),
    CreditNote(HEADER, "Daily sales", "1200", (TAXED,)),
    Bill(HEADER, "Processors", "2000", (TAXED,)),
    Payment(HEADER, "other", "1200", "1100", 500, "in", "Card", "tender:card"),
    Payment(HEADER, "other", "2000", "1100", 500, "out"),
    Deposit(HEADER, "1000", (TAXED,)),
    Deposit(HEADER, "1000", (Line("1100", -700, "Card"),)),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.kind)
def test_ledger_lines_are_the_documents_own_entries(document: Any) -> None:
    kept = [entry for entry in document.entries() if entry.debit or entry.credit]
    assert [line[:3] for line in entry_lines(document)] == kept
    assert sum(line.debit - line.credit for line in entry_lines(document)) == 0


def test_a_ledger_line_keeps_what_the_document_line_says() -> None:
    lines = entry_lines(DOCUMENTS[1])
    assert [line.description for line in lines] == ["Daily sales", "Sales", "Tax on Sales", "Tax on Sales", "Discount"]
    assert [line.role for line in lines] == ["receivable", "sales", "tax", "tax", "discount"]
    assert lines[1].tax_code == "vat20"
    assert lines[1].tracking == {"Shop": "North"}
    assert lines[4].tracking is None


def test_the_digest_sees_amounts_accounts_and_dates_but_not_words() -> None:
    def journal(amount: int = 5, account: str = "1100", day: date = DAY, words: str = "") -> Journal:
        lines = (Line(account, amount, words), Line("4000", -amount, words))
        return Journal(Header("key", "CS1", day, "GBP", words), lines)

    same = content_digest(journal())
    assert content_digest(journal(words="other")) == same
    others = [journal(6), journal(account="1000"), journal(day=date(2026, 4, 1))]
    assert same not in {content_digest(other) for other in others}
