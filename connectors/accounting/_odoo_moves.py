"""Documents as moves of Odoo: entries and invoices. Pure.

Amounts leave as exact decimal numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from connectors.accounting._odoo_items import Rate
from connectors.accounting._odoo_taxes import Computed, Taxed, is_tax, sign_of
from connectors.accounting._odoo_values import exact, record_id
from connectors.errors import RefusalReason
from connectors.plain_text import plain
from ledger.documents import Bill, Deposit, Document, Entry, Line, Payment, entry
from ledger.money import allocate

SALE: Final = "sale"
PURCHASE: Final = "purchase"
GENERAL: Final = "general"
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


def content(document: Document, taxes: Computed, partner: int = 0, rate: Rate | None = None) -> dict[str, Any]:
    """The lines, for `write`: whatever lines the draft has are replaced, so that doing it twice changes nothing.

    `taxes` are those that Odoo is to compute, `partner` goes to the items of a payment.
    """
    if isinstance(document, Taxed):
        currency = document.header.currency
        name, items = (
            "invoice_line_ids",
            [each for line in document.lines for each in _invoice_lines(line, currency, taxes)],
        )
    else:
        name, items = "line_ids", _entry_lines(document, partner, taxes, rate)
    return {"narration": plain(document.header.narration), name: [_CLEAR, *((0, 0, item) for item in items)]}


def wanted(document: Document) -> dict[str, int]:
    """The same of our document."""
    total: Counter[str] = Counter()
    for account, debit, credit in document.entries():
        total[account] += debit - credit
    return {account: amount for account, amount in sorted(total.items()) if amount}


def _by_code(line: Line, taxes: Computed) -> list[int] | None:
    """The taxes that Odoo computes of a line; None where it computes none."""
    if is_tax(line) or line.tax_code not in taxes:
        return None
    return [record_id(line.tax_code, RefusalReason.TAX_RATE_GONE)]


def _invoice_lines(line: Line, currency: str, taxes: Computed) -> list[dict[str, Any]]:
    """A line; without a code (or where codes are not wanted) its taxes follow as lines on their own accounts."""
    codes = _by_code(line, taxes)
    found = [
        {
            "name": plain(line.description),
            "quantity": 1,
            "price_unit": exact(line.amount, currency),
            "account_id": record_id(line.account),
            "tax_ids": [(6, 0, codes or [])],
            **_tracking(line),
        }
    ]
    for part in line.taxes if codes is None else ():
        item = {"name": plain(line.description), "quantity": 1, "price_unit": exact(part.amount, currency)}
        found.append({**item, "account_id": record_id(part.account), "tax_ids": [(6, 0, [])]})
    return found


def _entry_lines(document: Document, partner: int, taxes: Computed, rate: Rate | None) -> list[dict[str, Any]]:
    """The document's debits and credits; taxes are items of their own where Odoo does not compute them."""
    legs = [each for each in _legs(document, taxes) if each[0].debit or each[0].credit]
    amounts = _amounts([leg for leg, _, _ in legs], document.header.currency, rate)
    return [
        {
            "name": plain(name),
            "account_id": record_id(leg.account),
            **amount,
            "tax_ids": [(6, 0, [])],  # unsaid, the account's own taxes would be worked out in some versions
            **({"partner_id": partner} if partner else {}),
            **more,
        }
        for (leg, name, more), amount in zip(legs, amounts, strict=True)
    ]


def _legs(document: Document, taxes: Computed) -> Iterator[tuple[Entry, str, dict[str, Any]]]:
    """The items of an entry: debit or credit, text, and what else is said of it."""
    if isinstance(document, Payment):
        text = document.description or document.header.narration
        yield from ((each, text, {}) for each in document.entries())
        return
    if isinstance(document, Deposit):
        yield document.entries()[0], document.header.narration, {}
    sign = sign_of(document)
    for line in document.lines:
        if is_tax(line) and line.tax_code in taxes:
            continue
        codes = _by_code(line, taxes)
        more = _tracking(line) | ({"tax_ids": [(6, 0, codes)]} if codes else {})
        yield entry(line.account, sign * line.amount), line.description, more
        for part in line.taxes if codes is None else ():
            yield entry(part.account, sign * part.amount), line.description, _tracking(line)


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
