"""Xero's own: its description judges every call, its own library reads what we wrote, its bans are met before it is."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors import push_send, registry
from connectors.accounting._xero_chart import Chart
from connectors.accounting._xero_parts import journal_parts
from connectors.accounting._xero_refusals import reason_of
from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.errors import MisconfiguredPlatform, NotAuthorized, RefusalReason, Refused
from connectors.http import open_door
from connectors.models import Binding, PushItem
from connectors.models import Option as OptionRow
from connectors.options import kept_accounts
from connectors.session import Option, Session
from ledger.documents import Deposit, Document, Header, Invoice, Journal, Line, Payment, TaxPart, reference_for
from tests.connectors.server import Answer
from tests.platforms.folders import SPECIFICATIONS
from tests.platforms.judges import judge_of
from tests.platforms.targets import Linked, a_month
from tests.platforms.xero.fake import TENANT, Fake, guid, running

pytestmark = pytest.mark.django_db
SPECIFICATION = SPECIFICATIONS / "accounting" / "xero" / "xero_accounting.yaml"
DAY = date(2026, 3, 5)


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(Xero, "budget", Budget())
        yield state


@pytest.fixture
def shop(fake: Fake) -> Linked:
    return Linked("xero", fake)


def account(code: str) -> str:
    return guid(f"account/{code}")


def a_header(key: str) -> Header:
    return Header(key, reference_for(key, DAY), DAY, "GBP", "sales")


def a_journal(*amounts: tuple[str, int], **line: Any) -> Journal:
    lines = tuple(Line(account(code), amount, f"On {code}", **line) for code, amount in amounts)
    return Journal(a_header(str(amounts)), lines)


def pushed(shop: Linked, document: Document, **remote_ids: str) -> tuple[str, dict[str, int]]:
    """Push one document, find it, and what it is in the books."""
    with open_door(shop.connection, shop.platform) as door:
        session = Session(shop.connection.pk, shop.company.pk, shop.connection.settings, door, remote_ids, kept(shop))
        made = shop.platform.push(session, document)
        found = shop.platform.find(session, document)
        assert found is not None
        assert found.remote_id == made.remote_id
    return made.remote_id.partition("/")[0], dict(shop.fake.documents())[document.header.reference]


def kept(shop: Linked) -> dict[str, Option]:
    return kept_accounts(shop.connection.pk)


def refusal(shop: Linked, document: Document) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        pushed(shop, document)
    assert shop.fake.documents() == []
    assert refused.value.status is None, "it was sent"
    return refused.value.reason.value, refused.value.whose_turn.value


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the vendor's description is not at hand")
@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_every_call_and_answer_is_as_the_vendor_describes_them(fake: Fake, mode: Any) -> None:
    shop = Linked("xero", fake, mode)
    shop.post(*a_month())
    fake.fail("lose_answer_after_commit", times=8)
    assert shop.settle().undelivered == 0
    for each in Binding.objects.order_by("-pk"):
        shop.void(each.remote_id, each.kind)
    judge = judge_of(SPECIFICATION)
    judged = set()
    for seen, found in fake.organisation.asked:
        if isinstance(found, Answer) or seen.path in ("/connect/token", "/connections"):
            continue
        asked: dict[str, Any] = {"method": seen.method, "path": seen.path}
        if seen.query:
            asked["query"] = {name: values[0] for name, values in seen.query.items()}
        if seen.body:
            asked["body"] = json.loads(seen.body)
        judge.judge({"request": asked, "response": found}, seen.headers)
        judged.add((seen.method, seen.path.split("/")[1]))
    wanted = {"Invoices", "CreditNotes", "Payments", "BankTransactions"} if mode == "invoice" else {"BankTransactions"}
    assert judged >= {(method, each) for each in wanted | {"ManualJournals"} for method in ("GET", "PUT", "POST")}


def test_the_vendors_own_library_reads_what_we_wrote(fake: Fake) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from xero_python.accounting import AccountingApi
        from xero_python.api_client import ApiClient
        from xero_python.api_client.configuration import Configuration
        from xero_python.api_client.oauth2 import OAuth2Token

    shop = Linked("xero", fake, "invoice")
    shop.post(*a_month())
    shop.settle()
    token = {"access_token": fake.organisation.token, "expires_in": 1_800, "token_type": "Bearer", "scope": []}
    client = ApiClient(
        Configuration(oauth2_token=OAuth2Token(client_id="us", client_secret="x")),
        oauth2_token_getter=lambda: token,
        oauth2_token_saver=lambda _: None,
    )
    api = AccountingApi(client, base_url=fake.server.url)
    sales = [each for each in api.get_invoices(TENANT, page=1).invoices if each.type == "ACCREC"]
    assert sorted(each.total for each in sales) == [Decimal("11.99"), Decimal("12.00"), Decimal("12.01")]
    assert {each.line_items[0].tax_type for each in sales} == {"OUTPUT2"}
    assert sum(each.total_tax for each in sales) == Decimal("5.99")
    note = api.get_credit_notes(TENANT, page=1).credit_notes[0]
    assert (note.total, note.date) == (Decimal("3.01"), date(2026, 3, 4))
    paid = api.get_payments(TENANT, page=1).payments
    assert {each.payment_type for each in paid} == {"ACCRECPAYMENT", "ARCREDITPAYMENT", "ACCPAYPAYMENT"}
    moved = api.get_bank_transactions(TENANT, page=1).bank_transactions
    assert sorted((each.type, each.total) for each in moved) == [
        ("RECEIVE", Decimal("25.00")),
        ("SPEND", Decimal("1.20")),
    ]
    assert api.get_organisations(TENANT).organisations[0].base_currency.value == "GBP"
    assert {each.reference for each in paid} <= {reference for reference, _ in fake.documents()}


def test_a_journal_that_touches_one_bank_account_is_money_received_or_spent(shop: Linked) -> None:
    kind, books = pushed(shop, a_journal(("1000", 9_200), ("6000", 280), ("1100", -9_480)))
    assert (kind, books) == ("BankTransactions", {"1000": 9_200, "6000": 280, "1100": -9_480})
    kind, books = pushed(shop, a_journal(("1000", -500), ("1100", 500)))
    assert (kind, books) == ("BankTransactions", {"1000": -500, "1100": 500})


def test_between_two_bank_accounts_it_is_a_transfer(shop: Linked, fake: Fake) -> None:
    row = fake.organisation.account({"Code": "1100"})
    assert row is not None
    row["Type"] = "BANK"
    OptionRow.objects.filter(connection=shop.connection, code="1100").update(type="bank")
    payout = Deposit(a_header("payout"), account("1000"), (Line(account("1100"), 9_200, "Card"),))
    assert pushed(shop, payout) == ("BankTransfers", {"1000": 9_200, "1100": -9_200})
    three = a_journal(("1000", 9_200), ("1100", -9_480), ("6000", 280))
    with pytest.raises(Refused, match="moves money on several"):
        pushed(shop, three)


def test_a_journal_on_accounts_receivable_is_an_invoice_and_one_that_lowers_it_a_credit_note(shop: Linked) -> None:
    kind, books = pushed(shop, a_journal(("1200", 1_300), ("1100", -100), ("4000", -1_000), ("2200", -200)))
    assert (kind, books) == ("Invoices", {"1200": 1_300, "1100": -100, "4000": -1_000, "2200": -200})
    kind, books = pushed(shop, a_journal(("1200", -1_300), ("1100", 1_270), ("6000", 30)))
    assert (kind, books) == ("CreditNotes", {"1200": -1_300, "1100": 1_270, "6000": 30})
    kind, books = pushed(shop, a_journal(("1200", 50), ("1200", -50), ("1100", 70), ("4000", -70)))
    assert (kind, books) == ("ManualJournals", {"1100": 70, "4000": -70})


@pytest.mark.parametrize("code", ["2000", "3200"])
def test_a_journal_on_another_control_account_is_refused_before_it_is_sent(shop: Linked, code: str) -> None:
    assert refusal(shop, a_journal((code, 100), ("4000", -100))) == ("account_inactive", "merchant")


def test_a_journal_on_accounts_receivable_and_a_bank_account_is_refused_before_it_is_sent(shop: Linked) -> None:
    paid = a_journal(("1000", 100), ("1200", 50), ("4000", -150))
    assert refusal(shop, paid) == ("account_inactive", "merchant")


def test_an_invoice_that_the_mapping_keeps_elsewhere_than_xero_is_refused_before_it_is_sent(shop: Linked) -> None:
    line = Line(account("4000"), 100, "Tea")
    invoice = Invoice(a_header("i"), "Daily sales", account("1210"), (line,))
    assert refusal(shop, invoice) == ("account_inactive", "merchant")


def test_a_payment_on_an_account_that_takes_none_is_refused_before_it_is_sent(shop: Linked) -> None:
    option = OptionRow.objects.get(connection=shop.connection, code="1100")
    option.detail["payments"] = False
    option.save()
    payment = Payment(a_header("p"), "k", account("1200"), account("1100"), 100, "in")
    with pytest.raises(Refused, match="takes no payments"):
        pushed(shop, payment, k="Invoices/x")


def test_a_payment_whose_invoice_is_not_there_is_refused_before_it_is_sent(shop: Linked) -> None:
    payment = Payment(a_header("p"), "k", account("1200"), account("1100"), 100, "in")
    assert refusal(shop, payment) == ("not_found", "support")


def test_three_dimensions_are_refused_before_they_are_sent_and_one_arrives(shop: Linked) -> None:
    three = tuple((name, "x") for name in ("a", "b", "c"))
    assert refusal(shop, a_journal(("6000", 100), ("4000", -100), tracking=three)) == ("over_limit", "support")
    pushed(shop, a_journal(("6000", 100), ("4000", -100), tracking=(("Store", "London"),)))
    (row,) = shop.fake.organisation.rows["ManualJournals"].values()
    assert row["JournalLines"][0]["Tracking"] == [{"Name": "Store", "Option": "London"}]


def test_another_currency_is_refused_in_journals_before_it_is_sent(shop: Linked) -> None:
    journal = a_journal(("6000", 100), ("4000", -100))
    euros = Journal(Header("k", "CS-K", DAY, "EUR", "sales"), journal.lines)
    assert refusal(shop, euros)[0] == "validation"


@pytest.mark.case("E03")
def test_the_tax_of_a_line_is_sent_as_the_sale_had_it_not_as_the_rate_would(shop: Linked) -> None:
    taxes = (TaxPart(account("2200"), 199),)
    line = Line(account("4000"), 1_000, "Tea", tax_code="OUTPUT2", taxes=taxes)
    kind, books = pushed(shop, Invoice(a_header("i"), "Daily sales", account("1200"), (line,)))
    assert (kind, books) == ("Invoices", {"1200": 1_199, "4000": -1_000, "2200": -199})


def test_tax_that_is_kept_on_another_account_is_a_line_of_its_own(shop: Linked) -> None:
    taxes = (TaxPart(account("2210"), 200),)
    line = Line(account("4000"), 1_000, "Tea", tax_code="OUTPUT2", taxes=taxes)
    _, books = pushed(shop, Invoice(a_header("i"), "Daily sales", account("1200"), (line,)))
    assert books == {"1200": 1_200, "4000": -1_000, "2210": -200}
    (row,) = shop.fake.organisation.rows["Invoices"].values()
    assert {each["TaxType"] for each in row["LineItems"]} == {"NONE"}


def test_tax_that_stands_alone_has_no_rate_of_its_own(shop: Linked) -> None:
    sold = Line(account("4000"), 1_000, "Tea")
    line = Line(account("2200"), 35, "Tax", role="tax:vat20", tax_code="OUTPUT2")
    _, books = pushed(shop, Invoice(a_header("i"), "Daily sales", account("1200"), (sold, line)))
    assert books == {"1200": 1_035, "4000": -1_000, "2200": -35}
    (row,) = shop.fake.organisation.rows["Invoices"].values()
    assert {each["TaxType"] for each in row["LineItems"]} == {"NONE"}


@pytest.mark.case("E03")
def test_tax_of_a_journal_is_shared_among_the_lines_it_is_on_to_the_penny() -> None:
    chart = Chart({"tax": Option("account", "tax", "VAT", "2200", "liability", detail={"system": "GST"})})
    lines = (
        Line("card", 1_100, "Card"),
        Line("sales", -700, "Food", tax_code="V"),
        Line("sales", -334, "Tea", tax_code="V"),
        Line("discount", 117, "Discount", tax_code="V"),
        Line("tax", -183, "Tax", role="tax:vat", tax_code="V"),
    )
    parts = journal_parts(lines, chart, with_rates=True)
    assert [(part.amount, part.tax_type, part.tax) for part in parts] == [
        (1_100, "NONE", 0), (-700, "V", -140), (-334, "V", -66), (117, "V", 23),
    ]  # fmt: skip
    assert sum(part.amount + part.tax for part in parts) == sum(line.amount for line in lines)
    assert [part.tax for part in journal_parts(lines, chart, with_rates=False)] == [0] * 5


def test_tax_of_a_journal_against_the_sign_of_its_lines_stays_a_line() -> None:
    chart = Chart({"tax": Option("account", "tax", "VAT", "2200", "liability", detail={"system": "GST"})})
    lines = (Line("card", 80, "Card"), Line("sales", -100, "Food", tax_code="V"), Line("tax", 20, "Tax", tax_code="V"))
    parts = journal_parts(lines, chart, with_rates=True)
    assert [(part.account, part.amount, part.tax_type) for part in parts] == [
        ("card", 80, "NONE"), ("sales", -100, "NONE"), ("tax", 20, "NONE"),
    ]  # fmt: skip


@pytest.mark.case("A21")
def test_a_number_that_somebody_else_took_is_a_matter_for_support(shop: Linked, fake: Fake) -> None:
    invoice = Invoice(a_header("i"), "Daily sales", account("1200"), (Line(account("4000"), 100, "Tea"),))
    pushed(shop, invoice)
    changed = Invoice(invoice.header, "Daily sales", account("1200"), (Line(account("4000"), 200, "Tea"),))
    with pytest.raises(Refused) as refused:
        pushed(shop, changed)
    assert refused.value.reason is RefusalReason.DUPLICATE
    assert len(fake.documents()) == 1


def test_a_tax_rate_that_is_gone_is_the_merchants_turn(shop: Linked, fake: Fake) -> None:
    fake.organisation.gone_taxes.add("OUTPUT2")
    shop.post(*a_month())
    shop.settle()
    found = PushItem.objects.filter(state="refused").values_list("failure_code", "failure_turn").distinct()
    assert list(found) == [("tax_rate_gone", "merchant")]


@pytest.mark.case("A25")
def test_an_organisation_that_was_disconnected_ends_the_access(shop: Linked, fake: Fake) -> None:
    fake.organisation.disconnected = True
    with pytest.raises(NotAuthorized, match="disconnected"):
        pushed(shop, a_journal(("6000", 100), ("4000", -100)))


def test_the_one_organisation_that_the_access_reaches_is_kept_with_the_connection(fake: Fake) -> None:
    del fake.settings["tenant_id"]
    shop = Linked("xero", fake)
    assert shop.connection.settings["tenant_id"] == TENANT
    assert shop.connection.settings["base_currency"] == "GBP"


def test_of_several_organisations_a_person_chooses(fake: Fake) -> None:
    del fake.settings["tenant_id"]
    fake.organisation.tenants["Crown & Rose"] = guid("another")
    with pytest.raises(MisconfiguredPlatform, match=f"tenant_id to one of .*{guid('another')}"):
        Linked("xero", fake)


def test_without_an_organisation_no_document_is_sent(shop: Linked) -> None:
    shop.connection.settings.pop("tenant_id")
    with pytest.raises(MisconfiguredPlatform, match="tenant_id"):
        pushed(shop, a_journal(("6000", 100), ("4000", -100)))
    assert shop.fake.documents() == []


def test_an_account_that_the_mapping_lacks_is_made_once_with_a_free_code(shop: Linked, fake: Fake) -> None:
    with open_door(shop.connection, shop.platform) as door:
        session = Session(shop.connection.pk, shop.company.pk, shop.connection.settings, door)
        made = shop.platform.create_account(session, name="Card clearing 2", type="asset")
        assert (made.code, made.type, made.active) == ("650", "asset", True)
        bank = shop.platform.create_account(session, name="Till bank", type="bank")
        assert bank.type == "bank"
        accounts = len(fake.organisation.accounts)
        assert shop.platform.create_account(session, name="card CLEARING 2", type="asset") == made
        with pytest.raises(Refused, match="already"):
            shop.platform.create_account(session, name="Till bank", type="asset")
        assert len(fake.organisation.accounts) == accounts
        with pytest.raises(Refused):
            shop.platform.create_account(session, name="X", type="magic")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("The document date cannot be before the end of year lock date, currently set at 31-Jul-2013", "period_locked"),
        ("Account code '200' has been archived, or deleted. Account is not active", "account_inactive"),
        ("Account code '999' is not a valid code for this document.", "account_inactive"),
        ("The TaxType code 'X' does not exist or cannot be used for this type of transaction.", "tax_rate_gone"),
        ("Invoice # must be unique.", "duplicate"),
        ("The contact has been archived", "contact_gone"),
        ("Please enter a unique Name.", "duplicate"),
        ("Payment amount exceeds the amount outstanding on this document", "validation"),
        ("The length of the field exceeds the maximum", "over_limit"),
        ("The organisation's subscription has expired", "subscription_expired"),
        ("The total debits (100.00) must equal total credits (-10.00)", "validation"),
    ],
)
def test_xeros_sentences_are_understood(words: str, reason: str) -> None:
    assert reason_of([words, "A validation exception occurred"]).value == reason


def test_the_budget_comes_within_a_tenth_of_the_published_rate() -> None:
    minute = registry.accounting("xero").budget.rates[0]
    steady = minute.seconds / minute.interval.total_seconds()
    assert minute.calls == 60
    assert 0.9 * minute.calls <= steady <= minute.calls
