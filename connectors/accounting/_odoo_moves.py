"""Documents as moves of Odoo (entries and invoices), and what of a computed one must be put right. Pure.

Amounts leave as exact decimal numbers and come as floats, which are rounded to the currency's minor unit: no amount
within our limits loses a unit by that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_wire import Ref, id_of
from connectors.errors import RefusalReason, Refused
from ledger.documents import Bill, CreditNote, Document, Invoice, Line, Payment
from ledger.money import round_half_even, to_decimal

SALE: Final = "sale"
PURCHASE: Final = "purchase"
GENERAL: Final = "general"
CODES: Final = "codes"
AMOUNTS: Final = "amounts"
Taxed = Invoice | CreditNote | Bill
_TYPES: Final[dict[str, tuple[str, str]]] = {
    "invoice": ("out_invoice", SALE),
    "credit_note": ("out_refund", SALE),
    "bill": ("in_invoice", PURCHASE),
}
_CLEAR: Final = (5, 0, 0)


class MoveLine(msgspec.Struct):
    """One item of a move, as Odoo has it."""

    id: int
    account_id: Ref
    balance: Decimal
    amount_currency: Decimal
    tax_line_id: Ref = False
    display_type: str | bool = False
    partner_id: Ref = False
    reconciled: bool = False
    matched_debit_ids: list[int] = []
    matched_credit_ids: list[int] = []

    @property
    def account(self) -> str:
        """The account's id; empty for a line of text."""
        found = id_of(self.account_id)
        return str(found) if found else ""

    @property
    def is_matched(self) -> bool:
        """Whether it is settled by, or settles, another item."""
        return bool(self.matched_debit_ids or self.matched_credit_ids)


def type_of(document: Document) -> tuple[str, str]:
    """The type of move that a document becomes, and the type of journal that takes it.

    Payments and deposits are entries, so that they meet the very accounts that the book names: a payment of Odoo's own
    would post to the outstanding account of a bank journal.
    """
    return _TYPES.get(document.kind, ("entry", GENERAL))


def header_columns(document: Document, external_id: str, journal: int, company: int) -> dict[str, str]:
    """What `load` makes a draft of: its external id is what makes the same document twice one move."""
    move_type, _ = type_of(document)
    day = document.header.date.isoformat()
    found = {
        "id": external_id,
        "move_type": move_type,
        "ref": document.header.reference,
        "date": day,
        "journal_id/.id": str(journal),
        "company_id/.id": str(company),
    }
    if isinstance(document, Taxed):
        partner = document.supplier if isinstance(document, Bill) else document.customer
        found |= {"partner_id/.id": str(_number(partner, RefusalReason.CONTACT_GONE)), "invoice_date": day}
    return found


def content(document: Document, partner: int = 0, taxes: str = CODES) -> dict[str, Any]:
    """The lines, for `write`: whatever lines the draft has are replaced, so that doing it twice changes nothing.

    `partner` goes to the items of a payment. `taxes` says whether Odoo computes taxes by their codes.
    """
    narration = document.header.narration
    if isinstance(document, Taxed):
        items = [item for line in document.lines for item in _invoice_lines(line, document.header.currency, taxes)]
        return {"narration": narration, "invoice_line_ids": [_CLEAR, *((0, 0, item) for item in items)]}
    return {"narration": narration, "line_ids": [_CLEAR, *((0, 0, item) for item in _entry_lines(document, partner))]}


def sums(lines: Iterable[MoveLine], currency: str) -> dict[str, int]:
    """Account → signed amount in minor units."""
    total: Counter[str] = Counter()
    for line in lines:
        if line.account:
            total[line.account] += round_half_even(line.amount_currency, currency)
    return {account: amount for account, amount in sorted(total.items()) if amount}


def wanted(document: Document) -> dict[str, int]:
    """The same of our document."""
    total: Counter[str] = Counter()
    for account, debit, credit in document.entries():
        total[account] += debit - credit
    return {account: amount for account, amount in sorted(total.items()) if amount}


def corrections(document: Document, lines: Iterable[MoveLine]) -> list[tuple[int, int, dict[str, Any]]]:
    """What must be written to the items that Odoo computes, the control item and the tax items, to be our document."""
    if not isinstance(document, Taxed):
        return []
    currency = document.header.currency
    sign = -1 if isinstance(document, Invoice) else 1
    taxes = _taxes(document)
    found: list[tuple[int, int, dict[str, Any]]] = []
    for line in lines:
        if line.display_type == "payment_term" and line.account != document.control:
            found.append((1, line.id, {"account_id": _number(document.control)}))
        code = str(id_of(line.tax_line_id))
        if code not in taxes:
            continue
        account, amount = taxes[code][0] or line.account, taxes[code][1]
        if (line.account, round_half_even(line.amount_currency, currency)) != (account, sign * amount):
            change = {"account_id": _number(account), "amount_currency": _amount(sign * amount, currency)}
            found.append((1, line.id, change))
    return found


def _taxes(document: Taxed) -> dict[str, tuple[str, int]]:
    """Tax code → its account and amount, of the codes whose tax is on one account.

    Of a code without tax (somebody else collects it) the account is empty, and the amount 0.
    """
    accounts: dict[str, set[str]] = {}
    amounts: Counter[str] = Counter()
    for line in document.lines:
        if line.tax_code and not _is_tax(line):
            accounts.setdefault(line.tax_code, set()).update(part.account for part in line.taxes)
            amounts[line.tax_code] += line.tax
    return {code: (min(names, default=""), amounts[code]) for code, names in accounts.items() if len(names) <= 1}


def _is_tax(line: Line) -> bool:
    """Whether it is tax itself, of which what was taxed is not in the document: no tax is worked out of that again."""
    return line.role.partition(":")[0] in ("tax", "fee_tax")


def _invoice_lines(line: Line, currency: str, taxes: str) -> list[dict[str, Any]]:
    """A line; without a code (or where codes are not wanted) its taxes follow as lines on their own accounts."""
    by_code = taxes == CODES and line.tax_code and not _is_tax(line)
    codes = [_number(line.tax_code, RefusalReason.TAX_RATE_GONE)] if by_code else []
    found = [
        {
            "name": line.description,
            "quantity": 1,
            "price_unit": _amount(line.amount, currency),
            "account_id": _number(line.account),
            "tax_ids": [(6, 0, codes)],
            **_tracking(line),
        }
    ]
    for part in () if by_code else line.taxes:
        item = {"name": line.description, "quantity": 1, "price_unit": _amount(part.amount, currency)}
        found.append({**item, "account_id": _number(part.account), "tax_ids": [(6, 0, [])]})
    return found


def _entry_lines(document: Document, partner: int) -> list[dict[str, Any]]:
    """The document's debits and credits; taxes are items of their own, because Odoo computes none for an entry."""
    texts: list[tuple[str, dict[str, Any]]]
    if isinstance(document, Payment):
        texts = [(document.description or document.header.narration, {})] * 2
    else:
        texts = [(document.header.narration, {})] if document.kind == "deposit" else []
        for line in document.lines:
            count = bool(line.amount) + sum(bool(part.amount) for part in line.taxes)
            texts += [(line.description, _tracking(line))] * count
    currency = document.header.currency
    return [
        {
            "name": name,
            "account_id": _number(account),
            "debit": _amount(debit, currency),
            "credit": _amount(credit, currency),
            **({"partner_id": partner} if partner else {}),
            **tracked,
        }
        for (account, debit, credit), (name, tracked) in zip(document.entries(), texts, strict=True)
        if debit or credit
    ]


def _tracking(line: Line) -> dict[str, Any]:
    """All of the line on each analytic account that is chosen for it."""
    chosen = {str(_number(option)): 100.0 for _, option in line.tracking}
    return {"analytic_distribution": chosen} if chosen else {}


def _amount(minor: int, currency: str) -> msgspec.Raw:
    """An exact JSON number in major units."""
    return msgspec.Raw(format(to_decimal(minor, currency), "f").encode())


def _number(id: str, reason: RefusalReason = RefusalReason.ACCOUNT_INACTIVE) -> int:
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise Refused(f"{id!r} is no id of a record in Odoo", reason=reason)
    return int(id)
