"""The books as an hledger journal, as a stream of text. Pure.

Grammar (hledger 1.25 and later, https://hledger.org/hledger.html): an account name ends at two spaces, its parts are
joined by colons; ";" begins a comment; comments may hold tags ("date:…") and bracketed dates, which hledger reads, so
free text in comments loses what could form one. ``hledger check --strict`` accepts the result: every account and
commodity is declared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from connectors.general_ledger.chart import AccountType
from connectors.general_ledger.report_rows import JournalRow
from ledger.money import exponent, to_decimal

ROOTS: Final[dict[str, str]] = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
_IN_COMMENT = str.maketrans(":,;[]", "-  ()")


def account_name(kind: AccountType | str, code: str, name: str) -> str:
    """ "Assets:1100 Card clearing": unique by the code, whatever the name looks like."""
    words = _one_line(name.translate(str.maketrans(":;", "-,")))
    return f"{ROOTS[kind]}:{code} {words}".rstrip()


def hledger_journal(
    rows: Iterable[JournalRow], accounts: Iterable[tuple[str, str, str]], currencies: Iterable[str]
) -> Iterator[str]:
    """The journal, entry by entry. ``rows`` come in the order of entries; ``accounts`` are (type, code, name)."""
    yield "; Exported from the general ledger. Amounts are exact.\ndecimal-mark .\n\n"
    for currency in currencies:
        yield f"commodity {currency} 1000.{'0' * exponent(currency)}\n"
    yield "\n"
    for kind, code, name in accounts:
        yield f"account {account_name(kind, code, name)}\n"
    for _, lines in groupby(rows, key=attrgetter("entry_id")):
        yield "\n" + "".join(_entry(list(lines)))


def _entry(lines: list[JournalRow]) -> Iterator[str]:
    first = lines[0]
    narration = _one_line(first.narration.replace(";", ",").replace("|", "/"))
    reference = _one_line(re.sub(r"[();]", "-", first.reference))
    yield f"{first.date} * ({reference}) {narration}".rstrip() + "\n"
    yield f"    ; document {_comment(first.document_key)}\n"
    for line in lines:
        amount = to_decimal(line.debit - line.credit, line.currency)
        name = account_name(line.account_type, line.account_code, line.account_name)
        note = _comment(line.description)
        yield f"    {name}  {line.currency} {amount:f}" + (f"  ; {note}" if note else "") + "\n"


def _comment(text: str) -> str:
    return _one_line(text.translate(_IN_COMMENT))


def _one_line(text: str) -> str:
    """``text`` without control characters, and with single plain spaces for any run of white space."""
    printable = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(printable.split())
