"""Reports and exports of the built-in general ledger, from posted documents, and the chart's own changes."""

from __future__ import annotations

import csv
import io
import shutil
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from subprocess import run

import pytest
from beancount import loader
from beancount.core import data
from books_cast import BANK, CARD, CASH, COST, FEES, SALES, TAX, a_connection, a_journal

from connectors.errors import RefusalReason, Refused
from connectors.general_ledger import accounts, beancount, hledger, periods, reports
from connectors.general_ledger.exports import FILE_NAMES, export
from connectors.general_ledger.posting import push_many
from connectors.general_ledger.voiding import void_entry
from connectors.models import Connection
from connectors.models.books_account import BooksAccount
from connectors.models.books_lock import BooksLock
from ledger.models import AuditEntry
from ledger.money import to_decimal

pytestmark = pytest.mark.django_db
HLEDGER = shutil.which("hledger")
BEAN_CHECK = Path(sys.executable).parent / "bean-check"
LAST_YEAR, MARCH, APRIL = date(2025, 12, 31), date(2026, 3, 31), date(2026, 4, 2)


@pytest.fixture
def books() -> Connection:
    """Two years, three currencies, an odd name, a fee, a payout and a voided entry."""
    connection = a_connection()
    accounts.rename_account(connection_id=connection.pk, code=CASH, name="Kasse ☕; a:b  (alt)", actor="amy")
    outcomes = push_many(
        connection.pk,
        [
            a_journal("a", (CARD, 5_000), (SALES, -5_000), day=LAST_YEAR),
            a_journal("b", (CARD, 12_000), (SALES, -10_000), (TAX, -2_000), day=MARCH, narration="=cmd; | date:x [2]"),
            a_journal("c", (FEES, 300), (CARD, -300), day=MARCH),
            a_journal("d", (COST, 4_000), ("1300", -4_000), day=MARCH),
            a_journal("e", (BANK, 11_700), (CARD, -11_700), day=APRIL),
            a_journal("f", (CASH, 1_234), (SALES, -1_234), day=MARCH, currency="JPY"),
            a_journal("g", (CASH, 1_234), (SALES, -1_234), day=MARCH, currency="KWD"),
            a_journal("h", (CARD, 99), (SALES, -99), day=MARCH),
        ],
    )
    assert not any(isinstance(outcome, Refused) for outcome in outcomes)
    void_entry(connection.pk, outcomes[-1].entry_id)  # type: ignore[union-attr]
    # Another company's books, which nothing here may ever show.
    push_many(a_connection("The Outsider").pk, [a_journal("z", (CARD, 7), (SALES, -7), day=MARCH)])
    return connection


def test_the_trial_balance_of_a_day_holds_what_was_posted_up_to_it(books: Connection) -> None:
    figures = {(row.currency, row.code): row.amount for row in reports.trial_balance(books.pk, MARCH)}
    assert figures == {
        ("GBP", CARD): 16_700,
        ("GBP", "1300"): -4_000,
        ("GBP", TAX): -2_000,
        ("GBP", SALES): -15_000,
        ("GBP", FEES): 300,
        ("GBP", COST): 4_000,
        ("JPY", CASH): 1_234,
        ("JPY", SALES): -1_234,
        ("KWD", CASH): 1_234,
        ("KWD", SALES): -1_234,
    }
    assert sum(row.amount for row in reports.trial_balance(books.pk) if row.currency == "GBP") == 0


def test_profit_and_loss_counts_its_period_only(books: Connection) -> None:
    pounds = reports.profit_and_loss(books.pk, date(2026, 1, 1), MARCH)[0]
    assert (pounds.total_income, pounds.gross_profit, pounds.net_profit) == (10_000, 6_000, 5_700)
    assert reports.profit_and_loss(books.pk, APRIL, APRIL) == []


def test_the_balance_sheet_balances_with_computed_earnings(books: Connection) -> None:
    sheets = reports.balance_sheet(books.pk, date(2026, 12, 31))
    assert [sheet.currency for sheet in sheets] == ["GBP", "JPY", "KWD"]
    assert all(sheet.total_assets == sheet.total_liabilities + sheet.total_equity for sheet in sheets)
    assert (sheets[0].earnings, sheets[0].earlier_earnings) == (5_700, 5_000)
    later = reports.balance_sheet(books.pk, MARCH, year_start=date(2026, 4, 1))[0]
    assert (later.earnings, later.earlier_earnings) == (0, 10_700)


def test_an_account_ledger_runs_on_from_what_came_before_and_leads_to_its_documents(books: Connection) -> None:
    rows = list(reports.account_ledger(books.pk, CARD, date(2026, 1, 1)))
    assert [(row.debit - row.credit, row.balance) for row in rows] == [
        (12_000, 17_000),
        (-300, 16_700),
        (99, 16_799),
        (-99, 16_700),
        (-11_700, 5_000),
    ]
    assert [row.document_key for row in rows] == ["b", "c", "h", "reverse:h", "e"]
    assert all(row.entry_id and row.reference.startswith("CS26") for row in rows)
    cash = [(row.currency, row.balance) for row in reports.account_ledger(books.pk, CASH)]
    assert cash == [("JPY", 1_234), ("KWD", 1_234)]


def test_the_general_journal_is_in_the_order_of_days_and_balances(books: Connection) -> None:
    rows = list(reports.general_journal(books.pk))
    assert [row.date for row in rows] == sorted(row.date for row in rows)
    assert len(rows) == 19
    assert sum(row.debit - row.credit for row in rows) == 0
    assert {row.document_key for row in reports.general_journal(books.pk, APRIL)} == {"e"}


def decimals(books: Connection, module: object) -> dict[tuple[str, str], Decimal]:
    name = module.account_name  # type: ignore[attr-defined]
    return {
        (name(row.type, row.code, row.name), row.currency): to_decimal(row.amount, row.currency)
        for row in reports.trial_balance(books.pk)
    }


@pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed")
def test_hledger_accepts_the_export_and_finds_our_trial_balance(books: Connection, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAMES["hledger"]
    path.write_text("".join(export(books.pk, "hledger")), encoding="utf-8")
    env = {"LC_ALL": "C.UTF-8"}
    checked = run([str(HLEDGER), "-f", str(path), "check", "--strict"], capture_output=True, text=True, env=env)
    assert checked.returncode == 0, checked.stderr
    command = [str(HLEDGER), "-f", str(path), "balance", "--flat", "--no-total", "-O", "csv", "--layout=bare"]
    told = run(command, capture_output=True, text=True, env=env, check=True).stdout
    found = {(row[0], row[1]): Decimal(row[2]) for row in list(csv.reader(io.StringIO(told)))[1:]}
    assert {key: amount for key, amount in found.items() if amount} == decimals(books, hledger)


def test_beancount_accepts_the_export_and_finds_our_trial_balance(books: Connection, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAMES["beancount"]
    path.write_text("".join(export(books.pk, "beancount")), encoding="utf-8")
    checked = run([str(BEAN_CHECK), "-C", str(path)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    found: dict[tuple[str, str], Decimal] = {}
    for entry in loader.load_file(str(path))[0]:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            key = (posting.account, posting.units.currency)
            found[key] = found.get(key, Decimal(0)) + posting.units.number
    assert {key: amount for key, amount in found.items() if amount} == decimals(books, beancount)


def test_the_csv_exports_hold_every_line_and_every_balance(books: Connection) -> None:
    lines = list(csv.DictReader(io.StringIO("".join(export(books.pk, "csv")))))
    assert len(lines) == 19
    assert {line["narration"] for line in lines} >= {"'=cmd; | date:x [2]", "sales"}
    balances = list(csv.DictReader(io.StringIO("".join(export(books.pk, "trial-balance-csv", None, MARCH)))))
    assert {
        "currency": "KWD",
        "account_code": SALES,
        "account_name": "Sales",
        "type": "income",
        "debit": "",
        "credit": "1.234",
    } in balances


def audited(connection: Connection) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(company=connection.company).order_by("id").values_list("code", "actor"))


def test_installing_the_chart_again_keeps_what_was_changed() -> None:
    connection = a_connection()
    accounts.rename_account(connection_id=connection.pk, code=CARD, name="Stripe", actor="amy")
    before = BooksAccount.objects.filter(connection=connection).count()
    accounts.install_chart(connection_id=connection.pk)
    assert BooksAccount.objects.filter(connection=connection).count() == before
    assert BooksAccount.objects.get(connection=connection, code=CARD).name == "Stripe"


def test_an_account_in_use_is_archived_and_an_unused_one_may_be_deleted(books: Connection) -> None:
    with pytest.raises(Refused, match="archived, not deleted"):
        accounts.delete_account(connection_id=books.pk, code=CARD, actor="amy")
    for _ in range(2):
        accounts.archive_account(connection_id=books.pk, code=CARD, actor="amy")
    accounts.delete_account(connection_id=books.pk, code="6900", actor="amy")
    codes = [code for code, _ in audited(books)]
    assert codes == ["books.account_renamed", "books.account_archived", "books.account_deleted"]
    assert not BooksAccount.objects.filter(connection=books, code="6900").exists()
    assert any(row.code == CARD for row in reports.trial_balance(books.pk))


def test_a_new_account_gets_a_free_code_of_its_type() -> None:
    connection_id = a_connection().pk
    made = accounts.add_account(connection_id=connection_id, name=" Repairs ", type="expense", actor="amy")
    assert (made.code, made.name) == ("6001", "Repairs")
    chosen = accounts.add_account(connection_id=connection_id, name="Rent", type="expense", code="r7", actor="amy")
    assert chosen.code == "R7"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"code": CARD}, RefusalReason.DUPLICATE),
        ({"code": "a-b"}, RefusalReason.VALIDATION),
        ({"name": "  "}, RefusalReason.VALIDATION),
        ({"name": "n" * 201}, RefusalReason.VALIDATION),
        ({"type": "poem"}, RefusalReason.VALIDATION),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_its_reason(values: dict[str, str], reason: RefusalReason) -> None:
    arguments = {"connection_id": a_connection().pk, "name": "New", "type": "asset", "actor": "amy"} | values
    with pytest.raises(Refused) as caught:
        accounts.add_account(**arguments)  # type: ignore[arg-type]
    assert caught.value.reason == reason


def test_what_is_not_there_is_said_so() -> None:
    connection_id = a_connection().pk
    for change in (
        lambda: accounts.rename_account(connection_id=connection_id, code="8", name="n", actor="amy"),
        lambda: accounts.archive_tax_rate(connection_id=connection_id, code="8", actor="amy"),
        lambda: accounts.archive_account(connection_id=0, code=CARD, actor="amy"),
        lambda: periods.lock_period(connection_id=0, through=MARCH, author="amy"),
    ):
        with pytest.raises(Refused) as caught:
            change()
        assert caught.value.reason == RefusalReason.NOT_FOUND


def test_locking_and_opening_leave_their_trail_and_opening_needs_a_reason() -> None:
    connection = a_connection()
    own = {"connection_id": connection.pk, "author": "amy"}
    periods.lock_period(**own, through=MARCH)  # type: ignore[arg-type]
    periods.lock_period(**own, through=MARCH)  # type: ignore[arg-type]
    for through in (LAST_YEAR, None):
        with pytest.raises(Refused, match="say why"):
            periods.lock_period(**own, through=through)  # type: ignore[arg-type]
    periods.lock_period(**own, through=None, reason="the auditor asked")  # type: ignore[arg-type]
    assert periods.locked_through(connection.pk) is None
    assert [lock.locked_through for lock in BooksLock.objects.order_by("id")] == [MARCH, None]
    assert audited(connection) == [("books.period_locked", "amy"), ("books.period_unlocked", "amy")]
    detail = AuditEntry.objects.get(code="books.period_unlocked").detail
    assert (detail["before"], detail["after"], detail["reason"]) == ("2026-03-31", None, "the auditor asked")
