"""What Xero takes and what it makes of it: the checks of each kind of document, and the legs that it posts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.platforms.xero.fake import Organisation

Json = dict[str, Any]
LISTS = {
    "ManualJournals": "ManualJournalID", "Invoices": "InvoiceID", "CreditNotes": "CreditNoteID",
    "Payments": "PaymentID", "BankTransactions": "BankTransactionID", "BankTransfers": "BankTransferID",
}  # fmt: skip
BANNED = ("DEBTORS", "CREDITORS", "RETAINEDEARNINGS")


class Refusal(Exception):
    """A sentence of Xero's."""


def checked(org: Organisation, collection: str, given: Json) -> Json:
    """The document as it is kept; raises `Refusal`."""
    if not given.get("Date"):
        raise Refusal("A date is needed")
    org.refuse_locked(given["Date"])
    row = {**given, "Date": _milliseconds(given["Date"]), "HasAttachments": False}
    if "DueDate" in row:
        row["DueDate"] = _milliseconds(row["DueDate"])
    _CHECKS[collection](org, row)
    return row


def _milliseconds(day: str) -> str:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return f"/Date({int(at.timestamp()) * 1000}+0000)/"


def _line(org: Organisation, line: Json, types: str, what: str) -> None:
    """Complete a line as Xero does; raises `Refusal`."""
    account = org.account(line)
    if account is None:
        raise Refusal(f"Account code '{line.get('AccountCode')}' is not a valid code for this document.")
    if account["Status"] != "ACTIVE":
        raise Refusal(f"Account '{account['Code']}' has been archived and cannot be used")
    if account["Type"] == "BANK" or account["SystemAccount"] in BANNED:
        raise Refusal(f"Account code '{account['Code']}' is not a valid code for this document ({what}).")
    if "LineAmount" not in line:
        line["LineAmount"] = _cents(Decimal(line["Quantity"]) * Decimal(line["UnitAmount"]))
    tax = line.get("TaxType", account["TaxType"])
    if tax not in org.taxes or tax in org.gone_taxes:
        raise Refusal(f"The TaxType code '{tax}' does not exist or cannot be used for this type of transaction.")
    for tracked in line.get("Tracking", ()):
        if tracked["Option"] not in org.tracking.get(tracked["Name"], ()):
            raise Refusal("The tracking option could not be found")
    if types == "NoTax":
        tax, amount = "NONE", Decimal(0)
    else:
        amount = Decimal(line.get("TaxAmount", _cents(line["LineAmount"] * org.taxes[tax] / 100)))
    line.update(TaxType=tax, TaxAmount=amount, AccountID=account["AccountID"], AccountCode=account["Code"])


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def total(row: Json) -> Decimal:
    """Of all lines, tax included."""
    lines = row.get("LineItems") or row.get("JournalLines") or ()
    return sum((Decimal(line["LineAmount"]) + Decimal(line["TaxAmount"]) for line in lines), Decimal(0))


def _journal(org: Organisation, row: Json) -> None:
    if not row.get("Narration"):
        raise Refusal("Narration must not be empty")
    for line in row["JournalLines"]:
        _line(org, line, row["LineAmountTypes"], "manual journals")
    debits = sum(max(line["LineAmount"] + line["TaxAmount"], Decimal(0)) for line in row["JournalLines"])
    if total(row):
        raise Refusal(f"The total debits ({debits}) must equal total credits ({total(row) - debits})")


def _items(org: Organisation, row: Json) -> None:
    for line in row["LineItems"]:
        _line(org, line, row["LineAmountTypes"], "lines")
    row["Contact"] = org.contact(row["Contact"])
    row["Total"] = total(row)
    row["TotalTax"] = sum(line["TaxAmount"] for line in row["LineItems"])
    row["SubTotal"] = row["Total"] - row["TotalTax"]
    if row["Total"] < 0:
        raise Refusal("The total for this document cannot be negative")


def _invoice(org: Organisation, row: Json) -> None:
    others = org.rows["Invoices"].values()
    number = row["InvoiceNumber"]
    if row["Type"] == "ACCREC" and any(o["InvoiceNumber"] == number and o["Type"] == "ACCREC" for o in others):
        raise Refusal("Invoice # must be unique.")
    if row["Type"] == "ACCPAY" and "Reference" in row:
        raise Refusal("Bills have no reference")
    _items(org, row)


def _credit_note(org: Organisation, row: Json) -> None:
    if any(other["CreditNoteNumber"] == row["CreditNoteNumber"] for other in org.rows["CreditNotes"].values()):
        raise Refusal("Credit note # must be unique.")
    _items(org, row)


def _payment(org: Organisation, row: Json) -> None:
    name = "Invoice" if "Invoice" in row else "CreditNote"
    settled = org.rows[f"{name}s"].get(row[name][f"{name}ID"])
    account = org.account(row["Account"])
    if settled is None or settled["Status"] != "AUTHORISED":
        raise Refusal("Payments can only be made against Authorised documents")
    if account is None or account["Status"] != "ACTIVE":
        raise Refusal("Account could not be found or is not active")
    if account["Type"] != "BANK" and not account["EnablePaymentsToAccount"]:
        raise Refusal("The account cannot be used for payments: enable payments to this account")
    if Decimal(row["Amount"]) > org.due(settled):
        raise Refusal("Payment amount exceeds the amount outstanding on this document")
    kind = {"ACCREC": "ACCRECPAYMENT", "ACCPAY": "ACCPAYPAYMENT"}.get(settled["Type"], "ARCREDITPAYMENT")
    row.update(Status="AUTHORISED", PaymentType=kind, Amount=Decimal(row["Amount"]))
    row["Account"] = {"AccountID": account["AccountID"], "Code": account["Code"]}
    row[name] = {**row[name], "CurrencyCode": settled["CurrencyCode"], "Type": settled["Type"]}


def _bank(org: Organisation, named: Json) -> Json:
    account = org.account(named)
    if account is None or account["Type"] != "BANK":
        raise Refusal("The bank account could not be found")
    if account["Status"] != "ACTIVE":
        raise Refusal("The bank account is not active: it has been archived")
    return {"AccountID": account["AccountID"], "Code": account["Code"], "Name": account["Name"]}


def _bank_transaction(org: Organisation, row: Json) -> None:
    row["BankAccount"] = _bank(org, row["BankAccount"])
    _items(org, row)
    if not row["Total"]:
        raise Refusal("The total must not be zero")


def _bank_transfer(org: Organisation, row: Json) -> None:
    row.update(FromBankAccount=_bank(org, row["FromBankAccount"]), ToBankAccount=_bank(org, row["ToBankAccount"]))
    row["Status"], row["Amount"] = "AUTHORISED", Decimal(row["Amount"])


_CHECKS = {
    "ManualJournals": _journal, "Invoices": _invoice, "CreditNotes": _credit_note, "Payments": _payment,
    "BankTransactions": _bank_transaction, "BankTransfers": _bank_transfer,
}  # fmt: skip


def legs(org: Organisation, collection: str, row: Json) -> Iterator[tuple[str, Decimal]]:
    """(id of the account, debit less credit) of what the document posts."""
    match collection:
        case "ManualJournals":
            sign, head = 1, None
        case "Invoices":
            sign = -1 if row["Type"] == "ACCREC" else 1
            head = org.system("DEBTORS" if sign < 0 else "CREDITORS")["AccountID"]
        case "CreditNotes":
            sign, head = 1, org.system("DEBTORS")["AccountID"]
        case "BankTransactions":
            sign, head = -1 if row["Type"] == "RECEIVE" else 1, row["BankAccount"]["AccountID"]
        case "BankTransfers":
            yield row["ToBankAccount"]["AccountID"], row["Amount"]
            yield row["FromBankAccount"]["AccountID"], -row["Amount"]
            return
        case _:
            sign = 1 if row["PaymentType"] == "ACCRECPAYMENT" else -1
            control = "CREDITORS" if row["PaymentType"] == "ACCPAYPAYMENT" else "DEBTORS"
            yield row["Account"]["AccountID"], sign * row["Amount"]
            yield org.system(control)["AccountID"], -sign * row["Amount"]
            return
    for line in row.get("LineItems") or row["JournalLines"]:
        yield line["AccountID"], sign * Decimal(line["LineAmount"])
        yield org.system("GST")["AccountID"], sign * Decimal(line["TaxAmount"])
    if head:
        yield head, -sign * total(row)
