"""Documents as QuickBooks' own forms: journal entry, invoice, credit memo, bill, deposit, transfer.

A line of a sales form names an item and not an account; tax is either on lines of its own (exact, on the account that
the book says) or in the platform's tax fields by the tax code of the line (on the account that the platform says).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import Row, amount, ref
from connectors.plain_text import plain
from connectors.session import Session
from ledger.documents import Bill, CreditNote, Deposit, Entry, Header, Invoice, Journal, Line, Payment

CLASS: Final = "class"
DEPARTMENT: Final = "department"
"""The two dimensions of tracking."""

_TRANSFERRED: Final = frozenset({company.BANK, company.CARD})
_DEPOSITED_INTO: Final = frozenset({company.BANK, company.CURRENT_ASSET})


def heading(session: Session, header: Header) -> Row:
    """What all forms have. The reference begins the note: what has no number is found by it."""
    found: Row = {
        "DocNumber": header.reference,
        "TxnDate": header.date.isoformat(),
        "PrivateNote": plain(f"{header.reference} {header.narration} key={header.key}"),
    }
    if header.currency != company.home_currency(session):
        found["CurrencyRef"] = ref(header.currency)
    return found


def _unnumbered(heading: Row) -> Row:
    return {name: value for name, value in heading.items() if name != "DocNumber"}


def journal(session: Session, document: Journal) -> Row:
    """A journal entry with the legs as they are: its lines carry no tax codes, tax stands on the book's account."""
    lines = [
        posting(session, entry, line.description, document.header.currency, _tracking(line))
        for line in document.lines
        for entry in _legs(line)
    ]
    return {**heading(session, document.header), "Line": lines}


def _legs(line: Line) -> Iterator[Entry]:
    for account, signed in ((line.account, line.amount), *((part.account, part.amount) for part in line.taxes)):
        if signed:
            yield Entry(account, max(signed, 0), max(-signed, 0))


def entry_of(session: Session, document: Payment | Deposit, party: str = "") -> Row:
    """The same money as a journal entry, where the platform's own form cannot hold it."""
    words = document.header.narration
    lines = [
        posting(session, each, words, document.header.currency, {}, party)
        for each in document.entries()
        if any(each[1:])
    ]
    return {**heading(session, document.header), "Line": lines}


def posting(session: Session, entry: Entry, words: str, currency: str, tracking: Row, party: str = "") -> Row:
    """A line of a journal entry; one on receivables or payables must name somebody."""
    detail: Row = {
        "PostingType": "Debit" if entry.debit else "Credit",
        "AccountRef": ref(entry.account),
        **tracking,
    }
    whose = {company.RECEIVABLE: "Customer", company.PAYABLE: "Vendor"}.get(
        company.account_type(session, entry.account)
    )
    if whose:
        detail["Entity"] = {"Type": whose, "EntityRef": ref(party or company.party(session, whose))}
    return {
        "Description": plain(words),
        "Amount": amount(entry.debit or entry.credit, currency),
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": detail,
    }


def sales_form(session: Session, document: Invoice | CreditNote) -> Row:
    """An invoice or a credit memo. Raises `Refused` when the book's receivables are no receivables there."""
    company.must_be(session, document.control, company.RECEIVABLE, "receivable")
    lines, taxes = _Lines(session, document, "Sales").split()
    found = {**heading(session, document.header), "CustomerRef": ref(document.customer)}
    found["ARAccountRef"] = ref(document.control)
    places = {line.tracking for line in document.lines}
    if len(places) == 1 and (place := dict(places.pop()).get(DEPARTMENT)):
        found["DepartmentRef"] = ref(place)
    if isinstance(document, Invoice):
        found["DueDate"] = document.header.date.isoformat()
    return {**found, "Line": lines, **taxes}


def bill(session: Session, document: Bill) -> Row:
    """A vendor's bill. Raises `Refused` when the book's payables are no payables there."""
    company.must_be(session, document.control, company.PAYABLE, "payable")
    lines, taxes = _Lines(session, document, "Purchase").split()
    found = {**heading(session, document.header), "VendorRef": ref(document.supplier)}
    found |= {"APAccountRef": ref(document.control), "DueDate": document.header.date.isoformat()}
    return {**found, "Line": lines, **taxes}


def deposit(session: Session, document: Deposit) -> tuple[str, Row]:
    """Money into an account: a transfer between two bank accounts, a deposit, or a journal entry for the rest."""
    into = company.account_type(session, document.account)
    currency, total = document.header.currency, document.total
    top = _unnumbered(heading(session, document.header))
    single = document.lines[0] if len(document.lines) == 1 and not document.lines[0].taxes else None
    if single and total > 0 and into in _TRANSFERRED and _type(session, single) in _TRANSFERRED:
        sides = {"FromAccountRef": ref(single.account), "ToAccountRef": ref(document.account)}
        return "Transfer", {**top, **sides, "Amount": amount(total, currency)}
    controlled = any(_type(session, line) in (company.RECEIVABLE, company.PAYABLE) for line in document.lines)
    if total <= 0 or into not in _DEPOSITED_INTO or controlled:
        return "JournalEntry", entry_of(session, document)
    lines = [
        {
            "Description": plain(line.description),
            "Amount": amount(signed, currency),
            "DetailType": "DepositLineDetail",
            "DepositLineDetail": {"AccountRef": ref(account), **_class(line)},
        }
        for line in document.lines
        for account, signed in ((line.account, line.amount), *((part.account, part.amount) for part in line.taxes))
        if signed
    ]
    return "Deposit", {**top, "DepositToAccountRef": ref(document.account), "Line": lines}


def _type(session: Session, line: Line) -> str:
    return company.account_type(session, line.account)


def _tracking(line: Line) -> Row:
    chosen = dict(line.tracking)
    names = ((CLASS, "ClassRef"), (DEPARTMENT, "DepartmentRef"))
    return {name: ref(chosen[dimension]) for dimension, name in names if dimension in chosen}


def _class(line: Line) -> Row:
    return {name: value for name, value in _tracking(line).items() if name == "ClassRef"}


class _Lines:
    """The lines of an invoice, a credit memo or a bill, and the tax fields beside them."""

    def __init__(
        self, session: Session, document: Invoice | CreditNote | Bill, side: Literal["Sales", "Purchase"]
    ) -> None:
        self.session, self.document, self.side = session, document, side
        self.currency = document.header.currency
        self.american = company.is_american(session)
        self.by_code = session.settings.get("sales_tax", "lines" if self.american else "codes") == "codes"
        self.lines: list[Row] = []
        self.rates: dict[str, tuple[int, int]] = {}  # tax rate → tax, net
        self.coded = self.split_wholly = False

    def split(self) -> tuple[list[Row], Row]:
        """The lines, and the tax fields."""
        tax = 0
        for line in self.document.lines:
            code = self._code(line)
            self._add(line, line.account, line.amount, line.description, code)
            if code:
                tax += line.tax
                self._rate(line, code)
                continue
            for part in line.taxes:
                self._add(line, part.account, part.amount, f"Tax on {line.description}", "")
        return self.lines, self._tax_fields(tax)

    def _code(self, line: Line) -> str:
        """The tax code by which the platform itself books the tax of the line; "" when that stands on a line."""
        if not self.by_code or (self.american and self.side == "Purchase"):
            return ""
        if self.american:
            return "TAX" if line.tax else "NON"
        own = self.session.settings.get("tax_account")
        kept_elsewhere = bool(own) and any(part.account != own for part in line.taxes)
        is_tax = line.role.partition(":")[0] in ("tax", "fee_tax")  # what was taxed is not in the document
        return "" if kept_elsewhere or is_tax else line.tax_code

    def _add(self, line: Line, account: str, signed: int, words: str, code: str) -> None:
        if not signed and not code:
            return
        value = amount(signed, self.currency)
        untaxed = str(self.session.settings.get("untaxed_code") or "")
        if self.american:
            untaxed = "NON" if self.side == "Sales" else ""
        tax = {"TaxCodeRef": ref(code or untaxed)} if code or untaxed else {}
        found: Row = {"Description": plain(words), "Amount": value}
        if self.side == "Purchase":
            found["DetailType"] = "AccountBasedExpenseLineDetail"
            found["AccountBasedExpenseLineDetail"] = {"AccountRef": ref(account), **_class(line), **tax}
        else:
            item = {"ItemRef": ref(company.item_for(self.session, account)), "Qty": 1, "UnitPrice": value}
            found["DetailType"] = "SalesItemLineDetail"
            found["SalesItemLineDetail"] = {**item, **_class(line), **tax}
        self.lines.append(found)

    def _rate(self, line: Line, code: str) -> None:
        """Tax by rate, the larger part to the higher rate; what cannot be told apart is left to the platform."""
        self.coded = True
        company.refuse_retired_tax(self.session, code)
        rates = company.rates_of(self.session, code, self.side)
        parts = sorted(abs(part.amount) for part in line.taxes) or [0] * len(rates)
        if len(rates) != len(parts):
            self.split_wholly = True
            return
        sign = -1 if line.amount < 0 else 1
        for rate, part in zip(rates, parts, strict=True):
            tax, net = self.rates.get(rate["Id"], (0, 0))
            self.rates[rate["Id"]] = (tax + sign * part, net + line.amount)

    def _tax_fields(self, tax: int) -> Row:
        if not self.coded:
            return {} if self.american else {"GlobalTaxCalculation": "NotApplicable"}
        detail: Row = {"TotalTax": amount(tax, self.currency)}
        if not self.split_wholly and not self.american:
            detail["TaxLine"] = list(self._tax_lines())
        how = {} if self.american else {"GlobalTaxCalculation": "TaxExcluded"}
        return {**how, "TxnTaxDetail": detail}

    def _tax_lines(self) -> Iterable[Row]:
        for rate, (tax, net) in self.rates.items():
            detail: Row = {"TaxRateRef": ref(rate), "PercentBased": True}
            percent = company.tax_rates(self.session)[rate].get("RateValue")
            detail |= {"TaxPercent": percent} if percent is not None else {}
            detail["NetAmountTaxable"] = amount(net, self.currency)
            yield {"Amount": amount(tax, self.currency), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
