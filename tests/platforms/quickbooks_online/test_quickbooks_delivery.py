"""Documents at QuickBooks Online: once, whatever gets lost; to the cent, however they are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from connectors import credentials, push_send
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.declare import Budget
from connectors.errors import NotAuthorized, RefusalReason, Refused
from connectors.http import open_door
from connectors.models import Binding, PushItem
from connectors.push import Delivery
from connectors.push_support import retry_items
from connectors.session import Session
from connectors.voiding import request_voids, void_due
from ledger.book import Mode
from ledger.models import Document
from tests.commerce_sync.cast import trial_balance
from tests.ledger.builders import an_order
from tests.platforms.quickbooks_online.cast import a_shop, sentences, states, week
from tests.platforms.quickbooks_online.fake import TRANSACTIONS, Fake, FakeQuickBooks, running
from tests.platforms.targets import Linked, as_books_keep_them

pytestmark = pytest.mark.django_db


@pytest.fixture
def fakes(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A maker of companies at QuickBooks; the first access is good until it is taken."""
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    # What the platform lets us do a second is not what these tests are about.
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    opened: list[AbstractContextManager[Fake]] = []

    def make(**facts: Any) -> Fake:
        opened.append(running(partial(FakeQuickBooks, **facts)))
        fake = opened[-1].__enter__()
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [fake.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"quickbooks_online": {"client_id": "us", "client_secret": "s"}}
        return fake

    yield make
    for each in opened:
        each.__exit__(None, None, None)


@pytest.fixture
def fake(fakes: Any) -> Fake:
    return fakes()  # type: ignore[no-any-return]


def own_books(mode: Mode) -> dict[str, int]:
    """What our own books say of the same week."""
    found = trial_balance(as_books_keep_them(mode, *week()))
    return {account: balance for account, balance in sorted(found.items()) if balance}


def in_full(shop: Linked, rounds: int = 40) -> None:
    """Deliver until nothing is left to be tried."""
    for _ in range(rounds):
        shop.deliver()
        if not set(states(shop)) - {"pushed", "refused"}:
            return
        shop.an_hour_passes()
    raise AssertionError(states(shop))


def why(shop: Linked) -> set[tuple[str, str]]:
    """Reasons, and whose turn it is, of what was refused."""
    return set(
        PushItem.objects.filter(company=shop.company, state="refused").values_list("failure_code", "failure_turn")
    )


def agreed(shop: Linked) -> Counter[bool | None]:
    return Counter(Binding.objects.filter(connection=shop.connection).values_list("agrees", flat=True))


@pytest.mark.parametrize("mode", ["journal", "invoice"])
@pytest.mark.parametrize("country", ["GB", "US"])
def test_the_trial_balance_is_that_of_our_own_books(fakes: Any, mode: Mode, country: str) -> None:
    fake = fakes(country=country)
    shop = a_shop(fake, mode)
    shop.deliver()
    assert set(states(shop)) == {"pushed"}, sentences(shop)
    assert fake.company.balances() == own_books(mode)
    assert agreed(shop) == {True: len(states(shop))}
    sent = len([seen for seen in fake.company.asked if seen.method == "POST"])
    shop.deliver()
    assert len([seen for seen in fake.company.asked if seen.method == "POST"]) == sent


def test_what_is_paid_is_closed_and_what_has_no_form_is_linked(fake: Fake) -> None:
    shop = a_shop(fake, "invoice")
    shop.deliver()
    rows = fake.company.rows
    used = {entity: len(rows[entity]) for entity in TRANSACTIONS}
    assert used["Invoice"] >= 2, used
    assert used["CreditMemo"] >= 2, used
    assert used["Bill"] == 2, used
    assert used["Deposit"] == 2, used
    assert {row["left"] for entity in ("Invoice", "CreditMemo", "Bill") for row in rows[entity].values()} == {0}
    links = [row for row in (*rows["Payment"].values(), *rows["BillPayment"].values()) if row["TotalAmt"] == 0]
    # Money for a customer; fees that a clearing account pays; a sale that is paid by a gift card, which is a liability.
    assert len(links) == used["CreditMemo"] + used["Bill"] + 1


@pytest.mark.parametrize("mode", ["journal", "invoice"])
@pytest.mark.parametrize(
    ("fault", "remembers"),
    [("lose_after", True), ("lose_after", False), ("drop_before", False), ("err500_after", False)],
)
@pytest.mark.case("A01")
def test_each_lost_answer_ends_with_one_document(fake: Fake, mode: Mode, fault: str, remembers: bool) -> None:
    fake.company.remembers = remembers
    shop = a_shop(fake, mode)
    strikes, seen_before = fake.server.meets_faults, set()

    def once(seen: Any) -> bool:
        """Every write meets the fault the first time that it is sent."""
        key = seen.query.get("requestid", [""])[0]
        is_first = strikes(seen) and key not in seen_before
        seen_before.add(key)
        return is_first

    fake.server.meets_faults = once
    fake.fail_as(fault, times=1_000)
    in_full(shop)
    assert set(states(shop)) == {"pushed"}, why(shop)
    assert fake.company.balances() == own_books(mode)
    assert max(Counter(reference for reference, _ in fake.documents()).values()) == 1


def test_an_access_that_ends_is_renewed_while_writing(fake: Fake) -> None:
    shop = a_shop(fake)
    fake.fail("401")
    shop.deliver()
    assert set(states(shop)) == {"pushed"}
    assert {credentials.load(shop.connection.pk).access_token} == fake.company.tokens


def test_an_access_that_was_taken_away_changes_nothing(fake: Fake) -> None:
    shop = a_shop(fake)
    fake.company.tokens, fake.company.refresh = {"another"}, "another"
    with pytest.raises(NotAuthorized):
        shop.deliver()
    assert fake.documents() == []


@pytest.mark.parametrize("kind", ["429", "429_retry_after", "5xx"])
def test_what_the_platform_asks_to_wait_for_is_waited_for(fake: Fake, kind: str) -> None:
    shop = a_shop(fake)
    fake.fail(kind, times=2)
    in_full(shop)
    assert set(states(shop)) == {"pushed"}
    assert fake.company.balances() == own_books("journal")


@pytest.mark.case("A19")
def test_a_closed_period_is_the_merchant_s_turn_and_goes_on_when_it_is_opened(fake: Fake) -> None:
    shop = a_shop(fake)
    fake.lock(date(2026, 3, 2))
    shop.deliver()
    assert why(shop) == {("period_locked", "merchant")}
    assert "pushed" in states(shop)
    fake.company.closed = ""
    retry_items(connection_id=shop.connection.pk, actor="test")
    in_full(shop)
    assert fake.company.balances() == own_books("journal")


@pytest.mark.parametrize(
    ("mode", "account", "reason"),
    [("journal", "4000", "account_inactive"), ("invoice", "4000", "account_inactive")],
)
def test_an_archived_account_is_the_merchant_s_turn(fake: Fake, mode: Mode, account: str, reason: str) -> None:
    shop = a_shop(fake, mode, an_order("o1"))
    fake.archive(account)
    shop.deliver()
    assert why(shop) == {(reason, "merchant")}
    assert fake.documents() == []


@pytest.mark.case("A20")
def test_a_customer_that_is_gone_is_the_merchant_s_turn(fake: Fake) -> None:
    shop = a_shop(fake, "invoice", an_order("o1"))
    del fake.company.rows["Customer"]["8"]
    shop.deliver()
    assert why(shop) == {("contact_gone", "merchant")}


def test_receivables_of_another_type_are_refused_before_anything_is_sent(fake: Fake) -> None:
    shop = a_shop(fake, "invoice", an_order("o1"))
    fake.company.account("1200")["AccountType"] = "Other Current Asset"
    shop.deliver()
    assert why(shop) == {("account_inactive", "merchant")}
    assert [seen for seen in fake.company.asked if seen.method == "POST"] == []


def voided(shop: Linked) -> int:
    """Take everything back; how many documents went."""
    documents = list(Document.objects.filter(company=shop.company).values_list("pk", flat=True))
    with transaction.atomic():
        request_voids(document_ids=documents)
    with open_door(shop.connection, shop.platform) as door:
        session = Session(shop.connection.pk, shop.company.pk, shop.connection.settings, door)
        return void_due(Delivery(shop.platform, session)).voided


@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_what_is_taken_back_is_gone_and_a_second_time_changes_nothing(fake: Fake, mode: Mode) -> None:
    shop = a_shop(fake, mode)
    shop.deliver()
    bound = list(Binding.objects.values_list("remote_id", "kind"))
    assert voided(shop) == len(bound)
    assert fake.documents() == []
    for remote_id, kind in bound:
        shop.void(remote_id, kind)
    with open_door(shop.connection, shop.platform) as door:
        session = Session(shop.connection.pk, shop.company.pk, shop.connection.settings, door)
        with pytest.raises(Refused) as refused:
            shop.platform.read_back(session, next(each for each, kind in bound if kind != "invoice"), "journal")
    assert refused.value.reason is RefusalReason.NOT_FOUND
    assert fake.documents() == []


@pytest.mark.case("A22")
def test_a_document_that_somebody_changed_in_between_is_taken_back_as_it_is(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"))
    shop.deliver()
    answer = fake.company.answer

    def changed(seen: Any) -> Any:
        found = answer(seen)
        if seen.method == "GET" and "/journalentry/" in seen.path:
            for row in fake.company.rows["JournalEntry"].values():
                row["SyncToken"] = "1"
        return found

    fake.server.otherwise = changed
    assert voided(shop) == 1
    assert fake.documents() == []


@pytest.mark.case("A17")
def test_a_document_that_a_person_deleted_there_is_told(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"))
    shop.deliver()
    Binding.objects.update(verified_at=None, agrees=None)
    fake.company.rows["JournalEntry"].clear()
    shop.deliver()
    assert states(shop) == ["removed"]


@pytest.mark.case("A16")
def test_two_documents_with_our_number_are_a_question_and_not_an_answer(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"))
    fake.fail("lose_answer_after_commit")
    shop.deliver()
    (row,) = fake.company.rows["JournalEntry"].values()
    fake.company.put("JournalEntry", "999", **{name: row[name] for name in ("DocNumber", "Line", "TxnDate")})
    shop.an_hour_passes()
    shop.deliver()
    assert why(shop) == {("duplicate", "support")}


def test_tax_by_code_stands_in_the_platform_s_tax_fields(fake: Fake) -> None:
    fake.offer_tax_codes()
    shop = a_shop(fake, "invoice")
    shop.deliver()
    assert set(states(shop)) == {"pushed"}, sentences(shop)
    assert fake.company.balances() == own_books("invoice")
    assert agreed(shop) == {True: len(states(shop))}
    invoice = next(iter(fake.company.rows["Invoice"].values()))
    assert invoice["GlobalTaxCalculation"] == "TaxExcluded"
    [line] = invoice["TxnTaxDetail"]["TaxLine"]
    assert line["Amount"] == invoice["TxnTaxDetail"]["TotalTax"]
    assert line["TaxLineDetail"]["TaxRateRef"] == {"value": "11"}
    assert line["TaxLineDetail"]["TaxPercent"] == 20


def test_tax_that_the_book_keeps_on_another_account_than_the_platform_is_a_line_of_its_own(fake: Fake) -> None:
    fake.offer_tax_codes()
    fake.company.tax_account = fake.settings["tax_account"] = fake.company.account("2210")["Id"]
    shop = a_shop(fake, "invoice")
    shop.deliver()
    assert set(states(shop)) == {"pushed"}, sentences(shop)
    assert fake.company.balances() == own_books("invoice")
    assert {"TxnTaxDetail" in each for each in fake.company.rows["Invoice"].values()} == {False}


def test_where_tax_by_code_stands_is_not_guessed(fake: Fake) -> None:
    fake.offer_tax_codes()
    del fake.settings["tax_account"]
    shop = a_shop(fake, "invoice", an_order("o1"))
    shop.deliver()
    assert agreed(shop) == {None: 1, True: 1}


def test_a_tax_code_that_is_gone_is_the_merchant_s_turn(fake: Fake) -> None:
    fake.tax_codes = {"vat20": "5"}
    shop = a_shop(fake, "invoice", an_order("o1"))
    shop.deliver()
    assert why(shop) == {("tax_rate_gone", "merchant")}


def test_american_sales_tax_is_overridden_when_the_merchant_wants_it_so(fakes: Any) -> None:
    fake = fakes(country="US")
    fake.settings["sales_tax"] = "codes"
    shop = a_shop(fake, "invoice")
    shop.deliver()
    assert set(states(shop)) == {"pushed"}, sentences(shop)
    assert fake.company.balances() == own_books("invoice")
    invoice = next(iter(fake.company.rows["Invoice"].values()))
    codes = {line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in invoice["Line"][:-1]}
    assert codes == {"TAX", "NON"}
    assert invoice["TxnTaxDetail"]["TotalTax"] > 0
    assert "GlobalTaxCalculation" not in invoice


@pytest.mark.case("A11")
def test_the_key_of_a_request_is_on_the_wire_and_short_enough(fake: Fake) -> None:
    shop = a_shop(fake, "invoice")
    shop.deliver()
    keys = [seen.query["requestid"][0] for seen in fake.company.asked if seen.method == "POST"]
    assert len(keys) == len(set(keys)) > 10
    assert {len(key) <= 50 for key in keys} == {True}
    assert {seen.query["minorversion"][0] for seen in fake.company.asked} == {"75"}
