"""A stateful QuickBooks Online on the loopback: what our connector writes into it, the vendor's SDK reads out of it.

Honest in what trips a connector: the company in the path, `requestid` that answers with the first, documents that take
the same number twice, versions, an empty answer of a query, fields that cannot be asked for, items on sales forms,
names on receivables, types of accounts that a payment takes, inactive things, the closing date, and tokens that end.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs

from connectors.auth import Secrets
from connectors.general_ledger.chart import CUSTOMER, DEFAULT_CHART, SUPPLIER
from tests.connectors.server import Answer, PlatformServer, Seen
from tests.connectors.server import running as running_server
from tests.platforms.quickbooks_online.reports import REPORTS
from tests.platforms.quickbooks_online.rules import Json, Rules, Wrong, legs, total

REALM: Final = "4620816365291273460"
TOKEN: Final = "qbo-test-token"
TRANSACTIONS: Final = (
    "JournalEntry", "Invoice", "CreditMemo", "Payment", "Bill", "BillPayment", "Deposit", "Transfer", "PurchaseOrder",
)  # fmt: skip
LISTS: Final = (
    "Account", "Item", "Customer", "Vendor", "Class", "Department", "TaxCode", "TaxRate", "Preferences", "CompanyInfo",
)  # fmt: skip
UNFILTERED: Final = {("Payment", "DocNumber"), ("Deposit", "PrivateNote"), ("Payment", "PrivateNote")}
TYPES: Final = {
    "receivable": "Accounts Receivable", "payable": "Accounts Payable", "bank": "Bank",
    "cost_of_sales": "Cost of Goods Sold", "fixed_asset": "Fixed Asset", "other_income": "Other Income",
    "loan": "Long Term Liability",
}  # fmt: skip
KINDS: Final = {
    "asset": "Other Current Asset", "liability": "Other Current Liability", "equity": "Equity", "income": "Income",
    "expense": "Expense",
}  # fmt: skip
FAULTS: Final = {
    "lose_answer_after_commit": ("lose_after", None),
    "lose_before": ("drop_before", None),
    "429": ("rate429", None),
    "429_retry_after": ("rate429", "1"),
    "5xx": ("err500_before", None),
    "401": ("e401", None),
    "repeated": ("twice", None),
}


@dataclass
class FakeQuickBooks:
    """One company. `closed` is its closing date; `asked` is everything that came in."""

    currency: str = "GBP"
    country: str = "GB"
    closed: str = ""
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    refresh: str = "qbo-refresh-token"
    tax_account: str = ""
    undeposited: str = ""
    rows: dict[str, dict[str, Json]] = field(default_factory=lambda: {name: {} for name in (*TRANSACTIONS, *LISTS)})
    replies: dict[str, Any] = field(default_factory=dict)
    deleted: list[tuple[str, Json]] = field(default_factory=list)
    asked: list[Seen] = field(default_factory=list)
    made: int = 144
    remembers: bool = True  # whether a `requestid` that comes again answers with the first
    links: bool = True  # whether a payment of nothing may link two others
    computes_tax: bool = False  # automated sales tax that does not take the tax that it is told
    orders: bool = True  # whether the merchant's edition has purchase orders
    refuses_taken_numbers: bool = False  # the company's own choice, "warn about duplicate numbers"
    ends_in: str = ""  # the access ends after the next page of this
    grants: int = 0
    most_told: int = 1_000  # changes in one answer
    code: str = ""  # what comes back with the merchant's log-in; good once

    def __post_init__(self) -> None:
        for number, (code, name, kind, subtype) in enumerate(DEFAULT_CHART, 33):
            self.put("Account", str(number), Name=name, AcctNum=code, AccountType=TYPES.get(subtype, KINDS[kind]))
        self.put("Customer", "8", DisplayName=CUSTOMER)
        self.put("Vendor", "9", DisplayName=SUPPLIER)
        self.put("TaxCode", "2", Name="No VAT")
        self.tax_account, self.undeposited = self.account("2200")["Id"], self.account("1020")["Id"]
        tax = {"PartnerTaxEnabled": True} if self.american else {}
        self.put(
            "Preferences", "1", AccountingInfoPrefs={}, TaxPrefs={"UsingSalesTax": True, **tax},
            CurrencyPrefs={"MultiCurrencyEnabled": False, "HomeCurrency": {"value": self.currency}},
        )  # fmt: skip
        self.put("CompanyInfo", "1", CompanyName="Rose & Crown", Country=self.country)

    @property
    def american(self) -> bool:
        return self.country == "US"

    def put(self, entity: str, id: str, **values: Any) -> Json:
        """A row as if a person had made it."""
        active = {"Active": True} if entity in LISTS[:7] else {}
        self.rows[entity][id] = {"Id": id, "SyncToken": "0", "domain": "QBO", "sparse": False, **active, **values}
        return self.touched(self.rows[entity][id])

    def touched(self, row: Json) -> Json:
        """The row, as changed now."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        row["MetaData"] = {"CreateTime": at, **row.get("MetaData", {}), "LastUpdatedTime": at}
        return row

    def delete(self, entity: str, id: str) -> None:
        """Delete a document as a person does."""
        row = self.touched(self.rows[entity].pop(id))
        self.deleted.append((entity, {"domain": "QBO", "status": "Deleted", "Id": id, "MetaData": row["MetaData"]}))

    def account(self, code: str) -> Json:
        """The account with a number of the default chart."""
        return next(row for row in self.rows["Account"].values() if row.get("AcctNum") == code)

    def control(self, kind: str) -> str:
        """The account of receivables or payables."""
        return next(id for id, row in self.rows["Account"].items() if row["AccountType"] == kind)

    # -- the wire -------------------------------------------------------------------------------------------------

    def answer(self, seen: Seen) -> Any:
        self.asked.append(seen)
        try:
            if seen.path == "/oauth2/v1/tokens/bearer":
                return self._token(seen)
            if seen.path == "/v2/oauth2/tokens/revoke":
                return self._revoked(seen)
            if seen.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
                fault = {"message": "message=AuthenticationFailed; errorCode=003200; statusCode=401", "code": "3200"}
                return Answer(401, {"warnings": None, "fault": {"error": [fault], "type": "AUTHENTICATION"}})
            return json.loads(json.dumps(self._served(seen), default=_number))
        except Wrong as wrong:
            return Answer(wrong.status, wrong.body)

    def _token(self, seen: Seen) -> Any:
        asked = {name: values[-1] for name, values in parse_qs(seen.body.decode()).items()}
        if not seen.headers.get("authorization", "").startswith("Basic "):
            return Answer(401, {"error": "invalid_client"})
        if asked.get("grant_type") == "authorization_code":
            is_good = asked.get("code") == self.code != ""
            self.code = ""
        else:
            is_good = asked.get("refresh_token") == self.refresh
        if not is_good:
            return Answer(400, {"error": "invalid_grant", "error_description": "Token invalid"})
        self.grant()
        answer = {"access_token": min(self.tokens), "token_type": "bearer", "expires_in": 3600}
        return {**answer, "refresh_token": self.refresh, "x_refresh_token_expires_in": 8726400}

    def _revoked(self, seen: Seen) -> Any:
        is_ours = seen.headers.get("authorization", "").startswith("Basic ")
        if not is_ours or json.loads(seen.body)["token"] not in (self.refresh, *self.tokens):
            return Answer(400, {"error": "invalid_request"})
        self.tokens, self.refresh = set(), "nothing that anybody has"
        return Answer(200, {})

    def grant(self) -> None:
        """A new pair of tokens; the old one is worth nothing."""
        self.grants += 1
        self.tokens, self.refresh = {f"qbo-test-token-{self.grants}"}, f"qbo-refresh-token-{self.grants}"

    def _served(self, seen: Seen) -> Any:
        if not seen.path.startswith(f"/v3/company/{REALM}/"):
            raise Wrong("3100", "ApplicationAuthorizationFailed", status=403, kind="Authorization")
        asked = {name: values[-1] for name, values in seen.query.items()}
        if int(asked.get("minorversion", "0")) < 75:
            raise Wrong("2010", "Request has invalid or unsupported property", "minorversion")
        entity, _, id = seen.path.removeprefix(f"/v3/company/{REALM}/").partition("/")
        if entity == "query":
            return {"QueryResponse": self._query(asked.get("query") or seen.body.decode()), "time": "now"}
        if entity == "cdc":
            return {"CDCResponse": [{"QueryResponse": self._changed(asked)}], "time": "now"}
        if entity == "reports":
            return REPORTS[id](self, asked)
        name = next((each for each in (*TRANSACTIONS, *LISTS) if each.lower() == entity), "")
        if not name:
            raise Wrong("500", "Unsupported Operation", f"Operation {entity} is not supported.")
        if seen.method == "GET":
            return {name: self._there(name, id), "time": "now"}
        key = asked.get("requestid", "")
        if len(key) > 50:
            raise Wrong("2050", "String length is either shorter or longer than supported by specification")
        if not key or not self.remembers or key not in self.replies:
            made = self._write(name, asked, json.loads(seen.body, parse_float=Decimal))
            self.replies[key] = json.loads(json.dumps({name: made, "time": "now"}, default=_number))
        return self.replies[key]

    def _there(self, entity: str, id: str) -> Json:
        row = self.rows[entity].get(id)
        if row is None:
            raise Wrong("610", "Object Not Found", f"Object Not Found : {entity} {id}")
        return {name: value for name, value in row.items() if name != "left"}

    def _changed(self, asked: Json) -> list[Json]:
        since = datetime.fromisoformat(asked["changedSince"])
        if since < datetime.now(UTC) - timedelta(days=30):
            raise Wrong("4003", "Invalid changedSince", "It reaches back 30 days.")
        groups, left = [], self.most_told
        for entity in asked["entities"].split(","):
            gone = [row for name, row in self.deleted if name == entity]
            rows = [self._there(entity, id) for id in self.rows[entity]] + gone
            rows = [row for row in rows if datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]) >= since][:left]
            left -= len(rows)
            groups.append({entity: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
        return groups

    def _query(self, text: str) -> Json:
        pattern = (
            r"select \*(?:, \w+)? from (\w+)\s*(?:where (.*?))?\s*(?:startposition (\d+))?\s*(?:maxresults (\d+))?\s*"
        )
        found = re.fullmatch(pattern, text, re.IGNORECASE)
        if not found or found[1] not in self.rows:
            raise Wrong("4000", "Error parsing query", f"QueryParserError: {text}")
        entity, rows = found[1], list(self.rows[found[1]].values())
        if entity == self.ends_in:
            self.tokens, self.ends_in = set(), ""
        conditions = found[2] or ""
        if "Active" not in conditions:
            rows = [row for row in rows if row.get("Active", True)]
        for name, value in re.findall(r"(\w+) = '((?:[^'\\]|\\.)*)'", conditions):
            if (entity, name) in UNFILTERED:
                raise Wrong("4001", "Invalid query", f"Property {name} is not queryable")
            wanted = re.sub(r"\\(.)", r"\1", value)
            rows = [row for row in rows if row.get(name) == wanted]
        if rest := re.sub(r"\w+ = '(?:[^'\\]|\\.)*'|Active in \(true, false\)|\band\b|\s", "", conditions):
            raise Wrong("4000", "Error parsing query", f"QueryParserError: {rest}")
        start, most = int(found[3] or 1) - 1, min(int(found[4] or 100), 1_000)
        rows = [self._there(entity, row["Id"]) for row in rows[start : start + most]]
        return {entity: rows, "startPosition": start + 1, "maxResults": len(rows)} if rows else {}

    def _write(self, entity: str, asked: Json, body: Json) -> Json:
        operation = asked.get("operation", "create")
        if operation != "create":
            return self._taken_back(entity, operation, body)
        if "Id" in body:
            raise Wrong("500", "Unsupported Operation", "The fake updates nothing.")
        if entity in TRANSACTIONS:
            Rules(self, entity, body).check()
        elif any(_name(row) == _name(body) for row in self.rows[entity].values()):
            raise Wrong("6240", "Duplicate Name Exists Error", "The name supplied already exists.")
        self.made += 1
        row = self.put(entity, str(self.made), **body)
        if self.computes_tax and entity in ("Invoice", "CreditMemo") and "TxnTaxDetail" in row:
            row["TxnTaxDetail"] = {"TotalTax": Decimal(1)}
        if entity in ("Invoice", "CreditMemo", "Bill"):
            row["TotalAmt"] = row["Balance"] = total(row)
        if entity == "PurchaseOrder":
            row["TotalAmt"] = total(row)
        if entity == "Deposit":
            row["TotalAmt"] = sum(line["Amount"] for line in row["Line"])
        if entity in ("Invoice", "CreditMemo"):
            row.pop("ARAccountRef", None)  # not told again
            subtotal = sum(line["Amount"] for line in row["Line"])
            row["Line"].append({"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
        if entity in ("Invoice", "CreditMemo", "Bill", "JournalEntry"):
            row["left"] = row.get("TotalAmt", sum(line["Amount"] for line in row["Line"]))
        for number, line in enumerate(row.get("Line", ())):
            line.setdefault("Id", str(number + 1))
        return self._there(entity, row["Id"])

    def _taken_back(self, entity: str, operation: str, body: Json) -> Json:
        row = self.rows[entity].get(body["Id"])
        if row is None:
            raise Wrong("610", "Object Not Found", f"Object Not Found : {entity} {body['Id']}")
        if body.get("SyncToken") != row["SyncToken"]:
            words = "You and somebody else were working on this at the same time."
            raise Wrong("5010", "Stale Object Error", f"Stale Object Error : {words}")
        if self.closed and row["TxnDate"] <= self.closed:
            raise Wrong("6210", "Account Period Closed, Cannot Update Through Services API")
        for line in row.get("Line", ()) if entity in ("Payment", "BillPayment") else ():
            for link in line.get("LinkedTxn", ()):
                self.rows[link["TxnType"]][link["TxnId"]]["left"] += line["Amount"]
        if operation == "delete":
            self.delete(entity, row["Id"])
            return {"status": "Deleted", "domain": "QBO", "Id": row["Id"]}
        if operation != "void" or entity != "Invoice":
            raise Wrong("500", "Unsupported Operation", f"Operation {operation} is not supported.")
        row |= {"SyncToken": str(int(row["SyncToken"]) + 1), "PrivateNote": "Voided", "TotalAmt": Decimal(0)}
        row |= {"Balance": Decimal(0), "left": Decimal(0)}
        for line in row["Line"]:
            line["Amount"] = Decimal(0)
        return self._there(entity, row["Id"])

    # -- the truth ------------------------------------------------------------------------------------------------

    def documents(self) -> list[tuple[str, dict[str, int]]]:
        """(reference, {account's number: debits less credits, in minor units}) of all that posts something."""
        found = []
        for entity in TRANSACTIONS:
            for row in self.rows[entity].values():
                sums: Counter[str] = Counter()
                for account, signed in legs(self, entity, row):
                    sums[self.rows["Account"][account]["AcctNum"]] += int(signed * 100)
                reference = row.get("DocNumber") or row.get("PaymentRefNum") or row["PrivateNote"].partition(" ")[0]
                if standing := {account: value for account, value in sums.items() if value}:
                    found.append((reference, standing))
        return found

    def balances(self) -> dict[str, int]:
        """The trial balance, in minor units."""
        sums: Counter[str] = Counter()
        for _, standing in self.documents():
            sums.update(standing)
        return {account: value for account, value in sorted(sums.items()) if value}


def _name(row: Json) -> str:
    return str(row.get("DisplayName") or row.get("Name") or "")


def _number(value: Any) -> Any:
    """Amounts as the platform prints them: numbers with two decimals."""
    return float(value)


def _sends_a_document(seen: Seen) -> bool:
    names = {each.lower() for each in TRANSACTIONS}
    return seen.method == "POST" and seen.path.rpartition("/")[2] in names


class Fake:
    """The fake behind its server, as the tests of all targets use it."""

    def __init__(self, server: PlatformServer, company: FakeQuickBooks) -> None:
        self.server, self.company = server, company
        self.place = server.place
        self.settings = {"base_url": server.url, "realmId": REALM, "tax_account": company.tax_account}
        self.tax_codes: dict[str, str] = {}
        self.secrets = Secrets(access_token=TOKEN, refresh_token=company.refresh)

    def documents(self) -> list[tuple[str, dict[str, int]]]:
        return self.company.documents()

    def in_currency(self, currency: str) -> None:
        """Keep the books in this currency, of a country where QuickBooks itself works out the tax on sales."""
        company = self.company
        company.currency, company.country = currency, "US"
        preferences = company.rows["Preferences"]["1"]
        preferences["TaxPrefs"]["PartnerTaxEnabled"] = True
        preferences["CurrencyPrefs"]["HomeCurrency"]["value"] = currency
        company.rows["CompanyInfo"]["1"]["Country"] = company.country

    def offer_taxes(self, rates: dict[str, tuple[Decimal, ...]]) -> None:
        """Be a company outside of the United States, where codes are chosen, with a rate of each percentage."""
        company = self.company
        company.country = company.rows["CompanyInfo"]["1"]["Country"] = "GB"
        del company.rows["Preferences"]["1"]["TaxPrefs"]["PartnerTaxEnabled"]
        self.settings["untaxed_code"] = "2"
        for number, (tax, percentages) in enumerate(rates.items(), 50):
            details = []
            for place, percentage in enumerate(percentages, 1):
                rate = f"{number}{place}"
                company.put("TaxRate", rate, Name=f"{tax} {percentage} %", RateValue=percentage)
                details.append({"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0})
            lists = {f"{side}TaxRateList": {"TaxRateDetail": details} for side in ("Sales", "Purchase")}
            company.put("TaxCode", str(number), Name=tax, **lists)
            self.tax_codes[tax] = str(number)

    def lock(self, through: date) -> None:
        """Close the books through this day."""
        self.company.closed = through.isoformat()
        self.company.rows["Preferences"]["1"]["AccountingInfoPrefs"]["BookCloseDate"] = through.isoformat()

    def archive(self, account: str) -> None:
        """Make an account inactive."""
        self.company.account(account)["Active"] = False

    def fail(self, kind: str, times: int = 1) -> None:
        """The next documents that are sent meet this fault; what is read before them does not."""
        name, header = FAULTS[kind]
        self.fail_as(name, times, header)

    def offer_tax_codes(self) -> None:
        """A company with VAT: a tax code of one rate, and one for what has none."""
        self.company.put("TaxRate", "11", Name="VAT 20 %", RateValue=20)
        rates = {"TaxRateDetail": [{"TaxRateRef": {"value": "11"}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}]}
        self.company.put("TaxCode", "5", Name="20.0% S", SalesTaxRateList=rates, PurchaseTaxRateList=rates)
        self.tax_codes, self.settings["untaxed_code"] = {"vat20": "5"}, "2"

    def delete_tax_code(self, code: str) -> None:
        """Make a tax code inactive: the platform deletes none."""
        self.company.rows["TaxCode"][code]["Active"] = False

    def take_number(self, reference: str) -> None:
        """A person writes an invoice with this number, in a company that wants numbers once."""
        company = self.company
        company.refuses_taken_numbers = True
        detail = {"ItemRef": {"value": "3"}, "Qty": Decimal(1), "UnitPrice": Decimal(1)}
        line = {"Amount": Decimal(1), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        company.put("Item", "3", Name="Gift", Type="Service", IncomeAccountRef={"value": company.account("4000")["Id"]})
        company.put(
            "Invoice", "3", DocNumber=reference, TxnDate="2026-03-01", CustomerRef={"value": "8"}, Line=[line],
            TotalAmt=Decimal(1), Balance=Decimal(1), left=Decimal(1),
        )  # fmt: skip

    def enter(self, day: date, amounts: dict[str, int], reference: str) -> str:
        """A person writes a journal entry; its id."""
        lines = [
            {"Id": str(number), "Amount": Decimal(abs(amount)) / 100, "DetailType": "JournalEntryLineDetail",
             "JournalEntryLineDetail": {"PostingType": "Debit" if amount > 0 else "Credit",
                                        "AccountRef": {"value": self.company.account(code)["Id"]}}}
            for number, (code, amount) in enumerate(amounts.items(), 1)
        ]  # fmt: skip
        self.company.made += 1
        id = str(self.company.made)
        self.company.put("JournalEntry", id, DocNumber=reference, TxnDate=day.isoformat(), Line=lines, PrivateNote="")
        return f"JournalEntry/{id}"

    def bank_brings(self, day: date, amount: int, text: str) -> None:
        """A deposit that a person made of a line of the bank's feed."""
        value = Decimal(amount) / 100
        detail = {"AccountRef": {"value": self.company.account("4900")["Id"]}}
        line = {"Id": "1", "Amount": value, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
        self.company.made += 1
        self.company.put(
            "Deposit", str(self.company.made), TxnDate=day.isoformat(), PrivateNote=text, TotalAmt=value, Line=[line],
            DepositToAccountRef={"value": self.company.account("1000")["Id"]},
        )  # fmt: skip

    def revoke(self) -> None:
        """The merchant disconnects our app there."""
        self.company.tokens, self.company.refresh = set(), "nothing that anybody has"

    def connect_again(self) -> Secrets:
        """What a new connection of the merchant gives us."""
        self.company.grant()
        return Secrets(access_token=min(self.company.tokens), refresh_token=self.company.refresh)

    def expire_mid_page(self) -> int:
        """The access ends between two pages of customers; how many there are."""
        for number in range(1_000):
            self.company.put("Customer", f"1{number:04}", DisplayName=f"Customer {number}")
        self.company.ends_in = "Customer"
        return len(self.company.rows["Customer"])

    def fail_as(self, name: str, times: int = 1, header: str | None = None) -> None:
        """The same, by the name that the server has for it."""
        self.server.fail(name, header=header, times=times)


@contextmanager
def running(make: Callable[[], FakeQuickBooks] = FakeQuickBooks) -> Iterator[Fake]:
    """A company on a free port of the loopback."""
    with running_server() as server:
        company = make()
        server.otherwise, server.meets_faults = company.answer, _sends_a_document
        yield Fake(server, company)
