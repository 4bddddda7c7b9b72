"""Documents as moves of Odoo (entries and invoices), and what of a computed one must be put right. Pure.

Amounts leave as exact decimal numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_items import MoveLine, Rate
from connectors.accounting._odoo_wire import id_of
from connectors.errors import RefusalReason, Refused
from ledger.documents import Bill, CreditNote, Document, Entry, Invoice, Line, Payment
from ledger.money import allocate, to_decimal

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


def type_of(document: Document) -> tuple[str, str]:
    """The type of move that a document becomes, and the type of journal that takes it.

    Payments and deposits are entries, so that they meet the very accounts that the book names: a payment of Odoo's own
    would post to the outstanding account of a bank journal.
    """
    return _TYPES.get(document.kind, ("entry", GENERAL))


def header_columns(
    document: Document, external_id: str, journal: int, company: int, rate: Rate | None
) -> dict[str, str]:
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
        found |= {"partner_id/.id": str(record_id(partner, RefusalReason.CONTACT_GONE)), "invoice_date": day}
        if rate is not None:
            found["currency_id/.id"] = str(rate.currency)
    return found


def has_taxes(document: Document, taxes: str) -> bool:
    """Whether Odoo computes taxes for it, so that a tax return may be what locks it."""
    return isinstance(document, Taxed) and taxes == CODES and any(line.tax_code for line in document.lines)


def content(document: Document, partner: int = 0, taxes: str = CODES, rate: Rate | None = None) -> dict[str, Any]:
    """The lines, for `write`: whatever lines the draft has are replaced, so that doing it twice changes nothing.

    `partner` goes to the items of a payment. `taxes` says whether Odoo computes taxes by their codes.
    """
    narration = document.header.narration
    if isinstance(document, Taxed):
        items = [item for line in document.lines for item in _invoice_lines(line, document.header.currency, taxes)]
        return {"narration": narration, "invoice_line_ids": [_CLEAR, *((0, 0, item) for item in items)]}
    items = _entry_lines(document, partner, rate)
    return {"narration": narration, "line_ids": [_CLEAR, *((0, 0, item) for item in items)]}


def wanted(document: Document) -> dict[str, int]:
    """The same of our document."""
    total: Counter[str] = Counter()
    for account, debit, credit in document.entries():
        total[account] += debit - credit
    return {account: amount for account, amount in sorted(total.items()) if amount}


def corrections(
    document: Document, lines: Iterable[MoveLine], rate: Rate | None = None
) -> list[tuple[int, int, dict[str, Any]]]:
    """What must be written to the items that Odoo computes, the control item and the tax items, to be our document."""
    if not isinstance(document, Taxed):
        return []
    currency = document.header.currency
    sign = -1 if isinstance(document, Invoice) else 1
    taxes = _taxes(document)
    found: list[tuple[int, int, dict[str, Any]]] = []
    for line in lines:
        if line.display_type == "payment_term" and line.account != document.control:
            found.append((1, line.id, {"account_id": record_id(document.control)}))
        code = str(id_of(line.tax_line_id))
        if code not in taxes:
            continue
        account, amount = taxes[code][0] or line.account, taxes[code][1]
        if (line.account, line.minor) != (account, sign * amount):
            change = {"account_id": record_id(account), "amount_currency": exact(sign * amount, currency)}
            if rate is not None:  # of an invoice in another currency Odoo keeps the two amounts apart
                change["balance"] = exact(rate.in_base(sign * amount, currency), rate.base)
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
    codes = [record_id(line.tax_code, RefusalReason.TAX_RATE_GONE)] if by_code else []
    found = [
        {
            "name": line.description,
            "quantity": 1,
            "price_unit": exact(line.amount, currency),
            "account_id": record_id(line.account),
            "tax_ids": [(6, 0, codes)],
            **_tracking(line),
        }
    ]
    for part in () if by_code else line.taxes:
        item = {"name": line.description, "quantity": 1, "price_unit": exact(part.amount, currency)}
        found.append({**item, "account_id": record_id(part.account), "tax_ids": [(6, 0, [])]})
    return found


def _entry_lines(document: Document, partner: int, rate: Rate | None) -> list[dict[str, Any]]:
    """The document's debits and credits; taxes are items of their own, because Odoo computes none for an entry."""
    texts: list[tuple[str, dict[str, Any]]]
    if isinstance(document, Payment):
        texts = [(document.description or document.header.narration, {})] * 2
    else:
        texts = [(document.header.narration, {})] if document.kind == "deposit" else []
        for line in document.lines:
            count = bool(line.amount) + sum(bool(part.amount) for part in line.taxes)
            texts += [(line.description, _tracking(line))] * count
    entries = [each for each in zip(document.entries(), texts, strict=True) if each[0].debit or each[0].credit]
    amounts = _amounts([entry for entry, _ in entries], document.header.currency, rate)
    return [
        {
            "name": name,
            "account_id": record_id(entry.account),
            **amount,
            **({"partner_id": partner} if partner else {}),
            **tracked,
        }
        for (entry, (name, tracked)), amount in zip(entries, amounts, strict=True)
    ]


def _amounts(entries: list[Entry], currency: str, rate: Rate | None) -> list[dict[str, Any]]:
    """What each item says of its amount; in another currency the company's own is spread so that both sides agree."""
    if rate is None:
        return [{"debit": exact(each.debit, currency), "credit": exact(each.credit, currency)} for each in entries]
    total = rate.in_base(sum(each.debit for each in entries), currency)
    debits = allocate(total, [each.debit for each in entries])
    credits = allocate(total, [each.credit for each in entries])
    return [
        {
            "currency_id": rate.currency,
            "amount_currency": exact(each.debit - each.credit, currency),
            "debit": exact(debit, rate.base),
            "credit": exact(credit, rate.base),
        }
        for each, debit, credit in zip(entries, debits, credits, strict=True)
    ]


def _tracking(line: Line) -> dict[str, Any]:
    """All of the line on each analytic account that is chosen for it."""
    chosen = {str(record_id(option)): 100.0 for _, option in line.tracking}
    return {"analytic_distribution": chosen} if chosen else {}


def exact(minor: int, currency: str) -> msgspec.Raw:
    """An exact JSON number in major units."""
    return msgspec.Raw(format(to_decimal(minor, currency), "f").encode())


def record_id(id: str, reason: RefusalReason = RefusalReason.ACCOUNT_INACTIVE) -> int:
    """What a mapping chose, as the id of a record; what cannot be one is `Refused` for `reason`."""
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise Refused(f"{id!r} is no id of a record in Odoo", reason=reason)
    return int(id)
