"""Odoo by both of its interfaces, through the ordinary engine, against the fake; OdooRPC reads what we wrote."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import odoorpc
import pytest

from connectors import credentials, registry
from connectors.accounting._odoo_errors import Fault, Said, of_answer, of_call
from connectors.errors import Failure, MisconfiguredPlatform, NotAuthorized, PlatformDown, RefusalReason, Refused
from connectors.http import open_door
from connectors.models import Binding, Connection, PushItem
from connectors.push import Delivery
from connectors.voiding import request_voids, void_due
from ledger.documents import (
    Bill,
    Deposit,
    Invoice,
    Line,
    Payment,
    TaxPart,
)
from tests.commerce_sync.cast import books_of
from tests.platforms.odoo.cast import (
    FIRST,
    a_shop,
    asked,
    balances,
    codes_of,
    decoded,
    delivered,
    header,
    in_own_books,
    session_of,
)
from tests.platforms.odoo.fake import DATABASE, KEY, LOGIN, Fake
from tests.platforms.odoo.orm import CUSTOMER, SUPPLIER, VAT20

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_the_trial_balance_is_that_of_our_own_books(fake: Fake, mode: str) -> None:
    company = a_shop(fake, mode)
    while delivered(company).written:
        pass
    assert [state for state, *_ in codes_of(company)] == ["pushed"] * len(fake.documents())
    assert balances(fake) == in_own_books(mode)
    assert set(Binding.objects.filter(connection=books_of(company)).values_list("agrees", flat=True)) == {True}
    count = len(fake.documents())
    assert delivered(company).written == 0
    assert len(fake.documents()) == count


def test_an_invoice_has_the_cents_the_accounts_and_the_tax_code_of_the_document(fake: Fake) -> None:
    fake.orm.seed("account.account", 1201, code="1201", name="Other", account_type="asset_receivable", active=True)
    fake.orm.rows["res.partner"][CUSTOMER]["receivable"] = 1201  # not the account that the book chose
    fake.orm.rows["account.tax"][VAT20]["account"] = 1230
    company = a_shop(fake, "invoice")
    delivered(company)
    lines = [line for line in fake.orm.rows["account.move.line"].values() if line["tax_line_id"]]
    assert lines
    assert {line["account_id"] for line in lines} == {2200}
    assert balances(fake) == in_own_books("invoice")


def test_tax_that_somebody_else_collects_and_tax_that_stands_alone_are_not_worked_out_again(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=0)
    code = str(VAT20)
    sold = Line("4000", 2_000, "At the market", role="sales", tax_code=code)
    alone = Line("2200", 35, "Tax", role="tax:vat20", tax_code=code)
    asked(company, "push", Invoice(header(), str(CUSTOMER), "1200", (sold, alone)))
    assert balances(fake) == {"1200": 2_035, "2200": -35, "4000": -2_000}
    lines = [line for line in fake.orm.rows["account.move.line"].values() if line["tax_ids"]]
    assert [line["name"] for line in lines] == ["At the market"]


@pytest.mark.case("A07")
def test_what_cannot_be_made_equal_is_refused_and_leaves_nothing(fake: Fake) -> None:
    fake.moves.keeps_taxes = False
    fake.orm.rows["account.tax"][VAT20]["amount"] = Decimal(10)
    company = a_shop(fake, "invoice", days=1)
    delivered(company)
    assert ("refused", "validation", "support") in codes_of(company)
    assert fake.orm.rows["account.move"] == {}


def test_taxes_as_amounts_need_no_tax_of_odoo(fake: Fake) -> None:
    fake.orm.rows["account.tax"][VAT20]["amount"] = Decimal(10)
    company = a_shop(fake, "invoice", taxes="amounts")
    delivered(company)
    assert balances(fake) == in_own_books("invoice")
    assert not [line for line in fake.orm.rows["account.move.line"].values() if line["tax_ids"]]


def test_a_paid_invoice_is_matched_with_its_payment(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=1)
    delivered(company)
    terms = [line for line in fake.orm.rows["account.move.line"].values() if line["display_type"] == "payment_term"]
    assert terms
    assert all(line["reconciled"] for line in terms)


WRITES = ["load", "write", "action_post"]


@pytest.mark.parametrize("kind", ["lose_answer_after_commit", "lose_before", "5xx"])
@pytest.mark.parametrize("method", WRITES)
@pytest.mark.case("A01")
def test_whichever_answer_is_lost_there_is_one_document(fake: Fake, kind: str, method: str) -> None:
    company = a_shop(fake, days=1)
    fake.fail(kind, on=method)
    assert delivered(company).written == 0
    PushItem.objects.update(waits_until=None)
    assert delivered(company).written == 1
    assert len(fake.documents()) == len(fake.orm.rows["account.move"]) == 1
    assert balances(fake) == {"1100": 1201, "2200": -200, "4000": -1001}


def test_a_lost_answer_to_matching_does_not_match_twice(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=1)
    fake.fail("lose_answer_after_commit", on="reconcile")
    delivered(company)
    PushItem.objects.update(waits_until=None)
    delivered(company)
    assert [state for state, *_ in codes_of(company)] == ["pushed", "pushed"]
    assert len(fake.documents()) == 2
    assert fake.calls("reconcile") == 1


def test_a_lost_matching_is_done_by_the_next_attempt(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=1)
    fake.fail("lose_before", on="reconcile")
    delivered(company)
    PushItem.objects.update(waits_until=None)
    delivered(company)
    assert [state for state, *_ in codes_of(company)] == ["pushed", "pushed"]
    assert len(fake.documents()) == 2
    assert fake.calls("reconcile") == 2


def test_429_is_waited_for(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.fail("429_retry_after")
    assert delivered(company).written == 1


def test_a_locked_period_is_the_merchants_turn_and_leaves_no_draft(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.lock(FIRST)
    delivered(company)
    assert codes_of(company) == [("refused", "period_locked", "merchant")]
    assert fake.orm.rows["account.move"] == {}
    assert asked(company, "facts").lock_through == FIRST


def test_an_invoice_that_odoo_dates_elsewhere_is_undone_and_refused(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=1)
    fake.orm.company["tax_lock_date"] = FIRST.isoformat()
    delivered(company)
    assert codes_of(company)[0] == ("refused", "period_locked", "merchant")
    assert fake.documents() == []


def test_an_archived_account_is_the_merchants_turn(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.archive("4000")
    delivered(company)
    assert codes_of(company) == [("refused", "account_inactive", "merchant")]
    assert {option.id for option in asked(company, "options") if not option.active} == {"4000"}


@pytest.mark.case("A20")
def test_a_tax_and_a_customer_that_are_gone_are_named(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=1)
    del fake.orm.rows["account.tax"][VAT20]
    delivered(company)
    assert codes_of(company)[0] == ("refused", "tax_rate_gone", "merchant")
    other = a_shop(fake, "invoice", days=1, codes=False, name="Other")
    del fake.orm.rows["res.partner"][CUSTOMER]
    delivered(other)
    assert codes_of(other)[0] == ("refused", "contact_gone", "merchant")


def test_a_right_that_lacks_is_said(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.orm.forbidden.add("account.journal")
    delivered(company)
    assert codes_of(company) == [("refused", "permission", "merchant")]


def test_a_key_that_ended_ends_the_access(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    credentials.store(connection_id=books_of(company).pk, secrets=msgspec.structs.replace(fake.secrets, api_key="old"))
    with pytest.raises(NotAuthorized):
        delivered(company)
    assert fake.documents() == []


@pytest.mark.case("A16")
def test_two_with_our_reference_are_a_persons_business(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    [(reference, _)] = fake.documents()
    fake.orm.new("account.move", ref=reference, date=FIRST.isoformat())
    document = decoded(company)
    with pytest.raises(Refused) as failure:
        asked(company, "find", document)
    assert failure.value.reason is RefusalReason.DUPLICATE


@pytest.mark.parametrize("mode", ["journal", "invoice"])
@pytest.mark.parametrize("how", ["cancel", "reverse"])
def test_taken_back_twice_is_taken_back_once(fake: Fake, how: str, mode: str) -> None:
    company = a_shop(fake, mode, days=1, take_back=how)
    delivered(company)
    bindings = list(Binding.objects.filter(connection=books_of(company)).order_by("-id"))
    for binding in (*bindings, *bindings):
        asked(company, "void", binding.remote_id, binding.kind)
    assert balances(fake) == {}
    assert len(fake.orm.rows["account.move"]) == len(bindings) * (2 if how == "reverse" else 1)


def test_what_is_sealed_is_not_canceled(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    fake.moves.is_sealed = True
    with pytest.raises(Refused):
        asked(company, "void", Binding.objects.get().remote_id, "journal")


def test_a_canceled_or_removed_move_reads_back_as_gone(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    move = int(Binding.objects.get().remote_id)
    for change in ({"state": "cancel"}, None):
        if change is None:
            del fake.orm.rows["account.move"][move]
        else:
            fake.orm.rows["account.move"][move] |= change
        with pytest.raises(Refused) as failure:
            asked(company, "read_back", str(move), "journal")
        assert failure.value.reason is RefusalReason.NOT_FOUND


def test_a_wrong_address_does_not_say_that_a_document_is_gone(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    Connection.objects.filter(pk=books_of(company).pk).update(
        settings=fake.settings | {"base_url": fake.server.url + "/elsewhere"}
    )
    with pytest.raises(MisconfiguredPlatform):
        asked(company, "void", Binding.objects.get().remote_id, "journal")


def test_several_companies_need_a_setting_and_are_named(fake: Fake) -> None:
    fake.orm.seed("res.company", 2, name="Other", currency_id=1)
    company = a_shop(fake, days=1)
    delivered(company)
    assert codes_of(company)[0][:2] == ("refused", "MisconfiguredPlatform")
    assert "1 is Rose & Crown Ltd, 2 is Other" in PushItem.objects.get(company=company).failure_sentence
    other = a_shop(fake, days=1, company="1", name="Other")
    assert delivered(other).written == 1


def test_a_journal_is_the_one_that_the_setting_names_and_the_others_are_told(fake: Fake) -> None:
    fake.orm.seed("account.journal", 9, code="POS", type="sale", company_id=1, name="Point of sale")
    invoice = Invoice(header(), str(CUSTOMER), "1200", (Line("4000", 1_000, "Tea"),))
    asked(a_shop(fake, days=0, sale_journal="POS"), "push", invoice)
    assert [move["journal_id"] for move in fake.orm.rows["account.move"].values()] == [9]
    other = a_shop(fake, days=0, name="Other", sale_journal="POS2")
    with pytest.raises(MisconfiguredPlatform, match="with the code POS2: there are INV, POS"):
        asked(other, "push", Invoice(header(2), str(CUSTOMER), "1200", invoice.lines))


def test_options_and_facts_are_those_of_the_company(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    facts = asked(company, "facts")
    assert (facts.base_currency, facts.lock_through, facts.name) == ("GBP", None, "Rose & Crown Ltd")
    found = {(option.kind, option.id): option for option in asked(company, "options")}
    assert found["account", "1000"].type == "bank"
    assert found["account", "6000"].type == "expense"
    assert found["tax_rate", str(VAT20)].detail["rate_ppm"] == 200_000
    assert ("customer", str(CUSTOMER)) in found
    assert ("customer", str(SUPPLIER)) not in found
    assert {"item", "tracking", "supplier"} <= {kind for kind, _ in found}
    assert (found["tracking", "71"].code, found["tracking", "71"].detail) == ("S1", {"dimension": "Places"})


def test_an_account_is_made_with_the_next_code_of_its_type(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    made = asked(company, "create_account", name="Online sales", type="income")
    assert (made.code, made.type) == ("4901", "income")
    with pytest.raises(Failure):
        asked(company, "create_account", name="Again", type="income", code="4901")
    with pytest.raises(Refused):
        asked(company, "create_account", name="Nothing", type="chocolate")


@pytest.mark.parametrize("fake", ["jsonrpc"], indirect=True)
def test_odoorpc_reads_what_we_wrote(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=1)
    delivered(company)
    client = odoorpc.ODOO("127.0.0.1", port=fake.server.port)
    client.login(DATABASE, LOGIN, KEY)
    moves = client.env["account.move"]
    [invoice] = moves.search([["move_type", "=", "out_invoice"]])
    [shown] = moves.read([invoice], ["ref", "date", "state", "partner_id"])
    document = decoded(company)
    assert (shown["ref"], shown["date"], shown["state"]) == (document.header.reference, FIRST.isoformat(), "posted")
    assert shown["partner_id"][1] == "Daily sales"
    record = moves.browse(invoice)
    assert {line.account_id.code: round(line.balance, 2) for line in record.line_ids} == {
        "1200": 12.01, "4000": -10.01, "2200": -2.0
    }  # fmt: skip


def test_the_engine_takes_back_what_it_delivered(fake: Fake) -> None:
    company = a_shop(fake, "invoice", days=1)
    delivered(company)
    ids = list(PushItem.objects.filter(company=company).values_list("document_id", flat=True))
    request_voids(document_ids=ids)
    connection, platform = books_of(company), registry.accounting("odoo")
    with open_door(connection, platform) as door:
        assert void_due(Delivery(platform, session_of(company, door))).open == 0
    assert balances(fake) == {}


def test_a_draft_stays_a_draft_and_is_found_as_one(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    lines = (Line("4000", 1_000, "Tea", taxes=(TaxPart("2200", 200),), tracking=(("Shop", "71"),)),)
    invoice = Invoice(header(), str(CUSTOMER), "1200", lines, draft=True)
    made = asked(company, "push", invoice)
    assert asked(company, "find", invoice) == made == asked(company, "push", invoice)
    assert fake.documents() == []
    assert [move["state"] for move in fake.orm.rows["account.move"].values()] == ["draft"]
    tracked = [line["analytic_distribution"] for line in fake.orm.rows["account.move.line"].values()]
    assert {"71": 100} in tracked
    read = asked(company, "read_back", made.remote_id, "invoice")
    assert sorted(read.legs) == [("1200", 1_200, 0), ("2200", 0, 200), ("4000", 0, 1_000)]


def test_a_payment_of_nothing_is_not_sent(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    with pytest.raises(Refused):
        asked(company, "push", Payment(header(2), "k9", "1200", "1000", 100, "in"))
    assert fake.orm.rows["account.move"] == {}


def test_a_bill_and_its_payment_and_a_deposit_meet_the_accounts_of_the_document(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    bill = Bill(header(1), str(SUPPLIER), "2000", (Line("6000", 73, "Fees"),))
    made = asked(company, "push", bill)
    payment = Payment(header(2), "k1", "2000", "1100", 73, "out")
    connection, platform = books_of(company), registry.accounting("odoo")
    with open_door(connection, platform) as door:
        session = replace(session_of(company, door), remote_ids={"k1": made.remote_id})
        paid = platform.push(session, payment)
        assert platform.find(session, payment) == paid
    deposit = Deposit(header(3), "1000", (Line("1100", -500, "Payout"),))
    asked(company, "push", deposit)
    expected = [document.entries() for document in (bill, payment, deposit)]
    sent = [{entry.account: entry.debit - entry.credit for entry in entries} for entries in expected]
    assert [legs for _, legs in fake.documents()] == sent
    assert all(line["reconciled"] for line in fake.orm.rows["account.move.line"].values() if line["account_id"] == 2000)


@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_a_half_made_draft_is_not_there_and_is_taken_up(fake: Fake, mode: str) -> None:
    company = a_shop(fake, mode, days=1)
    fake.fail("lose_answer_after_commit", on="write")
    delivered(company)
    document = decoded(company)
    assert asked(company, "find", document) is None
    [draft] = fake.orm.rows["account.move"]
    assert asked(company, "push", document).remote_id == str(draft)
    assert len(fake.documents()) == len(fake.orm.rows["account.move"]) == 1


def test_a_partial_payment_is_matched_once_and_another_may_follow(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    invoice = Invoice(header(1), str(CUSTOMER), "1200", (Line("4000", 1_000, "Tea"),))
    made = asked(company, "push", invoice)
    connection, platform = books_of(company), registry.accounting("odoo")
    with open_door(connection, platform) as door:
        session = replace(session_of(company, door), remote_ids={"k1": made.remote_id})
        for number, amount in ((2, 400), (3, 600)):
            payment = Payment(header(number), "k1", "1200", "1100", amount, "in")
            paid = platform.push(session, payment)
            assert platform.find(session, payment) == paid == platform.push(session, payment)
    assert fake.calls("reconcile") == 2
    assert all(line["reconciled"] for line in fake.orm.rows["account.move.line"].values() if line["account_id"] == 1200)


@pytest.mark.parametrize(
    ("name", "message", "expected"),
    [
        ("odoo.exceptions.AccessDenied", "Access Denied", NotAuthorized),
        ("psycopg2.errors.SerializationFailure", "could not serialize access", PlatformDown),
        ("builtins.ValueError", "Invalid field 'x' on model 'account.move'", MisconfiguredPlatform),
        ("odoo.exceptions.AccessError", "You are not allowed to modify 'Journal Entry' records.", "permission"),
        ("odoo.exceptions.UserError", "The account Sales (4000) is deprecated.", "account_inactive"),
        ("odoo.exceptions.MissingError", "Record does not exist or has been deleted. account.tax(5,)", "tax_rate_gone"),
        ("odoo.exceptions.MissingError", "Record does not exist or has been deleted. (account.move(5,))", "not_found"),
        ("odoo.exceptions.ValidationError", "Account codes must be unique.", "duplicate"),
        ("odoo.exceptions.UserError", "Your database has expired.", "subscription_expired"),
        ("odoo.exceptions.RedirectWarning", "Please configure the journal first.", "validation"),
        ("odoo.exceptions.UserError",
         "You cannot add/modify entries prior to and inclusive of the lock date 2026-01-31.", "period_locked"),
    ],
)  # fmt: skip
def test_a_sentence_of_odoo_has_one_meaning_in_both_interfaces(name: str, message: str, expected: Any) -> None:
    by_json2 = of_answer(422, msgspec.json.encode({"name": name, "message": message}))
    by_rpc = of_call(Said("Odoo Server Error", Fault(name, message)), write=True)
    assert type(by_json2) is type(by_rpc)
    for failure in (by_json2, by_rpc):
        if isinstance(expected, str):
            assert isinstance(failure, Refused)
            assert failure.reason == expected
        else:
            assert isinstance(failure, expected)


def test_settings_that_cannot_be_are_refused(fake: Fake) -> None:
    platform = registry.accounting("odoo")
    assert platform.setting_problem("interface", "soap")
    assert platform.setting_problem("company", "one")
    assert not platform.setting_problem("take_back", "reverse")
    assert not platform.setting_problem("company", "3")
    for settings in ({"interface": "soap"}, {"company": "one"}, {"general_journal": "NONE"}, {"company": "9"}):
        company = a_shop(fake, days=1, name=str(settings), **settings)
        delivered(company)
        assert [each[:2] for each in codes_of(company)] in (
            [("refused", "MisconfiguredPlatform")], [("refused", "permission")]
        )  # fmt: skip
    assert fake.orm.rows["account.move"] == {}
