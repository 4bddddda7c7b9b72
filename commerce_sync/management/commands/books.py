"""`manage.py books COMPANY …`: the reports, exports, chart and locked periods of the built-in books."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from commerce_sync.lookup import AmbiguousCompany, UnknownCompany, company_named
from connectors.errors import Refused
from connectors.general_ledger import accounts, exports, periods, reports, statements
from connectors.general_ledger.chart import AccountType
from connectors.models import BooksAccount, BooksTaxRate, Connection
from ledger.models import Company
from ledger.money import format_minor

ACTOR = "manage.py books"
_MILLIONTHS_A_PERCENT = 10_000


class Command(BaseCommand):
    help = (
        "Read and keep the built-in books of a company: trial balance, profit and loss, balance sheet, the ledger of "
        "one account (each line with the reference that `explain` takes), exports as CSV, hledger and beancount text, "
        "the chart of accounts, tax rates, and the period that is locked. Exit codes: 0 done; 1 refused, or nothing "
        "found, with the reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand for each thing to see or do."""
        parser.add_argument("company", help="the company's name or id")
        whats = parser.add_subparsers(dest="what", required=True, metavar="WHAT")

        def add(name: str, text: str, *arguments: str, **options: Callable[[str], Any]) -> ArgumentParser:
            sub: ArgumentParser = whats.add_parser(name, help=text, description=text)
            for argument in arguments:
                sub.add_argument(argument)
            for option, kind in options.items():
                sub.add_argument(f"--{option}", dest=option, type=kind, default=None)
            return sub

        add("trial-balance", "what stands on each account at the end of a day", through=_day)
        add("profit-and-loss", "income and costs of a period; without one, of this year", since=_day, through=_day)
        add("balance-sheet", "what is owned, owed and left at the end of a day", through=_day)
        add("account", "the lines on one account, with its running balance", "code", since=_day, through=_day)
        export = add("export", "the entries as a file, to the standard output or --output", since=_day, through=_day)
        export.add_argument("form", choices=get_args(exports.ExportFormat))
        export.add_argument("--output", type=Path, default=None, help="a file that does not exist yet")
        add("chart", "all accounts and tax rates")
        new = add("add-account", "add an account", "name", code=str)
        new.add_argument("--type", required=True, choices=get_args(AccountType), dest="type")
        add("rename-account", "give an account another name", "code", "name")
        add("archive-account", "take an account out of use; it keeps its lines", "code")
        add("restore-account", "put an archived account back into use", "code")
        add("delete-account", "delete an account that was never used", "code")
        rate = add("add-tax-rate", "add a tax rate", "code", "name")
        rate.add_argument("percent", type=_percent, help="20, 9.975")
        rate.add_argument("account", help="the code of the account on which the tax is owed")
        add("archive-tax-rate", "take a tax rate out of use", "code")
        lock = add("lock", "close the books through a day", reason=str)
        lock.add_argument("day", type=_day)
        add("unlock", "open all periods again; says why", reason=str)

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the company's books and do the one thing."""
        try:
            company = company_named(options["company"])
        except (UnknownCompany, AmbiguousCompany) as error:
            raise CommandError(str(error)) from None
        books = _books_of(company)
        try:
            for text in _DOES[options["what"]](books, options):
                self.stdout.write(text, ending="")
        except Refused as refused:
            raise CommandError(f"{refused.detail or refused} {refused.remedy}".strip()) from None


def _books_of(company: Company) -> int:
    """The id of the company's connection to the built-in books, the linked one before former ones."""
    found = Connection.objects.filter(company=company, platform="books").order_by("-linked_at", "-pk")
    linked = [each for each in found if each.status == Connection.Status.LINKED]
    for connection in (*linked, *found):
        return connection.pk
    raise CommandError(f"{company.name} does not keep the built-in books.")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _percent(text: str) -> int:
    """A percentage as millionths; raises ValueError for anything but a plain number with at most four decimals."""
    try:
        millionths = Decimal(text) * _MILLIONTHS_A_PERCENT
    except InvalidOperation:
        raise ValueError(text) from None
    if not millionths.is_finite() or millionths != int(millionths):
        raise ValueError(text)
    return int(millionths)


Said = dict[str, Any]


def _today() -> date:
    return timezone.now().date()


def _trial_balance(books: int, said: Said) -> Iterator[str]:
    yield statements.render_trial_balance(reports.trial_balance(books, said["through"]), "Trial balance") + "\n"


def _profit_and_loss(books: int, said: Said) -> Iterator[str]:
    last = said["through"] or _today()
    first = said["since"] or last.replace(month=1, day=1)
    yield statements.render_profit_and_loss(reports.profit_and_loss(books, first, last)) + "\n"


def _balance_sheet(books: int, said: Said) -> Iterator[str]:
    yield statements.render_balance_sheet(reports.balance_sheet(books, said["through"] or _today())) + "\n"


def _account(books: int, said: Said) -> Iterator[str]:
    code = said["code"].upper()
    if not BooksAccount.objects.filter(connection_id=books, code=code).exists():
        raise CommandError(f"There is no account {code}; `books … chart` lists them.")
    yield f"{'Date':10}  {'Reference':20}  {'Debit':>15}  {'Credit':>15}  {'Balance':>16}  Description\n"
    for row in reports.account_ledger(books, code, said["since"], said["through"]):
        debit, credit, balance = (format_minor(amount, row.currency) for amount in (row.debit, row.credit, row.balance))
        shown = (debit if row.debit else "", credit if row.credit else "", balance)
        yield "{:10}  {:20}  {:>15}  {:>15}  {:>16}".format(row.date.isoformat(), row.reference, *shown)
        yield f"  {row.currency} {row.description}\n"


def _export(books: int, said: Said) -> Iterator[str]:
    pieces = exports.export(books, said["form"], said["since"], said["through"])
    target: Path | None = said["output"]
    if target is None:
        yield from pieces
        return
    try:
        with target.open("x", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror}.") from None
    yield f"Written to {target}.\n"


def _chart(books: int, said: Said) -> Iterator[str]:
    for account in BooksAccount.objects.filter(connection_id=books).order_by("code"):
        archived = "  (archived)" if account.archived_at else ""
        yield f"{account.code:8}  {account.type:10}  {account.name}{archived}\n"
    for rate in BooksTaxRate.objects.filter(connection_id=books).select_related("account").order_by("code"):
        percent = Decimal(rate.rate_ppm) / _MILLIONTHS_A_PERCENT
        archived = "  (archived)" if rate.archived_at else ""
        yield f"tax {rate.code}: {rate.name}, {percent.normalize():f} % on {rate.account.code}{archived}\n"
    through = periods.locked_through(books)
    yield f"Locked through {through}.\n" if through else "No period is locked.\n"


def _add_account(books: int, said: Said) -> Iterator[str]:
    made = accounts.add_account(
        connection_id=books, name=said["name"], type=said["type"], code=said["code"] or "", actor=ACTOR
    )
    yield f"{made.code} {made.name} added.\n"


def _rename(books: int, said: Said) -> Iterator[str]:
    renamed = accounts.rename_account(connection_id=books, code=said["code"].upper(), name=said["name"], actor=ACTOR)
    yield f"{renamed.code} is now {renamed.name}.\n"


def _to_account(change: Callable[..., None], done: str) -> Callable[[int, Said], Iterator[str]]:
    def changed(books: int, said: Said) -> Iterator[str]:
        change(connection_id=books, code=said["code"].upper(), actor=ACTOR)
        yield f"{said['code'].upper()} is {done}.\n"

    return changed


def _add_tax_rate(books: int, said: Said) -> Iterator[str]:
    made = accounts.add_tax_rate(
        connection_id=books, code=said["code"], name=said["name"], rate_ppm=said["percent"],
        account_code=said["account"].upper(), actor=ACTOR,
    )  # fmt: skip
    yield f"Tax rate {made.code} added.\n"


def _archive_tax_rate(books: int, said: Said) -> Iterator[str]:
    accounts.archive_tax_rate(connection_id=books, code=said["code"], actor=ACTOR)
    yield f"Tax rate {said['code']} is archived.\n"


def _lock(books: int, said: Said) -> Iterator[str]:
    through: date | None = said.get("day")
    periods.lock_period(connection_id=books, through=through, author=ACTOR, reason=said["reason"] or "")
    yield f"Locked through {through}.\n" if through else "No period is locked any more.\n"


_DOES: dict[str, Callable[[int, Said], Iterator[str]]] = {
    "trial-balance": _trial_balance,
    "profit-and-loss": _profit_and_loss,
    "balance-sheet": _balance_sheet,
    "account": _account,
    "export": _export,
    "chart": _chart,
    "add-account": _add_account,
    "rename-account": _rename,
    "archive-account": _to_account(accounts.archive_account, "archived"),
    "restore-account": _to_account(accounts.restore_account, "in use"),
    "delete-account": _to_account(accounts.delete_account, "deleted"),
    "add-tax-rate": _add_tax_rate,
    "archive-tax-rate": _archive_tax_rate,
    "lock": _lock,
    "unlock": _lock,
}
