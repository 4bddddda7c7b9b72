"""What QuickBooks Online insists on when a document is sent, and what a document does to the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.platforms.quickbooks_online.fake import FakeQuickBooks

Json = dict[str, Any]
Leg = tuple[str, Decimal]
SETTLED_BY = {"Invoice": "Payment", "CreditMemo": "Payment", "JournalEntry": "Payment", "Bill": "BillPayment"}
PEOPLE = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}


class Wrong(Exception):
    """An answer of 4xx in the platform's own form."""

    def __init__(self, code: str, message: str, detail: str = "", *, status: int = 400, kind: str = "Validation"):
        self.status = status
        error = {"Message": message, "Detail": detail or message, "code": code, "element": ""}
        self.body = {"Fault": {"Error": [error], "type": f"{kind}Fault"}, "time": "2026-03-02T00:00:00.000-08:00"}


def business(detail: str) -> Wrong:
    return Wrong("6000", "A business validation error has occurred while processing your request", detail)


def gone(what: str, id: str) -> Wrong:
    return Wrong("2500", "Invalid Reference Id", f"Invalid Reference Id : {what} element id {id} not found")


class Rules:
    """The checks of a new document, against the company's other rows."""

    def __init__(self, fake: FakeQuickBooks, entity: str, body: Json) -> None:
        self.fake, self.entity, self.body = fake, entity, body

    def check(self) -> None:
        """Raises `Wrong` as the platform would refuse it."""
        if len(self.body.get("DocNumber", "")) > 21:
            raise Wrong("2050", "String length is either shorter or longer than supported by specification")
        number = self.body.get("DocNumber")
        others = self.fake.rows[self.entity].values() if number and self.fake.refuses_taken_numbers else ()
        if any(row.get("DocNumber") == number for row in others):
            words = f"Duplicate Document Number Error : You must specify a different number. {number} has been used."
            raise Wrong("6140", "Duplicate Document Number Error", words)
        closed = self.fake.closed
        if closed and self.body["TxnDate"] <= closed:
            words = "Account Period Closed, Cannot Update Through Services API"
            raise Wrong("6210", words, "The account period has closed and the account books cannot be updated.")
        self._things(self.body)
        if "CurrencyRef" in self.body and self.body["CurrencyRef"]["value"] != self.fake.currency:
            raise business("Multi currency is not enabled.")
        getattr(self, f"_{self.entity.lower()}")()

    def _things(self, value: Any) -> None:
        """Everything that is named has to be there, and active."""
        kinds = {
            "CustomerRef": "Customer", "VendorRef": "Vendor", "ItemRef": "Item", "ClassRef": "Class",
            "DepartmentRef": "Department", "TaxRateRef": "TaxRate",
        }  # fmt: skip
        if isinstance(value, list):
            for each in value:
                self._things(each)
        if not isinstance(value, dict):
            return
        for name, inner in value.items():
            kind = "Account" if name.endswith("AccountRef") else kinds.get(name)
            if kind:
                self.thing(kind, inner["value"])
            elif name == "TaxCodeRef" and not (self.fake.american and inner["value"] in ("TAX", "NON")):
                self.thing("TaxCode", inner["value"])
            else:
                self._things(inner)

    def thing(self, kind: str, id: str) -> Json:
        row = self.fake.rows[kind].get(id)
        if row is None:
            raise gone({"Account": "Accounts", "Customer": "Names", "Vendor": "Names"}.get(kind, kind), id)
        if not row.get("Active", True):
            words = "Something you're trying to use has been made inactive. Check the fields with accounts, customers,"
            raise Wrong("610", "Object Not Found", f"Object Not Found : {words} items, vendors or employees.")
        return row

    def type_of(self, account: Json) -> str:
        return str(self.fake.rows["Account"][account["value"]]["AccountType"])

    def _journalentry(self) -> None:
        sides: Counter[str] = Counter()
        for line in self.body["Line"]:
            detail = line["JournalEntryLineDetail"]
            if line["Amount"] < 0:
                raise business("An amount in a journal entry is not negative.")
            sides[detail["PostingType"]] += line["Amount"]
            whose = PEOPLE.get(self.type_of(detail["AccountRef"]))
            if whose and detail.get("Entity", {}).get("Type") != whose:
                raise business(f"When you use {self.type_of(detail['AccountRef'])}, you must choose a {whose} name.")
            if whose:
                self.thing(whose, detail["Entity"]["EntityRef"]["value"])
            if "TaxCodeRef" in detail and self.fake.american:
                raise business("Tax codes are not supported in journal entries.")
        if not sides["Debit"] or sides["Debit"] != sides["Credit"]:
            raise business("Transaction is not in balance.")

    def _sales(self) -> None:
        if "CustomerRef" not in self.body:
            raise Wrong("2020", "Required param missing, need to supply the required value for the API", "CustomerRef")
        control = self.body.get("ARAccountRef")
        if control and self.type_of(control) != "Accounts Receivable":
            raise business("The account is no receivables account.")
        for line in self.body["Line"]:
            detail = line["SalesItemLineDetail"]
            if line["Amount"] != detail["Qty"] * detail["UnitPrice"]:
                words = f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']}"
                raise Wrong("6070", "Amount calculation incorrect in the request", words)
            if not self.fake.american and self._is_taxed() and "TaxCodeRef" not in detail:
                raise business("Make sure all your transactions have a VAT rate before you save.")
            item = self.fake.rows["Item"][detail["ItemRef"]["value"]]
            self.thing("Account", item["IncomeAccountRef"]["value"])
        if total(self.body) < 0:
            raise business("Transaction amount must be 0 or greater.")

    def _is_taxed(self) -> bool:
        return bool(self.body.get("GlobalTaxCalculation", "TaxExcluded") != "NotApplicable")

    _invoice = _creditmemo = _sales

    def _bill(self) -> None:
        if "VendorRef" not in self.body:
            raise Wrong("2020", "Required param missing, need to supply the required value for the API", "VendorRef")
        for line in self.body["Line"]:
            if self.type_of(line["AccountBasedExpenseLineDetail"]["AccountRef"]) in PEOPLE:
                raise business("A line of a bill cannot be on receivables or payables.")
        if total(self.body) < 0:
            raise business("Transaction amount must be 0 or greater.")

    def _settling(self) -> None:
        """What a payment pays, with the journals and credits that it uses up."""
        if not self.body["TotalAmt"] and not self.fake.links:
            raise business("The transactions cannot be linked.")
        owed = Decimal(0)
        used: list[tuple[Json, Decimal]] = []
        for line in self.body["Line"]:
            for link in line["LinkedTxn"]:
                row = self.fake.rows[link["TxnType"]].get(link["TxnId"])
                if row is None or SETTLED_BY[link["TxnType"]] not in ("Payment", self.entity):
                    raise Wrong("620", "Transaction or transaction line cannot be linked", str(link))
                owed += line["Amount"] * self._sign(link["TxnType"], row)
                used.append((row, line["Amount"]))
                if row["left"] < line["Amount"]:
                    raise business("More is paid than is open.")
        if owed != self.body["TotalAmt"]:
            raise business("The amounts of the lines are not that of the payment.")
        for row, amount in used:
            row["left"] -= amount

    def _sign(self, kind: str, row: Json) -> int:
        """+1 for what is owed, -1 for what settles it."""
        if kind != "JournalEntry":
            return -1 if kind == "CreditMemo" else 1
        for line in row["Line"]:
            detail = line["JournalEntryLineDetail"]
            if self.type_of(detail["AccountRef"]) in PEOPLE:
                up = "Debit" if self.type_of(detail["AccountRef"]) == "Accounts Receivable" else "Credit"
                return 1 if detail["PostingType"] == up else -1
        raise Wrong("620", "Transaction cannot be linked", "a journal entry without receivables or payables")

    def _payment(self) -> None:
        into = self.body.get("DepositToAccountRef")
        if into and self.type_of(into) not in ("Bank", "Other Current Asset"):
            raise business("Select a bank account or other current asset account to deposit to.")
        self._settling()

    def _billpayment(self) -> None:
        kind, part, field = {
            "Check": ("Bank", "CheckPayment", "BankAccountRef"),
            "CreditCard": ("Credit Card", "CreditCardPayment", "CCAccountRef"),
        }[self.body["PayType"]]
        if self.type_of(self.body[part][field]) != kind:
            raise business(f"Select a {kind} account for this payment.")
        self._settling()

    def _deposit(self) -> None:
        if self.type_of(self.body["DepositToAccountRef"]) not in ("Bank", "Other Current Asset"):
            raise business("Select a bank account or other current asset account to deposit to.")
        if sum(line["Amount"] for line in self.body["Line"]) < 0:
            raise business("The total of a deposit is not negative.")

    def _transfer(self) -> None:
        if self.body["Amount"] <= 0:
            raise business("A transfer moves an amount.")

    def _purchaseorder(self) -> None:
        if "VendorRef" not in self.body:
            raise Wrong("2020", "Required param missing, need to supply the required value for the API", "VendorRef")
        if not self.fake.orders:
            raise Wrong("5030", "Feature Not Supported Error", "Feature Not Supported Error : Purchase orders")
        for line in self.body["Line"]:
            detail = line.get("ItemBasedExpenseLineDetail")
            product = detail["Qty"] * detail["UnitPrice"] if detail else line["Amount"]
            if line["Amount"] != Decimal(product).quantize(Decimal("0.01"), ROUND_HALF_UP):
                words = f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']}"
                raise Wrong("6070", "Amount calculation incorrect in the request", words)


def total(row: Json) -> Decimal:
    """The total of a form with lines and tax."""
    return sum((line["Amount"] for line in row["Line"]), Decimal(0)) + row.get("TxnTaxDetail", {}).get("TotalTax", 0)


def legs(fake: FakeQuickBooks, entity: str, row: Json) -> Iterator[Leg]:
    """Account and signed amount (a debit is positive) of everything that a document posts."""
    sign = -1 if entity in ("CreditMemo", "Bill") else 1
    if entity in ("Invoice", "CreditMemo", "Bill"):
        yield fake.control("Accounts Payable" if entity == "Bill" else "Accounts Receivable"), sign * row["TotalAmt"]
        for line in row["Line"]:
            if "SubTotalLineDetail" in line:
                continue
            if entity == "Bill":
                account = line["AccountBasedExpenseLineDetail"]["AccountRef"]
            else:
                account = fake.rows["Item"][line["SalesItemLineDetail"]["ItemRef"]["value"]]["IncomeAccountRef"]
            yield account["value"], -sign * line["Amount"]
        yield fake.tax_account, -sign * row.get("TxnTaxDetail", {}).get("TotalTax", Decimal(0))
        return
    amount = row.get("TotalAmt", Decimal(0))
    match entity:
        case "JournalEntry":
            for line in row["Line"]:
                detail = line["JournalEntryLineDetail"]
                side = 1 if detail["PostingType"] == "Debit" else -1
                yield detail["AccountRef"]["value"], side * line["Amount"]
        case "Payment":
            yield row.get("DepositToAccountRef", {"value": fake.undeposited})["value"], amount
            yield fake.control("Accounts Receivable"), -amount
        case "BillPayment":
            yield fake.control("Accounts Payable"), amount
            paid = row.get("CheckPayment", {}).get("BankAccountRef") or row["CreditCardPayment"]["CCAccountRef"]
            yield paid["value"], -amount
        case "Deposit":
            yield row["DepositToAccountRef"]["value"], amount
            for line in row["Line"]:
                yield line["DepositLineDetail"]["AccountRef"]["value"], -line["Amount"]
        case "Transfer":
            yield row["ToAccountRef"]["value"], row["Amount"]
            yield row["FromAccountRef"]["value"], -row["Amount"]
