"""What others say of our bodies and of our fake: Intuit's schema, and a library that Intuit's customers use."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.objects.account import Account
from quickbooks.objects.bill import Bill
from quickbooks.objects.billpayment import BillPayment
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.deposit import Deposit
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.journalentry import JournalEntry
from quickbooks.objects.payment import Payment
from requests_oauthlib import OAuth2Session

from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.declare import Budget
from connectors.models import Option as OptionRow
from ledger.documents import decode_document
from ledger.models import Document
from tests.platforms.quickbooks_online.cast import a_shop, sentences, states
from tests.platforms.quickbooks_online.fake import LISTS, REALM, TOKEN, TRANSACTIONS, Fake, FakeQuickBooks, running
from tests.platforms.quickbooks_online.judge import FOLDER, Judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with running() as company:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [company.place]
        yield company


@pytest.fixture
def vendor(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    """The library, talking to the fake."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{fake.server.url}/v3")
    client = QuickBooks(company_id=REALM, minorversion=75)
    client.use_decimal = True
    with OAuth2Session("us", token={"access_token": TOKEN}) as session:
        client.session = session
        yield client


@pytest.fixture(scope="module")
def judge() -> Judge:
    if not FOLDER.exists():
        pytest.skip("Intuit's schema is not at hand")
    return Judge(*TRANSACTIONS, *LISTS)


def posted(fake: Fake) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body that was sent: of what, and what."""
    names = {each.lower(): each for each in (*TRANSACTIONS, *LISTS)}
    for seen in fake.company.asked:
        if seen.method == "POST" and seen.path.startswith("/v3"):
            yield names[seen.path.rpartition("/")[2]], json.loads(seen.body, parse_float=Decimal)


@pytest.mark.parametrize("mode", ["journal", "invoice"])
@pytest.mark.parametrize("country", ["GB", "US"])
def test_what_is_sent_and_what_the_fake_answers_fits_the_schema(
    fake: Fake, mode: Any, country: str, judge: Judge, settings: Any
) -> None:
    with running(lambda: FakeQuickBooks(country=country)) as other:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [other.place]
        company = other.company
        company.put("TaxRate", "11", Name="VAT 20 %", RateValue=20)
        rates = {"TaxRateDetail": [{"TaxRateRef": {"value": "11"}}]}
        company.put("TaxCode", "5", Name="20.0% S", SalesTaxRateList=rates)
        other.settings["untaxed_code"] = "2"
        other.tax_codes = {"vat20": "5"} if country == "GB" else {}
        shop = a_shop(other, mode)
        shop.deliver()
        assert set(states(shop)) == {"pushed"}, sentences(shop)
        sent = list(posted(other))
    assert {entity for entity, _ in sent} >= (
        {"JournalEntry"} if mode == "journal" else {"Invoice", "CreditMemo", "Bill"}
    )
    assert [(entity, fault) for entity, body in sent for fault in judge.faults(entity, body)] == []
    rows = [(entity, row) for entity in TRANSACTIONS for row in company.rows[entity].values()]
    answers = [(entity, {name: row[name] for name in row if name not in ("left",)}) for entity, row in rows]
    assert [(entity, fault) for entity, row in answers for fault in judge.faults(entity, row)] == []


def test_the_judge_finds_what_is_wrong(judge: Judge) -> None:
    assert judge.faults("JournalEntry", {"DocNumer": "1"}) == ["JournalEntry.DocNumer is not in the schema"]
    [fault] = judge.faults("JournalEntry", {"TxnDate": "2026-13-01"})
    assert "TxnDate" in fault


def test_the_library_reads_the_documents_that_we_wrote(fake: Fake, vendor: QuickBooks) -> None:
    shop = a_shop(fake, "invoice")
    shop.deliver()
    documents = [decode_document(bytes(row.body)) for row in Document.objects.filter(company=shop.company)]
    ours: dict[str, dict[str, Decimal]] = {"invoice": {}, "credit_note": {}, "bill": {}}
    for each in documents:
        ours.setdefault(each.kind, {})[each.header.reference] = Decimal(each.total) / 100
    for kind, entity in (("invoice", Invoice), ("credit_note", CreditMemo), ("bill", Bill)):
        read = {row.DocNumber: Decimal(row.TotalAmt) for row in entity.all(qb=vendor)}
        assert read == ours[kind], kind
    assert {row.DocNumber for row in JournalEntry.all(qb=vendor)} <= ours["payment"].keys() | ours.get(
        "journal", {}
    ).keys()
    received = {row.PaymentRefNum: Decimal(row.TotalAmt) for row in Payment.all(qb=vendor) if row.PaymentRefNum}
    assert received
    assert received.items() <= ours["payment"].items()
    linked = Counter(link.TxnType for row in Payment.all(qb=vendor) for line in row.Line for link in line.LinkedTxn)
    assert linked["Invoice"] >= 2
    assert linked["CreditMemo"] == linked["JournalEntry"] - 1
    [invoice] = Invoice.filter(DocNumber=min(ours["invoice"]), qb=vendor)
    names = {item.Id: item.Name for item in Item.all(qb=vendor)}
    assert {names[line.SalesItemLineDetail.ItemRef.value] for line in invoice.Line if line.DetailType[:5] == "Sales"}
    deposits = {row.PrivateNote.partition(" ")[0] for row in Deposit.all(qb=vendor)}
    assert deposits <= ours["deposit"].keys()
    assert [row.PayType for row in BillPayment.all(qb=vendor)] == ["Check", "Check"]


def test_what_the_library_makes_we_offer_to_choose(fake: Fake, vendor: QuickBooks) -> None:
    account = Account()
    account.Name, account.AccountType, account.AcctNum = "Tips of O'Hara", "Other Current Liability", "2155"
    account.save(qb=vendor)
    customer = Customer()
    customer.DisplayName = "Zoë's \\ Till"
    customer.save(qb=vendor)
    shop = a_shop(fake)
    options = {(row.kind, row.name): row for row in OptionRow.objects.filter(connection=shop.connection)}
    made = options["account", "Tips of O'Hara"]
    assert (made.code, made.type, made.active) == ("2155", "liability", True)
    assert options["customer", "Zoë's \\ Till"].active
