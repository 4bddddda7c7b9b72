"""Taxes that Odoo is to compute by their codes, and what of that must be put right to be our document. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from connectors.accounting._odoo_items import MoveLine, Rate
from connectors.accounting._odoo_values import exact, record_id
from ledger.documents import Bill, CreditNote, Deposit, Document, Invoice, Journal, Line

CODES: Final = "codes"
AMOUNTS: Final = "amounts"
Taxed = Invoice | CreditNote | Bill
Computed = dict[str, dict[str, int]]
"""Tax code → account → signed amount (a debit is positive) of what Odoo is to compute; no account: of no tax."""


def is_tax(line: Line) -> bool:
    """Whether it is tax itself. Where what was taxed is not in the document, no tax is worked out of that again."""
    return line.role.partition(":")[0] in ("tax", "fee_tax")


def sign_of(document: Document) -> int:
    """By what the amounts of lines are multiplied, so that a debit is positive."""
    return -1 if isinstance(document, Invoice | Deposit) else 1


def computed(document: Document, taxes: str) -> Computed:
    """What Odoo is to compute of a document, by `taxes`: nothing where they are amounts."""
    if taxes != CODES or not isinstance(document, Taxed | Journal | Deposit):
        return {}
    sign = sign_of(document)
    found: Computed = {line.tax_code: {} for line in document.lines if line.tax_code and not is_tax(line)}
    for line in document.lines:
        if line.tax_code not in found or (is_tax(line) and isinstance(document, Taxed)):
            continue
        parts = [(line.account, line.amount)] if is_tax(line) else [(part.account, part.amount) for part in line.taxes]
        for account, amount in parts:
            by_account = found[line.tax_code]
            by_account[account] = by_account.get(account, 0) + sign * amount
    return found


def corrections(
    document: Document, lines: Iterable[MoveLine], wanted: Computed, rate: Rate | None = None
) -> list[tuple[int, int, dict[str, Any]]]:
    """What must be written to the items that Odoo computes, the control item and the tax items, to be our document."""
    found: list[tuple[int, int, dict[str, Any]]] = []
    items: dict[str, list[MoveLine]] = {}
    for line in lines:
        is_control = line.display_type == "payment_term" and isinstance(document, Taxed)
        if is_control and isinstance(document, Taxed) and line.account != document.control:
            found.append((1, line.id, {"account_id": record_id(document.control)}))
        if line.tax in wanted:
            items.setdefault(line.tax, []).append(line)
    for code, own in items.items():
        for item, account, amount in _put_right(own, wanted[code]):
            if (item.account, item.minor) == (account, amount):
                continue
            currency = document.header.currency
            change = {"account_id": record_id(account), "amount_currency": exact(amount, currency)}
            if rate is not None:  # of an invoice in another currency Odoo keeps the two amounts apart
                change["balance"] = exact(rate.in_base(amount, currency), rate.base)
            found.append((1, item.id, change))
    return found


def _put_right(items: list[MoveLine], wanted: dict[str, int]) -> Iterator[tuple[MoveLine, str, int]]:
    """Each tax item of a code, with the account and amount that it must have: the first of an account takes what the
    others leave. Several accounts (of the parts of a group of taxes) are those that Odoo knows."""
    if not wanted:
        yield from ((item, item.account, 0) for item in items)
        return
    for account, amount in wanted.items():
        own = items if len(wanted) == 1 else [item for item in items if item.account == account]
        rest = sum(item.minor for item in own[1:])
        yield from ((item, account, amount - rest if index == 0 else item.minor) for index, item in enumerate(own))
