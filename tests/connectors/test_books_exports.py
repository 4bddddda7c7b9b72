"""Exports and printed statements, from rows as values: each grammar accepts every odd name. No database."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from books_cast import DAY
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.general_ledger import beancount, hledger, spreadsheet, statements
from connectors.general_ledger.report_rows import Balance, JournalRow
from ledger.money import to_decimal

HLEDGER = shutil.which("hledger")
needs_hledger = pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed")
BEAN_CHECK = Path(sys.executable).parent / "bean-check"

ODD = (
    "Café ☕ & Söhne",
    "売上　口座",
    "a  two  spaces",
    "semi;colon: colon",
    "=1+1",
    '"quoted" \\ back\\',
    "tab\tand\nnewline\u2028",
    "date:tomorrow, [2026-99-99]",
    "(virtual) [balanced]",
    "; comment",
    "* star ! bang",
    "👩‍👩‍👧 ﷽ \u202e reversed",
    "|pipe| @ 5 USD",
    "",
)
Account = tuple[str, str, str]


def rows_of(name: str, currency: str, amount: int, entry_id: int = 1, words: str = "") -> list[JournalRow]:
    """One entry of two lines in which everything that can be named is named ``name``."""

    text = words or name

    def row(code: str, kind: str, debit: int, credit: int) -> JournalRow:
        label = name or "Plain"
        key, reference = f"key/{text}", f"CS-{entry_id}"
        head = (entry_id, DAY, reference, key, "journal", currency, text)
        return JournalRow(*head, code, label, kind, debit, credit, text, "sales")

    return [row("1100", "asset", amount, 0), row("4000", "income", 0, amount)]


def accounts_of(name: str) -> list[Account]:
    return [("asset", "1100", name or "Plain"), ("income", "4000", name or "Plain")]


def hledger_accepts(text: str, tmp_path: Path) -> list[list[str]]:
    """Check strictly; then the balances as rows (account, amount)."""
    path = tmp_path / "books.journal"
    path.write_text(text, encoding="utf-8")
    env = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    base = [str(HLEDGER), "-f", str(path)]
    checked = subprocess.run([*base, "check", "--strict"], capture_output=True, text=True, env=env)
    assert checked.returncode == 0, checked.stderr + text
    told = subprocess.run(
        [*base, "balance", "--flat", "--no-total", "-E", "-O", "csv"],
        capture_output=True,
        text=True,
        env=env,
        check=True,
    )
    return list(csv.reader(io.StringIO(told.stdout)))[1:]


def beancount_balances(text: str) -> dict[tuple[str, str], Decimal]:
    """The balances per account and currency after bean-check's own loader found no error."""
    entries, errors, _ = loader.load_string(text)
    assert errors == [], (errors, text)
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                found[posting.account, posting.units.currency] += posting.units.number
    return dict(found)


@needs_hledger
def test_hledger_accepts_every_odd_name_at_once(tmp_path: Path) -> None:
    rows = [row for number, name in enumerate(ODD, 1) for row in rows_of("Sales", "GBP", 100, number, name)]
    names = [("asset", f"A{number}", name) for number, name in enumerate(ODD) if name]
    used = [
        row._replace(account_code=f"A{n}", account_name=name, account_type="asset")
        for n, name in enumerate(ODD)
        if name
        for row in rows_of(name, "GBP", 7, 100 + n)
    ]
    text = "".join(hledger.hledger_journal([*rows, *used], [*accounts_of("Sales"), *names], ["GBP"]))
    told = dict(hledger_accepts(text, tmp_path))
    assert told["Assets:1100 Sales"] == f"GBP {len(ODD)}.00"
    assert told["Assets:A0 Café ☕ & Söhne"] == "0"


def test_beancount_accepts_every_odd_name_at_once(tmp_path: Path) -> None:
    rows = [row for number, name in enumerate(ODD, 1) for row in rows_of("Sales", "GBP", 100, number, name)]
    names = [("asset", f"A{number}", name) for number, name in enumerate(ODD) if name]
    used = [
        row._replace(account_code=f"A{n}", account_name=name, account_type="asset")
        for n, name in enumerate(ODD)
        if name
        for row in rows_of(name, "GBP", 7, 100 + n)
    ]
    text = "".join(beancount.beancount_text([*rows, *used], [*accounts_of("Sales"), *names], ["GBP"]))
    assert beancount_balances(text)["Assets:1100-Sales", "GBP"] == len(ODD)
    path = tmp_path / "books.beancount"
    path.write_text(text, encoding="utf-8")
    checked = subprocess.run([str(BEAN_CHECK), "-C", str(path)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)


@given(name=words, narration=words)
def test_beancount_accepts_any_text_for_names_and_narrations(name: str, narration: str) -> None:
    rows = rows_of(name, "GBP", 1234, words=narration)
    text = "".join(beancount.beancount_text(rows, accounts_of(name), ["GBP"]))
    assert set(beancount_balances(text).values()) == {Decimal("12.34"), Decimal("-12.34")}


@needs_hledger
@hypothesis_settings(max_examples=5)
@given(st.lists(st.tuples(words, words), min_size=30, max_size=30))
def test_hledger_accepts_any_text_for_names_and_narrations(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    rows, accounts = [], []
    for number, (name, narration) in enumerate(pairs):
        accounts.append(("asset", f"A{number}", name))
        rows += [
            row._replace(account_code=f"A{number}", account_type="asset", account_name=name)
            for row in rows_of(name, "GBP", 1234, number, narration)
        ]
    text = "".join(hledger.hledger_journal(rows, accounts, ["GBP"]))
    told = hledger_accepts(text, tmp_path_factory.mktemp("h"))
    assert {amount for _, amount in told} == {"0"}
    assert len(told) == len(pairs)


@pytest.mark.parametrize(
    ("currency", "minor", "shown"),
    [("JPY", 1234, "1234"), ("KWD", 1234, "1.234"), ("GBP", 1234, "12.34"), ("CLF", 1234, "0.1234")],
)
def test_each_currency_has_its_own_decimals_in_every_export(
    currency: str, minor: int, shown: str, tmp_path: Path
) -> None:
    rows = rows_of("Sales", currency, minor)
    told = beancount_balances("".join(beancount.beancount_text(rows, accounts_of("Sales"), [currency])))
    assert told["Assets:1100-Sales", currency] == Decimal(shown)
    table = list(csv.DictReader(io.StringIO("".join(spreadsheet.journal_csv(rows)))))
    assert [(row["debit"], row["credit"]) for row in table] == [(shown, ""), ("", shown)]
    text = "".join(hledger.hledger_journal(rows, accounts_of("Sales"), [currency]))
    assert f"  {currency} {shown}  ;" in text
    if HLEDGER:
        assert dict(hledger_accepts(text, tmp_path))["Assets:1100 Sales"].rstrip(".") == f"{currency} {shown}"


def test_accounts_whose_names_clean_to_the_same_stay_apart_by_their_codes() -> None:
    odd = [("asset", "1", "a;b"), ("asset", "2", "a,b"), ("asset", "3", "☕"), ("asset", "4", "👩")]
    for module in (hledger, beancount):
        assert len({module.account_name(*account) for account in odd}) == len(odd)
    assert beancount.account_name("asset", "3", "☕") == "Assets:3"


def test_a_beancount_entry_links_to_its_document() -> None:
    rows = [row._replace(reference="CS261122-K7Q2M9XDAB3") for row in rows_of("Sales", "GBP", 5)]
    entries, _, _ = loader.load_string("".join(beancount.beancount_text(rows, accounts_of("Sales"), ["GBP"])))
    entry = next(each for each in entries if isinstance(each, data.Transaction))
    assert entry.links == {"CS261122-K7Q2M9XDAB3"}
    assert entry.meta["reference"] == "CS261122-K7Q2M9XDAB3"
    assert entry.meta["document"] == "key/Sales"


@pytest.mark.case("S16")
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
@pytest.mark.case("E14")
def test_a_csv_cell_that_would_be_a_formula_is_neutral(start: str) -> None:
    rows = rows_of(f"{start}HYPERLINK(1)", "GBP", 5)
    for row in csv.DictReader(io.StringIO("".join(spreadsheet.journal_csv(rows)), newline="")):
        assert row["account_name"] == f"'{start}HYPERLINK(1)"
        assert row["narration"].startswith("'")
        assert row["description"].startswith("'")


def test_exports_are_streams_and_read_their_rows_as_they_go() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield from rows_of("Sales", "GBP", 5, entry_id=taken)

    for stream in (
        spreadsheet.journal_csv(endless()),  # type: ignore[arg-type]
        hledger.hledger_journal(endless(), [], ["GBP"]),  # type: ignore[arg-type]
        beancount.beancount_text(endless(), [], ["GBP"]),  # type: ignore[arg-type]
    ):
        taken = 0
        assert all(next(stream) for _ in range(20))
        assert taken <= 20


BALANCES = [
    Balance("GBP", "1100", "Card clearing", "asset", "clearing", 10_500),
    Balance("GBP", "2200", "Sales tax payable", "liability", "tax", -2_000),
    Balance("GBP", "3000", "Owner's capital", "equity", "capital", -1_000),
    Balance("GBP", "4000", "Sales", "income", "sales", -12_500, -2_500),
    Balance("GBP", "5000", "Cost of goods sold", "expense", "cost_of_sales", 4_000, 1_000),
    Balance("GBP", "6000", "Fees", "expense", "fees", 1_000, 0),
    Balance("JPY", "1100", "Card clearing", "asset", "clearing", 1_234_567),
    Balance("JPY", "4000", "売上", "income", "sales", -1_234_567),
]


def test_profit_and_loss_adds_up_per_currency() -> None:
    pounds, yen = statements.profit_and_loss(BALANCES, date(2026, 1, 1), DAY)
    assert (pounds.total_income, pounds.gross_profit, pounds.net_profit) == (12_500, 8_500, 7_500)
    assert (yen.currency, yen.net_profit) == ("JPY", 1_234_567)


def test_a_balance_sheet_balances_and_splits_earnings_by_year() -> None:
    pounds = statements.balance_sheet(BALANCES, DAY)[0]
    assert (pounds.earnings, pounds.earlier_earnings) == (6_000, 1_500)
    assert pounds.total_assets == pounds.total_liabilities + pounds.total_equity == 10_500


def test_the_printed_trial_balance_is_aligned_and_totalled() -> None:
    text = statements.render_trial_balance(BALANCES, "Trial balance at 2026-03-31")
    assert text.splitlines()[:3] == [
        "GBP  Trial balance at 2026-03-31                               Debit              Credit",
        "-" * 88,
        "1100 Card clearing                                            105.00",
    ]
    assert "Total                                                         155.00              155.00" in text
    assert "Total                                                      1,234,567           1,234,567" in text
    assert statements.render_trial_balance([], "x") == "No entries.\n"


def test_the_printed_statements_show_every_section() -> None:
    shown = statements.render_profit_and_loss(statements.profit_and_loss(BALANCES, date(2026, 1, 1), DAY))
    assert "Gross profit                                                   85.00" in shown
    assert "Net profit                                                     75.00" in shown
    sheet = statements.render_balance_sheet(statements.balance_sheet(BALANCES, DAY))
    assert "  Earnings of earlier years                                    15.00" in sheet
    assert "Total liabilities and equity                                  105.00" in sheet
    loss = statements.profit_and_loss([BALANCES[5]], DAY, DAY)
    assert "Net loss                                                      -10.00" in statements.render_profit_and_loss(
        loss
    )


def test_names_of_wide_characters_keep_the_columns() -> None:
    text = statements.render_trial_balance([Balance("JPY", "1", "売上" * 30, "income", "", -5)], "t")
    line = next(line for line in text.splitlines() if line.startswith("1 売"))
    assert "…" in line
    assert line.endswith("                   5")


def test_amounts_in_csv_are_never_rounded() -> None:
    assert spreadsheet.amount(9_007_199_254_740_993, "GBP") == "90071992547409.93"
    assert to_decimal(9_007_199_254_740_993, "GBP") == Decimal("90071992547409.93")
