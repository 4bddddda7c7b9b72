"""Trial balance, profit and loss, balance sheet: drawn up from balances, and printed in aligned columns. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter

from connectors.general_ledger.report_rows import Balance, BalanceSheet, ProfitAndLoss
from ledger.money import format_minor

NAME_WIDTH = 48
AMOUNT_WIDTH = 20


def profit_and_loss(balances: Iterable[Balance], first: date, last: date) -> list[ProfitAndLoss]:
    """One statement per currency from the movements of a period."""
    return [
        ProfitAndLoss(
            currency=currency,
            first=first,
            last=last,
            income=tuple(row for row in rows if row.type == "income"),
            cost_of_sales=tuple(row for row in rows if row.type == "expense" and row.subtype == "cost_of_sales"),
            expenses=tuple(row for row in rows if row.type == "expense" and row.subtype != "cost_of_sales"),
        )
        for currency, rows in _by_currency(balances)
        if any(row.type in ("income", "expense") for row in rows)
    ]


def balance_sheet(balances: Iterable[Balance], as_of: date) -> list[BalanceSheet]:
    """One sheet per currency from all balances up to ``as_of``; ``Balance.earlier`` splits the earnings by year."""
    sheets = []
    for currency, rows in _by_currency(balances):
        results = [row for row in rows if row.type in ("income", "expense")]
        earlier = -sum(row.earlier for row in results)
        sheets.append(
            BalanceSheet(
                currency=currency,
                as_of=as_of,
                assets=_standing(rows, "asset"),
                liabilities=_standing(rows, "liability"),
                equity=_standing(rows, "equity"),
                earnings=-sum(row.amount for row in results) - earlier,
                earlier_earnings=earlier,
            )
        )
    return sheets


def render_trial_balance(balances: Iterable[Balance], title: str) -> str:
    """The trial balance as text: a block per currency with debits, credits and totals."""
    blocks = []
    for currency, rows in _by_currency(balances):
        lines = [_row(f"{currency}  {title}", "Debit", "Credit"), _ruler(2)]
        lines += [
            _row(_label(row), _cell(row.debit, currency), _cell(row.credit, currency)) for row in rows if row.amount
        ]
        debits, credits_ = sum(row.debit for row in rows), sum(row.credit for row in rows)
        lines += [_ruler(2), _row("Total", format_minor(debits, currency), format_minor(credits_, currency))]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks or ["No entries."]) + "\n"


def render_profit_and_loss(statements: Iterable[ProfitAndLoss]) -> str:
    """The profit and loss as text: a block per currency."""
    blocks = []
    for each in statements:
        money = _printer(each.currency)
        lines = [_row(f"{each.currency}  Profit and loss {each.first} to {each.last}", ""), _ruler(1)]
        lines += _section("Income", each.income, -1, each.total_income, each.currency)
        if each.cost_of_sales:
            costs = sum(row.amount for row in each.cost_of_sales)
            lines += _section("Cost of sales", each.cost_of_sales, 1, costs, each.currency)
            lines += [_row("Gross profit", money(each.gross_profit)), ""]
        if each.expenses:
            spent = sum(row.amount for row in each.expenses)
            lines += _section("Expenses", each.expenses, 1, spent, each.currency)
        lines += [_ruler(1), _row("Net profit" if each.net_profit >= 0 else "Net loss", money(each.net_profit))]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks or ["No income and no costs."]) + "\n"


def render_balance_sheet(sheets: Iterable[BalanceSheet]) -> str:
    """The balance sheet as text: a block per currency."""
    blocks = []
    for each in sheets:
        money = _printer(each.currency)
        lines = [_row(f"{each.currency}  Balance sheet at {each.as_of}", ""), _ruler(1)]
        lines += _section("Assets", each.assets, 1, each.total_assets, each.currency)
        lines += _section("Liabilities", each.liabilities, -1, each.total_liabilities, each.currency)
        lines.append("Equity")
        lines += [_row(f"  {_label(row)}", money(-row.amount)) for row in each.equity]
        if each.earlier_earnings:
            lines.append(_row("  Earnings of earlier years", money(each.earlier_earnings)))
        lines += [
            _row("  Earnings of this year", money(each.earnings)),
            _row("Total equity", money(each.total_equity)),
            _ruler(1),
            _row("Total liabilities and equity", money(each.total_liabilities + each.total_equity)),
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks or ["No entries."]) + "\n"


def _by_currency(balances: Iterable[Balance]) -> Iterator[tuple[str, list[Balance]]]:
    ordered = sorted(balances, key=attrgetter("currency", "code"))
    for currency, rows in groupby(ordered, key=attrgetter("currency")):
        yield currency, list(rows)


def _standing(rows: Sequence[Balance], kind: str) -> tuple[Balance, ...]:
    return tuple(row for row in rows if row.type == kind and row.amount)


def _section(title: str, rows: Sequence[Balance], sign: int, total: int, currency: str) -> list[str]:
    lines = [title]
    lines += [_row(f"  {_label(row)}", format_minor(sign * row.amount, currency)) for row in rows]
    return [*lines, _row(f"Total {title[0].lower()}{title[1:]}", format_minor(total, currency)), ""]


def _printer(currency: str) -> Callable[[int], str]:
    return lambda amount: format_minor(amount, currency)


def _label(row: Balance) -> str:
    return f"{row.code} {' '.join(row.name.split())}"


def _cell(amount: int, currency: str) -> str:
    return format_minor(amount, currency) if amount else ""


def _ruler(columns: int) -> str:
    return "-" * (NAME_WIDTH + columns * AMOUNT_WIDTH)


def _row(label: str, *cells: str) -> str:
    return (_fit(label) + "".join(f"{cell:>{AMOUNT_WIDTH}}" for cell in cells)).rstrip()


def _fit(text: str) -> str:
    """``text`` in exactly `NAME_WIDTH` columns of a terminal, where wide characters take two and marks take none."""
    shown, width = "", 0
    for character in text:
        takes = _columns(character)
        if width + takes > NAME_WIDTH - 1:
            shown, width = shown + "…", width + 1
            break
        shown, width = shown + character, width + takes
    return shown + " " * (NAME_WIDTH - width)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
