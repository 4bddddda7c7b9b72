"""QuickBooks' own words: what a fault means, what a query may hold, what the company says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from connectors.accounting import _qbo_calls as calls
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.auth import Secrets
from connectors.credentials import FixedKeys
from connectors.declare import Budget
from connectors.errors import BadAnswer, MisconfiguredPlatform, PlatformDown, Refused, UnknownOutcome
from connectors.http import Door
from connectors.session import Session
from connectors.wire import Request, Response
from ledger.documents import Header, Invoice, Journal, Line, Payment
from tests.platforms.quickbooks_online.fake import REALM, TOKEN, Fake, running

PLATFORM = QuickBooksOnline()


def told(code: str, message: str = "", detail: str = "", *, kind: str = "ValidationFault", write: bool = True) -> Any:
    """What the platform makes of a fault."""
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    body = json.dumps({"Fault": {"Error": [error], "type": kind}, "time": "now"}).encode()
    return PLATFORM.refusal(Response(400, {}, body, "", write=write))


@pytest.mark.parametrize(
    ("code", "message", "detail", "reason", "turn"),
    [
        ("6210", "Account Period Closed, Cannot Update Through Services API", "", "period_locked", "merchant"),
        ("6000", "A business validation error", "The closing date is 2026-02-28.", "period_locked", "merchant"),
        ("6140", "Duplicate Document Number Error", "", "duplicate", "support"),
        ("6210", "Duplicate Document Number Error", "", "duplicate", "support"),
        ("6240", "Duplicate Name Exists Error", "", "duplicate", "support"),
        ("6190", "Invalid Company Status", "", "subscription_expired", "merchant"),
        (
            "610",
            "Object Not Found",
            "Something you're trying to use has been made inactive.",
            "account_inactive",
            "merchant",
        ),
        ("2500", "Invalid Reference Id", "Accounts element id 9 not found", "account_inactive", "merchant"),
        ("2500", "Invalid Reference Id", "TaxCode element id 9 not found", "tax_rate_gone", "merchant"),
        ("2500", "Invalid Reference Id", "Names element id 9 not found", "contact_gone", "merchant"),
        ("2500", "Invalid Reference Id", "Class element id 9 not found", "validation", "support"),
        ("5010", "Stale Object Error", "", "validation", "support"),
        ("6070", "Amount is not equal to UnitPrice * Qty", "", "validation", "support"),
        ("120", "Authorization Failure", "", "permission", "merchant"),
    ],
)
def test_a_fault_says_whose_turn_it_is(code: str, message: str, detail: str, reason: str, turn: str) -> None:
    failure = told(code, message, detail)
    assert isinstance(failure, Refused)
    assert (failure.reason.value, failure.whose_turn.value) == (reason, turn)
    assert message in failure.detail
    assert code in failure.detail


@pytest.mark.case("A04")
def test_a_failure_of_their_system_leaves_a_write_open_and_a_read_to_be_tried_again() -> None:
    assert isinstance(told("10000", kind="SystemFault"), UnknownOutcome)
    assert isinstance(told("10000", kind="SystemFault", write=False), PlatformDown)


def test_what_is_not_there_when_it_is_read_is_not_found() -> None:
    assert told("610", "Object Not Found", write=False).reason.value == "not_found"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"Fault": null}', b'{"Fault": 3}', b'{"time": "now"}'])
def test_an_answer_without_a_fault_is_left_to_the_table_of_statuses(body: bytes) -> None:
    assert PLATFORM.refusal(Response(400, {}, body, "")) is None


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with running() as company:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [company.place]
        yield company


@pytest.fixture
def session(fake: Fake) -> Iterator[Session]:
    """A session with the fake, without a company of ours."""
    keys = FixedKeys(Secrets(access_token=TOKEN))
    with Door(PLATFORM, None, keys, settings=fake.settings, trace=lambda trace: None) as door:
        yield Session(0, 0, fake.settings, door)


@pytest.mark.parametrize("name", ["O'Hara", "back\\slash", "both \\' of them", "' or Active = 'false", "Zoë 🧋"])
def test_a_query_finds_a_name_whatever_is_in_it(fake: Fake, session: Session, name: str) -> None:
    fake.company.put("Customer", "70", DisplayName=name)
    found = calls.query(session, "Customer", f"DisplayName = {calls.quoted(name)}")
    assert [row["Id"] for row in found] == ["70"]


def test_a_query_reads_every_page_and_nothing_is_an_empty_answer(
    fake: Fake, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calls.query(session, "Invoice") == []
    monkeypatch.setattr(calls, "ROWS_AT_ONCE", 7)
    for number in range(21):
        fake.company.put("Class", str(number), Name=f"Class {number}")
    assert len(calls.query(session, "Class")) == 21
    monkeypatch.setattr(calls, "MOST_PAGES", 2)
    with pytest.raises(BadAnswer):
        calls.query(session, "Class")


def test_the_company_says_its_currency_its_name_and_how_far_it_is_closed(fake: Fake, session: Session) -> None:
    facts = PLATFORM.facts(session)
    assert (facts.base_currency, facts.lock_through, facts.name, facts.remote_id) == (
        "GBP",
        None,
        "Rose & Crown",
        REALM,
    )
    fake.lock(date(2026, 2, 28))
    assert PLATFORM.facts(session).lock_through == date(2026, 2, 28)
    fake.company.rows["Preferences"]["1"]["AccountingInfoPrefs"]["BookCloseDate"] = "soon"
    with pytest.raises(BadAnswer):
        PLATFORM.facts(session)


def test_an_account_is_made_once_and_can_be_chosen(fake: Fake, session: Session) -> None:
    made = PLATFORM.create_account(session, name="Tips", type="liability", code="2155")
    assert (made.name, made.code, made.type) == ("Tips", "2155", "liability")
    assert made in PLATFORM.options(session)
    assert PLATFORM.create_account(session, name="Tips", type="liability", code="2155") == made  # the same request
    with pytest.raises(Refused) as refused:
        PLATFORM.create_account(session, name="Tips", type="asset")
    assert refused.value.reason.value == "duplicate"
    with pytest.raises(Refused):
        PLATFORM.create_account(session, name="Odd", type="non-posting")


def test_classes_and_locations_are_tracked_on_the_lines_of_a_journal(fake: Fake, session: Session) -> None:
    fake.company.put("Class", "100", Name="Web", FullyQualifiedName="Channel:Web")
    fake.company.put("Department", "200", Name="Camden")
    tracking = {(each.id, each.name, each.code) for each in PLATFORM.options(session) if each.kind == "tracking"}
    assert tracking == {("100", "Channel:Web", "class"), ("200", "Camden", "department")}
    where = (("class", "100"), ("department", "200"))
    bank, sales = fake.company.account("1000")["Id"], fake.company.account("4000")["Id"]
    lines = (Line(bank, 500, "Bank"), Line(sales, -500, "Sales", tracking=where))
    pushed = PLATFORM.push(session, Journal(header("j"), lines))
    sold = fake.company.rows["JournalEntry"][pushed.remote_id.partition("/")[2]]["Line"][1]["JournalEntryLineDetail"]
    assert (sold["ClassRef"], sold["DepartmentRef"]) == ({"value": "100"}, {"value": "200"})
    assert PLATFORM.find(session, Journal(header("j"), lines)) == pushed


def header(key: str, currency: str = "GBP") -> Header:
    return Header(key, f"CS261122-{key}", date(2026, 3, 2), currency, "sales")


def test_receivables_and_payables_in_a_journal_have_a_name(fake: Fake, session: Session) -> None:
    owed, owing = fake.company.account("1200")["Id"], fake.company.account("2000")["Id"]
    PLATFORM.push(session, Journal(header("a"), (Line(owed, 500, "Owed"), Line(owing, -500, "Owing"))))
    [row] = fake.company.rows["JournalEntry"].values()
    who = [line["JournalEntryLineDetail"]["Entity"] for line in row["Line"]]
    people = fake.company.rows["Customer"] | fake.company.rows["Vendor"]
    assert [people[each["EntityRef"]["value"]]["DisplayName"] for each in who] == [
        "Commerce Sync customer",
        "Commerce Sync vendor",
    ]


def test_a_payment_of_something_that_is_not_there_is_refused_before_it_is_sent(session: Session, fake: Fake) -> None:
    payment = Payment(header("p"), "gone", "1", "2", 500, "in")
    with pytest.raises(Refused) as refused:
        PLATFORM.push(session, payment)
    assert refused.value.reason.value == "not_found"
    assert [seen.method for seen in fake.company.asked] == []


def test_an_item_that_was_given_another_account_is_not_used(fake: Fake, session: Session) -> None:
    sales, other = fake.company.account("4000")["Id"], fake.company.account("4900")["Id"]
    fake.company.put("Item", "77", Name=f"Commerce Sync {sales}", IncomeAccountRef={"value": other})
    control = fake.company.account("1200")["Id"]
    with pytest.raises(Refused, match="another account"):
        PLATFORM.push(session, Invoice(header("i"), "8", control, (Line(sales, 500, "Sales"),)))


def test_the_number_of_the_company_is_needed_and_cannot_change_the_address() -> None:
    assert PLATFORM.setting_problem("realmId", "46208") == ""
    assert PLATFORM.setting_problem("realmId", "46208/../1") != ""
    with pytest.raises(MisconfiguredPlatform, match="realmId"):
        calls.query(Session(0, 0, {}), "Account")
    with pytest.raises(MisconfiguredPlatform, match="realmId"):
        calls.query(Session(0, 0, {"realmId": "1/2"}), "Account")


@pytest.mark.parametrize("remote_id", ["", "145", "Invoice/", "Invoice/1/2", "../x"])
def test_an_id_that_is_none_of_ours_leads_nowhere(remote_id: str) -> None:
    with pytest.raises(Refused) as refused:
        PLATFORM.read_back(Session(0, 0, {"realmId": "1"}), remote_id, "journal")
    assert refused.value.reason.value == "not_found"


class Answers:
    """A door that always answers the same."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def send(self, request: Request) -> Response:
        return Response(200, {}, self.body, "", write=request.write)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"nonsense", b'{"Account": {}}', b'{"Account": {"Id": 7}}'])
def test_an_unusable_answer_to_a_write_leaves_its_outcome_open(body: bytes) -> None:
    session = Session(0, 0, {"realmId": "1"}, Answers(body))
    with pytest.raises(UnknownOutcome):
        calls.create(session, "Account", {"Name": "Tips"}, "seed")
    with pytest.raises(BadAnswer):
        calls.read(session, "Account", "7")


def test_a_fault_with_status_200_is_a_fault() -> None:
    body = b'{"Fault": {"Error": [{"Message": "Duplicate Document Number Error", "code": "6140"}], "type": "V"}}'
    with pytest.raises(Refused) as refused:
        calls.create(Session(0, 0, {"realmId": "1"}, Answers(body)), "Account", {"Name": "Tips"}, "seed")
    assert refused.value.reason.value == "duplicate"


def test_amounts_are_exact_and_have_the_decimals_of_their_currency() -> None:
    assert str(calls.amount(123_456_789_012_345, "GBP")) == "1234567890123.45"
    assert str(calls.amount(1_200, "JPY")) == "1200"
    assert str(calls.amount(1_234, "KWD")) == "1.234"


def test_all_that_can_be_chosen_is_offered_what_is_out_of_use_as_inactive(fake: Fake, session: Session) -> None:
    company = fake.company
    company.put("TaxRate", "11", Name="VAT 20 %", RateValue=20)
    rates = {"TaxRateDetail": [{"TaxRateRef": {"value": "11"}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}]}
    company.put("TaxCode", "5", Name="20.0% S", SalesTaxRateList=rates)
    company.put("TaxCode", "6", Name="Old", Active=False)
    company.put("TaxCode", "7", Name="Hidden", Hidden=True)
    company.put("Account", "900", Name="Card", AccountType="Credit Card", CurrencyRef={"value": "USD"}, Active=False)
    company.put("Account", "901", Name="Estimates", AccountType="Non-Posting")
    company.put("Item", "70", Name="Tea", Sku="TEA", Type="Inventory", IncomeAccountRef={"value": "65"})
    company.put("Vendor", "71", DisplayName="Tea & Co", CurrencyRef={"value": "EUR"})
    found = {(each.kind, each.id): each for each in PLATFORM.options(session)}
    tax = [found["tax_rate", id] for id in ("5", "6", "7")]
    assert [(each.active, each.detail["Sales"], each.detail["Purchase"]) for each in tax] == [
        (True, ["20"], []),
        (False, [], []),
        (False, [], []),
    ]
    card = found["account", "900"]
    assert (card.type, card.currency, card.active, card.detail["type"]) == ("liability", "USD", False, "Credit Card")
    assert ("account", "901") not in found
    tea = found["item", "70"]
    assert (tea.name, tea.code, tea.detail) == ("Tea", "TEA", {"type": "Inventory", "account": "65"})
    assert found["supplier", "71"].currency == "EUR"
    assert {kind for kind, _ in found} == {"account", "tax_rate", "customer", "supplier", "item"}
