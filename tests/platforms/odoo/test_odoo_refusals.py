"""Why Odoo says no: whose turn it is and what to do stands beside it, and what was mended leads to one document."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors import credentials, registry
from connectors.errors import NotAuthorized, PlatformDown, RefusalReason, Refused, Turn, UnknownOutcome
from connectors.http import open_door
from connectors.models import Connection, PushItem
from connectors.options import refresh_options
from ledger.documents import Bill, Deposit, Invoice, Journal, Line, Payment, TaxPart
from tests.commerce_sync.cast import books_of
from tests.platforms.odoo.cast import FIRST, a_shop, asked, balances, codes_of, delivered, header, session_of
from tests.platforms.odoo.fake import Fake
from tests.platforms.odoo.orm import CUSTOMER, SUPPLIER, VAT20

pytestmark = pytest.mark.django_db

JOURNAL = Journal(header(1), (Line("1000", 100, "a"), Line("4000", -100, "b")))
INVOICE = Invoice(header(2), str(CUSTOMER), "1200", (Line("4000", 1_000, "Tea"),))
TAXED = Invoice(
    header(3), str(CUSTOMER), "1200", (Line("4000", 1_000, "Tea", tax_code=str(VAT20), taxes=(TaxPart("2200", 200),)),)
)
BILL = Bill(header(4), str(SUPPLIER), "2000", (Line("6000", 73, "Fees"),))
DEPOSIT = Deposit(header(5), "1000", (Line("1100", 500, "Payout"),))
ALL = {"journal": JOURNAL, "invoice": INVOICE, "taxed": TAXED, "bill": BILL, "deposit": DEPOSIT}


@pytest.mark.parametrize(
    ("kind", "name", "locked"),
    [
        ("fiscalyear", "Global Lock Date", set(ALL)),
        ("hard", "Hard Lock Date", set(ALL)),
        ("sale", "Sales Lock Date", {"invoice", "taxed"}),
        ("purchase", "Purchase Lock Date", {"bill"}),
        ("tax", "Tax Return Lock Date", {"taxed"}),
    ],
)
def test_each_lock_date_keeps_out_what_it_locks_before_anything_is_sent(
    fake: Fake, kind: str, name: str, locked: set[str]
) -> None:
    company = a_shop(fake, days=0)
    fake.orm.company[f"{kind}_lock_date"] = FIRST.isoformat()
    for case, document in ALL.items():
        loads = fake.calls("load")
        if case not in locked:
            asked(company, "push", document)
            continue
        with pytest.raises(Refused, match=name) as refused:
            asked(company, "push", document)
        failure = refused.value
        assert (failure.reason, failure.whose_turn) == (RefusalReason.PERIOD_LOCKED, Turn.MERCHANT)
        assert fake.calls("load") == loads
    assert len(fake.documents()) == len(ALL) - len(locked)
    assert asked(company, "facts").lock_through == FIRST


def test_what_is_excepted_from_a_lock_for_our_user_is_let_in(fake: Fake) -> None:
    fields = {f"user_{kind}_lock_date": "0001-01-01" for kind in ("fiscalyear", "hard", "tax", "sale", "purchase")}
    fake.orm.fields["res.company"] = {**fake.orm.fields["res.company"], **fields}
    fake.orm.company.update(fields, sale_lock_date=FIRST.isoformat())
    company = a_shop(fake, days=0)
    assert asked(company, "facts").lock_through is None
    fake.orm.company["user_fiscalyear_lock_date"] = FIRST.isoformat()
    assert asked(company, "facts").lock_through == FIRST
    with pytest.raises(Refused, match="Global Lock Date"):
        asked(company, "push", JOURNAL)


@pytest.mark.parametrize("mode", ["journal", "invoice"])
@pytest.mark.case("A19")
def test_a_lock_that_comes_while_we_post_is_undone_and_refused(fake: Fake, mode: str) -> None:
    company = a_shop(fake, mode, days=1)
    fake.moves.late_lock = FIRST.isoformat()
    delivered(company)
    assert codes_of(company)[0] == ("refused", "period_locked", "merchant")
    assert (fake.documents(), fake.orm.rows["account.move"]) == ([], {})


SET_UP = {
    "archived journal": (
        "action_post", "UserError", "You cannot post an entry in an archived journal (INV)", "Activate the journal",
    ),
    "currency": (
        "action_post", "UserError", "You cannot validate a document with an inactive currency: JPY",
        "Activate the currency",
    ),
    "no default account": (
        "write", "ValidationError", "Missing required account on accountable line.", "the journal a default account",
    ),
    "gap": (
        "action_post", "UserError",
        "An error occurred when computing the inalterability. A gap has been detected in the sequence.",
        "Close the gap",
    ),
    "misaligned number": (
        "action_post", "ValidationError",
        "The Date (03/02/2026) you've entered isn't aligned with the existing sequence number (MISC/2025/0001). Clear"
        " the sequence number to proceed.", "Put the numbers of the journal right",
    ),
    "taken number": (
        "action_post", "ValidationError", "Another entry with the same name already exists.",
        "Put the numbers of the journal right",
    ),
    "other company": (
        "write", "UserError", "Uh-oh! You’ve got some company inconsistencies here:\n- “Entry” belongs to company “A”"
        " and “Account” (account_id: 4000 Sales) belongs to another company.", "the connection's company",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SET_UP)
def test_how_odoo_is_set_up_is_the_merchants_turn_and_mended_it_is_one_document(fake: Fake, case: str) -> None:
    method, name, message, remedy = SET_UP[case]
    company = a_shop(fake, days=1)
    fake.says[method] = (name, message)
    delivered(company)
    item = PushItem.objects.get(company=company)
    assert (item.state, item.failure_turn) == ("refused", "merchant")
    assert remedy in item.failure_remedy
    assert message[:40] in item.failure_sentence
    assert fake.documents() == []
    fake.says.clear()
    PushItem.objects.update(state="prepared")
    assert delivered(company).written == 1
    assert len(fake.documents()) == len(fake.orm.rows["account.move"]) == 1


@pytest.mark.case("A25")
def test_the_groups_that_have_a_lacking_right_are_named(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    fake.orm.forbidden.add("account.move")
    delivered(company)
    item = PushItem.objects.get(company=company)
    assert (item.failure_code, item.failure_turn) == ("permission", "merchant")
    assert item.failure_remedy.endswith("Accounting/Administrator, Accounting/Invoicing.")
    fake.orm.forbidden.clear()
    PushItem.objects.update(state="prepared")
    assert delivered(company).written == 1


def test_a_company_that_the_user_may_not_enter_is_named_as_the_reason(fake: Fake) -> None:
    company = a_shop(fake, days=1, company="1")
    fake.says["search_read"] = ("AccessError", "Access to unauthorized or invalid companies.")
    delivered(company)
    item = PushItem.objects.get(company=company)
    assert (item.failure_code, item.failure_turn) == ("permission", "merchant")
    assert "Allow the connected user the company" in item.failure_remedy


@pytest.mark.parametrize(
    "message",
    ["Account 1200 does not allow reconciliation. First change the configuration of this account to allow it.",
     "You have to configure the 'Exchange Gain or Loss Journal' in your company settings, to manage automatically …"],
)  # fmt: skip
def test_a_payment_that_odoo_will_not_match_does_not_stay_alone(fake: Fake, message: str) -> None:
    company = a_shop(fake, days=0)
    made = asked(company, "push", INVOICE)
    payment = Payment(header(9), "k2", "1200", "1100", 1_000, "in")
    platform = registry.accounting("odoo")
    with open_door(books_of(company), platform) as door:
        session = replace(session_of(company, door), remote_ids={"k2": made.remote_id})
        fake.says["reconcile"] = ("UserError", message)
        with pytest.raises(Refused) as refused:
            platform.push(session, payment)
        assert refused.value.whose_turn is Turn.MERCHANT
        assert balances(fake) == {"1200": 1_000, "4000": -1_000}
        assert platform.find(session, payment) is None
        fake.says.clear()
        paid = platform.push(session, payment)
        assert platform.find(session, payment) == paid
    assert balances(fake) == {"1100": 1_000, "4000": -1_000}
    assert len(fake.orm.rows["account.move"]) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("psycopg2.errors.SerializationFailure", PlatformDown),
        ("psycopg2.errors.DeadlockDetected", PlatformDown),
        ("psycopg2.errors.ForeignKeyViolation", Refused),
        ("psycopg2.errors.CheckViolation", Refused),
    ],
)
def test_a_collision_is_tried_again_and_a_violation_is_not(fake: Fake, name: str, expected: type[Exception]) -> None:
    company = a_shop(fake, days=0)
    fake.says["load"] = (
        name,
        "key (tax) is not present, constraint account_move_line_account_tax_rel_account_tax_id_fkey",
    )
    wanted = UnknownOutcome if fake.interface == "json2" else expected  # a status of 500 says nothing for certain
    with pytest.raises(wanted) as raised:
        asked(company, "push", JOURNAL)
    if isinstance(raised.value, Refused):
        assert raised.value.reason is RefusalReason.TAX_RATE_GONE
    fake.says.clear()
    asked(company, "push", JOURNAL)
    assert len(fake.documents()) == 1


def test_an_archived_tax_is_told_as_one_and_a_document_with_it_is_one(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    fake.orm.rows["account.tax"][VAT20]["active"] = False
    assert not {each.id: each for each in asked(company, "options") if each.kind == "tax_rate"}[str(VAT20)].active
    made = asked(company, "push", TAXED)  # Odoo computes with it: the cents are those of the document
    assert asked(company, "push", TAXED).remote_id == made.remote_id
    assert balances(fake) == {"1200": 1_200, "2200": -200, "4000": -1_000}


def test_a_key_that_is_revoked_ends_the_connection_and_a_new_one_loses_nothing(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    connection = books_of(company)
    fake.revoke()
    for act in (lambda: delivered(company), lambda: refresh_options(connection)):
        with pytest.raises(NotAuthorized) as ended:
            act()
        assert ended.value.whose_turn is Turn.MERCHANT
        assert fake.key not in str(ended.value)
    connection.refresh_from_db()
    assert connection.status == Connection.Status.DEAUTHORIZED
    credentials.store(connection_id=connection.pk, secrets=fake.connect_again())
    PushItem.objects.update(waits_until=None)
    assert delivered(company).written == 1
    assert len(fake.documents()) == 1


def test_a_new_key_may_be_set_while_the_old_one_still_works(fake: Fake) -> None:
    company = a_shop(fake, days=1)
    delivered(company)
    credentials.store(connection_id=books_of(company).pk, secrets=fake.connect_again())
    assert asked(company, "facts").base_currency == "GBP"
    later: Any = Journal(replace_day(JOURNAL, date(2026, 3, 9)), JOURNAL.lines)
    asked(company, "push", later)
    assert len(fake.documents()) == 2


def replace_day(document: Journal, day: date) -> Any:
    head = document.header
    return type(head)("k10", f"{head.reference}-2"[:20], day, head.currency, head.narration)
