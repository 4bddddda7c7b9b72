"""The books as beancount text (version 3), as a stream. Pure.

Grammar (https://beancount.github.io/docs/beancount_language_syntax.html): a part of an account name begins with a
capital letter or a digit and goes on with letters, digits and hyphens; strings are quoted; links and tags know only
ASCII letters, digits and ``-_/.``. ``bean-check`` accepts the result.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import attrgetter

from connectors.general_ledger.chart import AccountType
from connectors.general_ledger.report_rows import JournalRow
from ledger.money import to_decimal

ROOTS: dict[str, str] = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
_LINK_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/.")
_BEGINNING = date(1900, 1, 1)


def account_name(kind: AccountType | str, code: str, name: str) -> str:
    """ "Assets:1100-Card-clearing": unique by the code, since a code has no hyphen."""
    letters = (c if _is_letter_or_digit(c) else " " for c in unicodedata.normalize("NFC", name))
    words = "-".join("".join(letters).split())
    return f"{ROOTS[kind]}:{code}-{words}" if words else f"{ROOTS[kind]}:{code}"


def beancount_text(
    rows: Iterable[JournalRow],
    accounts: Iterable[tuple[str, str, str]],
    currencies: Iterable[str],
    *,
    opened_on: date = _BEGINNING,
) -> Iterator[str]:
    """The books, entry by entry. ``rows`` come in the order of entries; ``accounts`` are (type, code, name).

    Each transaction links to its document's reference (``^CS261122-…``) and carries the document's key as metadata.
    """
    yield "; Exported from the general ledger. Amounts are exact.\n"
    for currency in currencies:
        yield f'option "operating_currency" "{currency}"\n'
    for currency in currencies:
        yield f"{opened_on} commodity {currency}\n"
    for kind, code, name in accounts:
        yield f"{opened_on} open {account_name(kind, code, name)}\n"
        yield f"  name: {_quoted(name)}\n"
    for _, lines in groupby(rows, key=attrgetter("entry_id")):
        yield "\n" + "".join(_entry(list(lines)))


def _entry(lines: list[JournalRow]) -> Iterator[str]:
    first = lines[0]
    link = "".join(c if c in _LINK_CHARACTERS else "-" for c in first.reference)
    yield f"{first.date} * {_quoted(first.narration)} ^{link}\n"
    yield f"  reference: {_quoted(first.reference)}\n"
    yield f"  document: {_quoted(first.document_key)}\n"
    for line in lines:
        amount = to_decimal(line.debit - line.credit, line.currency)
        yield f"  {account_name(line.account_type, line.account_code, line.account_name)}  {amount:f} {line.currency}\n"
        if line.description:
            yield f"    description: {_quoted(line.description)}\n"


def _is_letter_or_digit(character: str) -> bool:
    return unicodedata.category(character)[0] == "L" or unicodedata.category(character) == "Nd"


def _quoted(text: str) -> str:
    printable = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    escaped = " ".join(printable.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
