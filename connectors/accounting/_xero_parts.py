"""The lines of our documents as Xero wants them: one account each, debits positive, tax beside its line if it can be.

Xero keeps all sales tax on one account of its own. Tax that the book keeps there goes with its line, as ``TaxType`` and
``TaxAmount``, and so reaches the tax return. Tax that the book keeps elsewhere stays a line of its own without a tax
type: the accounts then say what the book says, and the tax return must be made from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from connectors.accounting._xero_chart import Chart
from connectors.errors import RefusalReason, Refused
from connectors.plain_text import plain
from ledger.documents import Line
from ledger.money import to_decimal

NO_TAX: Final = "NONE"
MOST_TRACKING: Final = 2


class Part(Struct, frozen=True):
    """One line: ``amount`` and the ``tax`` on it in minor units, a debit positive."""

    account: str
    amount: int
    description: str
    tax_type: str = NO_TAX
    tax: int = 0
    tracking: tuple[tuple[str, str], ...] = ()


def document_parts(lines: Sequence[Line], sign: int, chart: Chart) -> list[Part]:
    """The lines of an invoice, a bill, …; ``sign`` is −1 where a positive line is a credit."""
    return [part for line in lines for part in _line_parts(line, sign, chart)]


def _line_parts(line: Line, sign: int, chart: Chart) -> Iterable[Part]:
    own = chart.system("GST")
    beside = sum(tax.amount for tax in line.taxes if tax.account == own)
    elsewhere = [tax for tax in line.taxes if tax.account != own and tax.amount]
    is_tax = line.role.partition(":")[0] in ("tax", "fee_tax")  # what was taxed is not in the document
    with_rate = bool(line.tax_code) and not elsewhere and not is_tax
    if line.amount or with_rate:
        yield Part(
            line.account, sign * line.amount, line.description, line.tax_code if with_rate else NO_TAX,
            sign * beside if with_rate else 0, line.tracking,
        )  # fmt: skip
    if beside and not with_rate:
        yield Part(own, sign * beside, f"Tax on {line.description}", tracking=line.tracking)
    for tax in elsewhere:
        yield Part(tax.account, sign * tax.amount, f"Tax on {line.description}", tracking=line.tracking)


def journal_parts(lines: Sequence[Line], chart: Chart, *, with_rates: bool) -> list[Part]:
    """The lines of a journal, in which tax stands by itself: put beside the lines that it is on, where that is clear.

    Clear is: kept on Xero's tax account, and there are lines of the same treatment whose sum has the tax's sign.
    """
    parts = [Part(line.account, line.amount, line.description, tracking=line.tracking) for line in lines if line.amount]
    own = chart.system("GST")
    if not with_rates or not own:
        return parts
    kept = [line for line in lines if line.amount]
    groups: dict[tuple[Any, ...], tuple[list[int], list[int]]] = {}
    for place, line in enumerate(kept):
        if line.tax_code:
            nets, taxes = groups.setdefault((line.about, line.tax_code, line.tracking), ([], []))
            (taxes if line.account == own or line.role.startswith("tax:") else nets).append(place)
    folded: set[int] = set()
    for (_, tax_code, _), (nets, taxes) in groups.items():
        net, tax = sum(kept[n].amount for n in nets), sum(kept[t].amount for t in taxes)
        if any(kept[t].account != own for t in taxes) or not nets or net * tax < 0 or (tax and not net):
            continue
        shares = _shares(tax, [kept[n].amount for n in nets])
        for place, share in zip(nets, shares, strict=True):
            parts[place] = replace(parts[place], tax_type=tax_code, tax=share)
        folded.update(taxes)
    return [part for place, part in enumerate(parts) if place not in folded]


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` over ``weights`` that may be of both signs, so that the parts sum to it exactly."""
    whole = sum(weights)
    shares, so_far, given = [], 0, 0
    for weight in weights:
        so_far += weight
        upto = round(Fraction(total * so_far, whole)) if whole else 0
        shares.append(upto - given)
        given = upto
    return shares


def journal_line(part: Part, currency: str, chart: Chart) -> dict[str, Any]:
    """A line of a manual journal."""
    line = {"LineAmount": to_decimal(part.amount, currency), **_common(part, chart)}
    return {**line, "TaxAmount": to_decimal(part.tax, currency)} if part.tax_type != NO_TAX else line


def item_line(part: Part, sign: int, currency: str, chart: Chart) -> dict[str, Any]:
    """A line of anything else; ``sign`` is +1 where a debit increases the document's total."""
    amount = to_decimal(sign * part.amount, currency)
    line = {"Quantity": 1, "UnitAmount": amount, **_common(part, chart)}
    return {**line, "TaxAmount": to_decimal(sign * part.tax, currency)} if part.tax_type != NO_TAX else line


def _common(part: Part, chart: Chart) -> dict[str, Any]:
    if len(part.tracking) > MOST_TRACKING:
        words = f"Xero tracks a line by at most {MOST_TRACKING} categories, the mapping by {len(part.tracking)}"
        raise Refused(f"{words}.", reason=RefusalReason.OVER_LIMIT)
    line: dict[str, Any] = {"Description": plain(part.description) or "Sales", "TaxType": part.tax_type}
    if part.tracking:
        line["Tracking"] = [{"Name": category, "Option": option} for category, option in part.tracking]
    return {**line, **chart.named(part.account)}


def line_amount_types(parts: Iterable[Part]) -> str:
    """Whether there is any tax on the lines; it is never inside their amounts."""
    return "Exclusive" if any(part.tax_type != NO_TAX for part in parts) else "NoTax"
