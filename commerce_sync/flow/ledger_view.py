"""Documents and their effect as a page shows them: names of accounts, both sides, totals. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from commerce_sync.preview_result import Effect
from ledger.documents import Document

KINDS: Final[dict[str, Any]] = {  # by the kind of a stored document
    "journal": _("Journal entry"),
    "invoice": _("Sales invoice"),
    "credit_note": _("Credit note"),
    "payment": _("Payment"),
    "bill": _("Bill"),
    "deposit": _("Transfer to the bank"),
}


class Row(NamedTuple):
    """A line: the account's name, and one of the two sides (minor units, 0 for the other)."""

    account: str
    debit: int
    credit: int


class Shown(NamedTuple):
    """A document, or an effect, as a table."""

    title: str
    reference: str
    day: date | None
    currency: str
    rows: list[Row]
    total: int


def document(found: Document, names: Mapping[str, str]) -> Shown:
    """A document with what it does to each account."""
    rows = [Row(names.get(account, account), debit, credit) for account, debit, credit in found.entries()]
    header = found.header
    title = str(KINDS[str(found.__struct_config__.tag)])
    return Shown(title, header.reference, header.date, header.currency, rows, sum(row.debit for row in rows))


def effects(found: Iterable[Effect], names: Mapping[str, str]) -> list[Shown]:
    """What documents together do to each account, net, a table for each currency."""
    tables: dict[str, list[Row]] = {}
    for each in found:
        net = each.debit - each.credit
        if net:
            row = Row(names.get(each.account, each.account), max(net, 0), max(-net, 0))
            tables.setdefault(each.currency, []).append(row)
    return [
        Shown("", "", None, currency, rows, sum(row.debit for row in rows)) for currency, rows in sorted(tables.items())
    ]
