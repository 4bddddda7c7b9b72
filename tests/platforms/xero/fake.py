"""A small Xero on the loopback: one organisation with its chart, in which what a connector writes becomes books.

Honest in what trips a connector: no JSON unless it is asked for, a tenant on every call, keys that answer again for six
minutes (refusals too) and refuse another body, PUT that makes and POST that changes, unique numbers of sales invoices,
journals without bank or control accounts, lines that must be of a known account and tax, payments that take an account
that is open to them and no more than is due, dates in locked periods, what is paid and cannot be voided, tokens that
end. Built from Xero's published OpenAPI description; xero-python reads it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs, unquote
from uuid import NAMESPACE_URL, uuid5

from connectors.auth import Secrets
from connectors.general_ledger.chart import CUSTOMER, DEFAULT_CHART, SUPPLIER
from tests.connectors.server import Answer, PlatformServer, Seen
from tests.connectors.server import running as running_server
from tests.platforms.xero.reports import day_of, trial_balance
from tests.platforms.xero.rules import LISTS, Json, Refusal, checked, legs, total

TENANT: Final = "45e4708e-d862-4111-ab3a-dd8cd03913e1"
CLIENT: Final = {"client_id": "us", "client_secret": "xero-test-client-secret"}
TYPES: Final = {
    "bank": "BANK", "inventory": "INVENTORY", "fixed_asset": "FIXED", "loan": "TERMLIAB", "sales": "SALES",
    "contra_sales": "REVENUE", "other_income": "OTHERINCOME", "cost_of_sales": "DIRECTCOSTS",
}  # fmt: skip
KINDS: Final = {
    "asset": "CURRENT", "liability": "CURRLIAB", "equity": "EQUITY", "income": "REVENUE", "expense": "EXPENSE",
}  # fmt: skip
SYSTEM: Final = {"receivable": "DEBTORS", "payable": "CREDITORS", "retained_earnings": "RETAINEDEARNINGS"}
TAX_ACCOUNT: Final = "2200"
_CONTAINS: Final = re.compile(r'Narration!=null AND Narration\.Contains\("([^"]+)"\)').fullmatch
_BETWEEN: Final = re.compile(r"Date>=DateTime\((\d+,\d+,\d+)\) AND Date<=DateTime\((\d+,\d+,\d+)\)").fullmatch
FAULTS: Final[dict[str, tuple[str, str | None]]] = {
    "lose_answer_after_commit": ("lose_after", None),
    "lose_before": ("drop_before", None),
    "429": ("rate429", None),
    "429_retry_after": ("rate429", "1"),
    "5xx": ("err500_before", None),
    "401": ("e401", None),
    "repeated": ("twice", None),
}


def guid(name: str) -> str:
    """An id of this fake: the same for the same name."""
    return str(uuid5(NAMESPACE_URL, f"xero-fake/{name}"))


def milliseconds(day: str | date) -> str:
    """A day as Xero answers it."""
    at = datetime.fromisoformat(str(day)).replace(tzinfo=UTC)
    return f"/Date({int(at.timestamp()) * 1000}+0000)/"


@dataclass
class Organisation:
    """The state. `asked` is every request with its answer, for the judges."""

    currency: str = "GBP"
    rows: dict[str, dict[str, Json]] = field(default_factory=lambda: {name: {} for name in LISTS})
    accounts: dict[str, Json] = field(default_factory=dict)
    contacts: dict[str, Json] = field(default_factory=dict)
    taxes: dict[str, Decimal] = field(default_factory=lambda: {"NONE": Decimal(0), "OUTPUT2": Decimal(20)})
    gone_taxes: set[str] = field(default_factory=set)
    locked: date | None = None
    token: str = "xero-test-token-1"
    refresh: str = "xero-test-refresh-1"
    keys: dict[str, tuple[str, Any]] = field(default_factory=dict)
    asked: list[tuple[Seen, Any]] = field(default_factory=list)
    made: int = 0
    disconnected: bool = False
    ended: bool = False  # the access token, before its time
    ends_in_contacts: bool = False  # it ends after the next page of contacts
    grants: int = 1
    former_refresh: str = ""  # the one before, which is taken for 30 minutes more
    loses_grants: int = 0  # so many grants are made whose answers do not arrive
    cannot_search_narrations: bool = False
    finds_nothing: bool = False  # its search lags
    orders: dict[str, Json] = field(default_factory=dict)
    pays_invoices: bool = False  # a person does, before we come to it
    tracking: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"Store": ("London",)})
    busy: Answer | None = None  # what every write is answered with, before anything else is looked at
    busy_times: int = -1  # so often; less than 0: until it ends
    busy_reads: Answer | None = None
    tenants: dict[str, str] = field(default_factory=lambda: {"Rose & Crown": TENANT})

    def __post_init__(self) -> None:
        for account in DEFAULT_CHART:
            self.add_account(
                account.code, account.name, TYPES.get(account.subtype, KINDS[account.type]), account.subtype
            )
        self.contact({"Name": CUSTOMER})
        self.contact({"Name": SUPPLIER})

    def add_account(self, code: str, name: str, type: str, subtype: str = "") -> Json:
        system = "GST" if code == TAX_ACCOUNT else SYSTEM.get(subtype, "")
        row = {
            "AccountID": guid(f"account/{code or name}"), "Code": code, "Name": name, "Type": type, "Status": "ACTIVE",
            "TaxType": "NONE", "EnablePaymentsToAccount": type not in ("BANK",) and not system,
            "SystemAccount": system, "HasAttachments": False,
        }  # fmt: skip
        if type == "BANK":
            row |= {"BankAccountNumber": code or name, "CurrencyCode": self.currency}
        self.accounts[row["AccountID"]] = row
        return row

    def account(self, named: Json) -> Json | None:
        """By id or by code, as a line names it."""
        if id := named.get("AccountID"):
            return self.accounts.get(id)
        code = named.get("AccountCode") or named.get("Code")
        return next((row for row in self.accounts.values() if code and row["Code"] == code), None)

    def system(self, role: str) -> Json:
        return next(row for row in self.accounts.values() if row["SystemAccount"] == role)

    def contact(self, named: Json) -> Json:
        """The contact, by id or by name; a new name makes one."""
        for row in self.contacts.values():
            if row["ContactID"] == named.get("ContactID") or row["Name"] == named.get("Name"):
                if row["ContactStatus"] != "ACTIVE":
                    raise Refusal(f"The contact {row['Name']} has been archived")
                return row
        if "Name" not in named:
            raise Refusal("The Contact could not be found")
        row = {"ContactID": guid(f"contact/{named['Name']}"), "Name": named["Name"], "ContactStatus": "ACTIVE"}
        self.contacts[row["ContactID"]] = row
        return row

    def answer(self, seen: Seen) -> Any:
        """What Xero answers."""
        found = self._answer(seen)
        self.asked.append((seen, found))
        return found

    def _answer(self, seen: Seen) -> Any:
        if seen.path == "/connect/token":
            return self._token(seen)
        if seen.path == "/connect/revocation":  # takes all connections of the user with it
            self.tenants = {}
            return {}
        if self.ended or seen.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(401, {"Type": None, "Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: …"})
        if seen.path.startswith("/connections"):
            return self._connections(seen)
        if self.disconnected or seen.headers.get("xero-tenant-id") != TENANT:
            return Answer(
                403, {"Type": None, "Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"}
            )
        busy = self.busy_reads if seen.method == "GET" else self.busy if self.busy_times else None
        if busy:
            self.busy_times -= seen.method != "GET"
            return busy
        if "application/json" not in seen.headers.get("accept", ""):
            return Answer(200, "<Response/>")
        key = seen.headers.get("idempotency-key")
        print_ = f"{seen.method} {seen.path} {seen.body!r}"
        if key and key in self.keys:
            known, before = self.keys[key]
            if known != print_:
                return _refused("Idempotency key has been used with another request")
            return before
        try:
            found: Any = self._served(seen)
        except Refusal as refusal:
            found = _refused(str(refusal))
        found = found if isinstance(found, Answer) else plain(found)
        if key:
            self.keys[key] = (print_, found)
        return found

    def _connections(self, seen: Seen) -> Any:
        """The organisations that the user has let us into, or one less of them."""
        if seen.method == "DELETE":
            names = [name for name in self.tenants if guid(name) == seen.path.rpartition("/")[2]]
            self.tenants = {name: id for name, id in self.tenants.items() if name not in names}
            return Answer(204 if names else 404, None)
        return [
            {"id": guid(name), "tenantId": id, "tenantType": "ORGANISATION", "tenantName": name}
            for name, id in self.tenants.items()
        ]

    def _token(self, seen: Seen) -> Any:
        form = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
        if not self.refresh or form.get("refresh_token") not in (self.refresh, self.former_refresh):
            return Answer(400, {"error": "invalid_grant"})
        self.grant()
        if self.loses_grants:
            self.loses_grants -= 1
            return Answer(500, {})
        return {"access_token": self.token, "refresh_token": self.refresh, "expires_in": 1800, "token_type": "Bearer"}

    def grant(self) -> None:
        """A new pair of tokens; the old one is worth nothing."""
        self.grants, self.ended, self.former_refresh = self.grants + 1, False, self.refresh
        self.token, self.refresh = f"xero-test-token-{self.grants}", f"xero-test-refresh-{self.grants}"

    def _served(self, seen: Seen) -> Any:
        collection, _, id = seen.path.strip("/").partition("/")
        if collection in LISTS:
            return self._document(seen, collection, id)
        body = json.loads(seen.body or b"{}", parse_float=Decimal)
        match seen.method, collection:
            case "PUT", "Accounts":
                return {"Accounts": [self.add_account(body.get("Code", ""), body["Name"], body["Type"])]}
            case "GET", "Accounts":
                return {"Accounts": list(self.accounts.values())}
            case "GET", "Organisation":
                return {"Organisations": [self.organisation()]}
            case "GET", "Reports" if id == "TrialBalance":
                return trial_balance(self, date.fromisoformat(seen.query["date"][0]))
            case "GET", "TaxRates":
                return {"TaxRates": [self.tax_rate(type, height) for type, height in self.taxes.items()]}
            case "GET", "Contacts":
                self.ended, self.ends_in_contacts = self.ends_in_contacts, False
                return {"Contacts": _page(list(self.contacts.values()), seen)}
            case "PUT", "PurchaseOrders":
                return {"PurchaseOrders": [self._ordered(*body["PurchaseOrders"])]}
            case "GET", "PurchaseOrders" if id in self.orders:
                return {"PurchaseOrders": [self.orders[id]]}
            case "GET", "Items":
                return {"Items": [{"ItemID": guid("item/tea"), "Code": "TEA", "Name": "Tea"}]}
            case "GET", "TrackingCategories":
                return {"TrackingCategories": [self.category(*each) for each in self.tracking.items()]}
        return Answer(404, {"Title": "NotFound", "Status": 404, "Detail": "The resource cannot be found"})

    def _ordered(self, given: Json) -> Json:
        """A purchase order, kept under its number; raises `Refusal`."""
        number = given["PurchaseOrderNumber"]
        if number in self.orders:
            raise Refusal("Purchase Order # must be unique.")
        row = {**given, "PurchaseOrderID": guid(f"order/{number}"), "Contact": self.contact(given["Contact"])}
        row["Date"], row["HasAttachments"] = milliseconds(given["Date"]), False
        for line in row["LineItems"]:
            if line.get("ItemCode", "TEA") != "TEA":
                raise Refusal(f"Item code '{line['ItemCode']}' is not valid")
            account = self.account(line) if "AccountCode" in line or "AccountID" in line else None
            line["AccountCode"] = account["Code"] if account else ""
        self.orders[number] = row
        return row

    def organisation(self) -> Json:
        row = {
            "OrganisationID": guid("organisation"), "Name": "Rose & Crown", "BaseCurrency": self.currency,
            "CountryCode": "GB", "Version": "UK", "OrganisationStatus": "ACTIVE", "IsDemoCompany": False,
        }  # fmt: skip
        return row | ({"PeriodLockDate": milliseconds(self.locked)} if self.locked else {})

    def category(self, name: str, options: tuple[str, ...]) -> Json:
        rows = [{"TrackingOptionID": guid(f"option/{each}"), "Name": each, "Status": "ACTIVE"} for each in options]
        return {"TrackingCategoryID": guid(f"category/{name}"), "Name": name, "Status": "ACTIVE", "Options": rows}

    def tax_rate(self, type: str, height: Decimal) -> Json:
        status = "DELETED" if type in self.gone_taxes else "ACTIVE"
        return {"TaxType": type, "Name": f"{height} %", "Status": status, "EffectiveRate": height}

    def _document(self, seen: Seen, collection: str, id: str) -> Json | Answer:
        rows, id_name = self.rows[collection], LISTS[collection]
        if seen.method == "GET" and not id:
            if self.finds_nothing:
                return {collection: []}
            if self.cannot_search_narrations and "Narration" in seen.query.get("where", [""])[0]:
                raise Refusal("The where parameter could not be parsed")
            found = [row for row in rows.values() if _asked_for(seen)(row) and _is_new(row, seen)]
            return {collection: _page(found, seen)}
        if id and id not in rows:
            return Answer(404, {"Title": "NotFound", "Status": 404, "Detail": "The resource cannot be found"})
        if seen.method == "GET":
            return {collection: [rows[id]]}
        body = json.loads(seen.body, parse_float=Decimal)
        if seen.method == "POST":
            given = body.get(collection, [body])[0]
            if id:
                self._taken_back(collection, rows[id], given["Status"])
                return {collection: [rows[id]]}
            raise Refusal("this fake is not told to change things")
        (given,) = body[collection]
        row = checked(self, collection, given)
        self.made += 1
        row[id_name] = guid(f"{collection}/{self.made}")
        touch(row)
        rows[row[id_name]] = row
        return {collection: [row]}

    def _taken_back(self, collection: str, row: Json, status: str) -> None:
        wanted = "VOIDED" if collection in ("ManualJournals", "Invoices", "CreditNotes") else "DELETED"
        if status != wanted:
            raise Refusal(f"{collection} cannot become {status}")
        if row["Status"] in ("VOIDED", "DELETED"):
            raise Refusal("This document cannot be edited as it has been voided or deleted")
        if self._paid(row.get("InvoiceID") or row.get("CreditNoteID")):
            raise Refusal("This document cannot be voided as it has payments allocated to it")
        self.refuse_locked(row["Date"])
        row["Status"] = status
        touch(row)

    def _paid(self, id: Any) -> Decimal:
        paid = Decimal(0)
        for payment in self.rows["Payments"].values():
            settled = payment.get("Invoice") or payment["CreditNote"]
            if id and payment["Status"] != "DELETED" and id in (settled.get("InvoiceID"), settled.get("CreditNoteID")):
                paid += payment["Amount"]
        return paid

    def due(self, row: Json) -> Decimal:
        """What is not paid of it."""
        if self.pays_invoices:
            return Decimal(0)
        return Decimal(row["Total"]) - self._paid(row.get("InvoiceID") or row.get("CreditNoteID"))

    def refuse_locked(self, day: str) -> None:
        """A date inside the locked period."""
        at = datetime.fromtimestamp(int(day[6:].partition("+")[0]) / 1000, UTC).date() if day[0] == "/" else day
        if self.locked and str(at) <= self.locked.isoformat():
            shown = f"{self.locked:%d-%b-%Y}"
            raise Refusal(f"The document date cannot be before the period lock date, currently set at {shown}")


def touch(row: Json) -> None:
    """It was changed now."""
    row["UpdatedDateUTC"] = f"/Date({int(datetime.now(UTC).timestamp() * 1000)}+0000)/"


def plain(value: Any) -> Any:
    """JSON as it is sent: amounts are numbers."""
    return json.loads(json.dumps(value, default=float))


def _refused(words: str) -> Answer:
    elements = [{"ValidationErrors": [{"Message": words}]}]
    whole = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred"}
    return Answer(400, {**whole, "Elements": elements})


def _page(rows: list[Json], seen: Seen) -> list[Json]:
    if "page" not in seen.query:
        return [{name: value for name, value in row.items() if name != "LineItems"} for row in rows]
    page, size = int(seen.query["page"][0]), int(seen.query.get("pageSize", ["100"])[0])
    return rows[(page - 1) * size : page * size]


def _is_new(row: Json, seen: Seen) -> bool:
    """Whether it was changed since what `If-Modified-Since` says."""
    since = seen.headers.get("if-modified-since")
    changed = int(row["UpdatedDateUTC"][6:].partition("+")[0]) / 1000
    return not since or changed >= datetime.fromisoformat(since).timestamp()


def _asked_for(seen: Seen) -> Callable[[Json], bool]:
    """The filters that our connector uses; any other is a query that Xero could not parse."""
    if "InvoiceNumbers" in seen.query:
        wanted = seen.query["InvoiceNumbers"][0].split(",")
        return lambda row: row["InvoiceNumber"] in wanted
    if "where" not in seen.query:
        return lambda row: True
    question = unquote(seen.query["where"][0])
    if found := _BETWEEN(question):
        first, last = (date(*(int(part) for part in found[place].split(","))) for place in (1, 2))
        return lambda row: first <= day_of(row) <= last
    if found := _CONTAINS(question):
        return lambda row: found[1] in row["Narration"]
    name, _, value = question.partition("==")
    if value.startswith("DateTime("):
        day = milliseconds(date(*(int(part) for part in value[9:-1].split(","))))
        return lambda row: row[name] == day
    if value[:1] + value[-1:] != '""':
        raise Refusal("The where parameter could not be parsed")
    return lambda row: row.get(name) == value[1:-1]


class Fake:
    """What tests hold: the address and the secrets, the books, and the switches."""

    def __init__(self, server: PlatformServer, organisation: Organisation) -> None:
        self.server, self.organisation, self.place = server, organisation, server.place
        self.client, self.tax_codes = CLIENT, {"vat20": "OUTPUT2"}
        self.settings = {"base_url": server.url, "tenant_id": TENANT}
        self.secrets = Secrets(access_token=organisation.token, refresh_token=organisation.refresh)

    def documents(self) -> list[tuple[str, dict[str, int]]]:
        """(reference, {code of the account: debits less credits in minor units}) of what stands."""
        found = []
        for collection, rows in self.organisation.rows.items():
            for row in rows.values():
                if row["Status"] in ("VOIDED", "DELETED"):
                    continue
                sums: Counter[str] = Counter()
                for account, amount in legs(self.organisation, collection, row):
                    sums[self.organisation.accounts[account]["Code"]] += int(amount * 100)
                reference = row.get("Reference") or row.get("InvoiceNumber") or row["Narration"].partition(" ")[0]
                found.append((reference, {code: value for code, value in sums.items() if value}))
        return found

    def in_currency(self, currency: str) -> None:
        """Keep the books in this currency, of another country."""
        self.organisation.currency, self.tax_codes = currency, {}

    def offer_taxes(self, rates: dict[str, tuple[Decimal, ...]]) -> None:
        """Have a tax of each percentage."""
        self.tax_codes = {tax: f"TAX{number:03}" for number, tax in enumerate(rates, 1)}
        self.organisation.taxes |= {code: sum(rates[tax]) for tax, code in self.tax_codes.items()}

    def lock(self, through: date) -> None:
        """Close the books through this day."""
        self.organisation.locked = through

    def archive(self, account: str) -> None:
        """Archive the account with this code."""
        row = self.organisation.account({"Code": account})
        assert row is not None
        row["Status"] = "ARCHIVED"

    def fail(self, kind: str, times: int = 1) -> None:
        """The next documents that are sent meet this fault; what is read before them does not."""
        name, header = FAULTS[kind]
        self.server.fail(name, header=header, times=times)

    def delete_tax_code(self, code: str) -> None:
        """Delete a tax rate."""
        self.organisation.gone_taxes.add(code)

    def take_number(self, reference: str) -> None:
        """A person writes an invoice with this number."""
        line = {"Description": "Gift", "Quantity": 1, "UnitAmount": Decimal(1), "AccountCode": "4000"}
        row = {"Type": "ACCREC", "InvoiceNumber": reference, "Contact": {"Name": "Somebody"}, "Date": "2026-03-01"}
        more = {"Status": "AUTHORISED", "CurrencyCode": self.organisation.currency, "LineAmountTypes": "NoTax"}
        made = checked(self.organisation, "Invoices", {**row, **more, "LineItems": [line]})
        made["InvoiceID"] = guid(f"by hand/{reference}")
        touch(made)
        self.organisation.rows["Invoices"][made["InvoiceID"]] = made

    def enter(self, day: date, amounts: dict[str, int], reference: str) -> str:
        """A person writes a manual journal; its id."""
        accounts = {code: self.organisation.account({"Code": code}) for code in amounts}
        lines = [
            {"LineAmount": Decimal(amount) / 100, "AccountID": (accounts[code] or {})["AccountID"], "AccountCode": code,
             "TaxType": "NONE", "TaxAmount": Decimal(0)}
            for code, amount in amounts.items()
        ]  # fmt: skip
        row = {"ManualJournalID": guid(f"by hand/{reference}"), "Narration": reference, "Date": milliseconds(day),
               "Status": "POSTED", "LineAmountTypes": "NoTax", "JournalLines": lines}  # fmt: skip
        self._kept("ManualJournals", row, row["ManualJournalID"])
        return f"ManualJournals/{row['ManualJournalID']}"

    def bank_brings(self, day: date, amount: int, text: str) -> None:
        """A line of the bank's feed that a person has coded."""
        bank, other = self.organisation.account({"Code": "1000"}), self.organisation.account({"Code": "4900"})
        assert bank is not None
        assert other is not None
        line = {"LineAmount": Decimal(amount) / 100, "AccountID": other["AccountID"], "AccountCode": "4900",
                "TaxType": "NONE", "TaxAmount": Decimal(0)}  # fmt: skip
        row = {"BankTransactionID": guid(f"bank/{text}"), "Type": "RECEIVE", "Status": "AUTHORISED", "Reference": text,
               "Date": milliseconds(day), "LineAmountTypes": "NoTax", "LineItems": [line], "BankAccount": bank,
               "Total": Decimal(amount) / 100, "IsReconciled": True,
               "CurrencyCode": self.organisation.currency}  # fmt: skip
        self._kept("BankTransactions", row, row["BankTransactionID"])

    def _kept(self, collection: str, row: Json, id: str) -> None:
        touch(row)
        self.organisation.rows[collection][id] = row

    def revoke(self) -> None:
        """The merchant disconnects our app there."""
        self.organisation.ended, self.organisation.refresh, self.organisation.former_refresh = True, "", ""

    def connect_again(self) -> Secrets:
        """What a new connection of the merchant gives us."""
        self.organisation.grant()
        return Secrets(access_token=self.organisation.token, refresh_token=self.organisation.refresh)

    def expire_mid_page(self) -> int:
        """The access ends between two pages of contacts; how many there are."""
        for number in range(1_000):
            self.organisation.contact({"Name": f"Customer {number}"})
        self.organisation.ends_in_contacts = True
        return len(self.organisation.contacts)


@contextmanager
def running() -> Iterator[Fake]:
    """A Xero with an empty organisation."""
    with running_server() as server:
        organisation = Organisation()
        server.otherwise = organisation.answer
        server.meets_faults = lambda seen: seen.method == "PUT"
        yield Fake(server, organisation)


__all__ = ["Fake", "Organisation", "running", "total"]
