"""QuickBooks Online: the accounting interface, version 3, JSON.

Quirks
- The company is `realmId` in the path: it comes back with the merchant's log-in, and is a setting of the connection.
- A write carries `requestid`; repeated, it answers with the first. How long that is remembered is documented nowhere,
  so a lost answer is looked up by `DocNumber` (at most 21 characters), and where a form has none (payment, deposit,
  transfer) by the beginning of its note, among the day's documents and among those that changed lately.
- An id alone does not say what it is: ours are written `Invoice/145`.
- A sales form names items, not accounts: a service item for each account is found by its name or made.
- Receivables in a journal need a customer, payables a vendor: settings `customer` and `vendor`, else found or made.
- A payment can only take money into bank or current asset accounts, a bill is only paid by bank or card, and money
  for a customer has no form: these become a journal entry that a payment of nothing links to the document.
- Tax: in the United States (automated sales tax) on lines of its own on the account that the book says; elsewhere by
  the line's tax code in the platform's fields, or on lines of its own where the book has no code. The setting
  `sales_tax` (`lines` or `codes`) decides otherwise; journals always carry lines. `tax_account` says on which account
  the platform books tax by codes (the interface does not): tax that the book keeps on another is a line of its own.
  `untaxed_code` says which code a line without tax has.
- Nothing found is `QueryResponse: {}`. A fault may come with status 200. A version that is not the newest is 5010.
- Webhooks come to one address for all companies of our app (`/webhooks/quickbooks-online`), signed with the verifier
  token, which stands among the app's `webhook_secrets`; that a merchant disconnected is not told by them.
- Invoices are voided; everything else has no void, or an unclear one, and is deleted.
- Not verified against a live company, hence settings: `minor_version`, `home_currency` (used when the company does not
  say), `made_name` (how items and parties that we make are called), `link_bank_account`, `purchase_account`.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from connectors.accounting import _qbo_company as company
from connectors.accounting import _qbo_events, _qbo_facts, _qbo_faults, _qbo_forms, _qbo_orders
from connectors.accounting import _qbo_linking as linking
from connectors.accounting import _qbo_lookup as lookup
from connectors.accounting import _qbo_settling as settling
from connectors.accounting._qbo_calls import read, taken_back
from connectors.accounting._qbo_legs import day_of, legs
from connectors.accounting._qbo_options import MADE_AS, account, options
from connectors.auth import Client
from connectors.declare import Budget, Hosts, OAuth2, Rate, Safety
from connectors.errors import BadAnswer, Failure, RefusalReason, Refused
from connectors.ledger_facts import LedgerBalance, LedgerEntry
from connectors.platform import AccountingPlatform, CompanyFacts, Option, Pushed, ReadBack, Session
from connectors.purchasing import DraftOrder
from connectors.webhooks import Heard
from connectors.wire import Response
from ledger.documents import Bill, CreditNote, Deposit, Document, Invoice, Journal, Payment

_FOUND_AS: Final[dict[type, tuple[str, ...]]] = {
    Journal: ("JournalEntry",),
    Invoice: ("Invoice",),
    CreditNote: ("CreditMemo",),
    Bill: ("Bill",),
    Deposit: ("Deposit", "Transfer", "JournalEntry"),
}


class QuickBooksOnline(AccountingPlatform):
    """The facts and verbs."""

    key = "quickbooks_online"
    published_key = "qhyg"
    name = "QuickBooks Online"
    hosts = Hosts(
        live="https://quickbooks.api.intuit.com",
        sandbox="https://sandbox-quickbooks.api.intuit.com",
        also=("https://oauth.platform.intuit.com", "https://developer.api.intuit.com"),
    )
    auth = OAuth2(
        authorize="https://appcenter.intuit.com/connect/oauth2",
        token="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 (an address)
        scopes=("com.intuit.quickbooks.accounting",),
        revoke="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        revoke_as="json",
        rest_days=100,
    )
    webhooks = _qbo_events.WEBHOOKS
    setting_fields = MappingProxyType({"realmId": "the number of the company, as it comes back with the log-in"})
    # 10 a second are published; one less leaves room for calls that are slow on their way and arrive with the next.
    budget = Budget((Rate(calls=500, seconds=60), Rate(calls=9, seconds=1)))
    pause_seconds = 60  # what Intuit asks for, which sends no Retry-After
    document_kinds = frozenset({"Journal", "Invoice", "CreditNote", "Bill", "Payment", "Deposit"})
    voids = frozenset({"journal", "invoice", "credit_note", "bill", "payment", "deposit"})
    drafts_orders = True
    books_setting = "realmId"
    safety = Safety(search_by_ref=True, search_lag_seconds=5, max_server_delay_seconds=120)

    def setting_problem(self, name: str, value: str) -> str:
        """A company's number is digits only: it becomes a part of the address."""
        is_number = value.isascii() and value.isdigit()
        return "" if name != "realmId" or is_number else "The number of the company has digits only."

    def push(self, session: Session, document: Document) -> Pushed:
        """Send it, in the form that the platform has for it. Raises a `Failure`."""
        match document:
            case Payment():
                return settling.push_payment(session, document)
            case Journal():
                entity, body = "JournalEntry", _qbo_forms.journal(session, document)
            case Invoice():
                entity, body = "Invoice", _qbo_forms.sales_form(session, document)
            case CreditNote():
                entity, body = "CreditMemo", _qbo_forms.sales_form(session, document)
            case Bill():
                entity, body = "Bill", _qbo_forms.bill(session, document)
            case Deposit():
                entity, body = _qbo_forms.deposit(session, document)
        return lookup.pushed(entity, company.sent(session, entity, body, document.header.key))

    def find(self, session: Session, document: Document) -> Pushed | None:
        """The document by its reference, in every form that it may have been sent in."""
        if isinstance(document, Payment):
            return settling.find_payment(session, document)
        return lookup.look_up(session, _FOUND_AS[type(document)], document)

    def read_back(self, session: Session, remote_id: str, kind: str) -> ReadBack | None:
        """Legs and day that are there; None where tax stands on an account that the platform does not tell."""
        entity, id = lookup.named(remote_id)
        row = read(session, entity, id)
        found = legs(session, entity, row)
        return None if found is None else ReadBack(found, day_of(row))

    def balances(self, session: Session, through: date) -> list[LedgerBalance]:
        """By the trial balance, in the home currency."""
        return _qbo_facts.balances(session, through)

    def entries(self, session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[LedgerEntry]:
        """By the general ledger, in the home currency; what was matched with the bank's statement says so."""
        return _qbo_facts.entries(session, accounts, first, last)

    def void(self, session: Session, remote_id: str, kind: str) -> None:
        """Void an invoice, delete anything else; what is gone already stays so. Raises `Refused`."""
        entity, id = lookup.named(remote_id)
        try:
            if entity == "JournalEntry" and kind == "payment":
                linking.take_back_journal(session, id)
            else:
                taken_back(session, entity, id, "void" if entity == "Invoice" else "delete")
        except Refused as failure:
            if failure.reason is not RefusalReason.NOT_FOUND:
                raise

    def facts(self, session: Session) -> CompanyFacts:
        """Home currency, closing date and name, as they are now."""
        session.memory.clear()
        closed = company.preferences(session).get("AccountingInfoPrefs", {}).get("BookCloseDate")
        try:
            through = date.fromisoformat(closed) if closed else None
        except ValueError:
            raise BadAnswer(f"the closing date cannot be read: {closed!r}") from None
        name, realm = company.information(session).get("CompanyName", ""), session.settings.get("realmId", "")
        return CompanyFacts(company.home_currency(session), through, str(name), str(realm))

    def options(self, session: Session) -> list[Option]:
        """Everything that a mapping may choose from, as it is now."""
        session.memory.clear()
        return list(options(session))

    def heard(self, body: bytes, account: str) -> Heard:
        """What changed in a company."""
        return _qbo_events.heard(body, account)

    def changed(self, session: Session, since: datetime, at: datetime) -> Heard:
        """What changed since then."""
        return _qbo_events.changed(session, since, at)

    def create_account(self, session: Session, *, name: str, type: str, code: str = "") -> Option:
        """Make an account of one of our types. Raises `Refused`: a name is there once."""
        if type not in MADE_AS:
            raise Refused(f"{type!r} is no type of account")
        body = {"Name": name, "AccountType": MADE_AS[type], **({"AcctNum": code} if code else {})}
        row = company.made(session, "Account", body, "Name")
        session.memory.pop("accounts", None)
        return account(row)

    def draft_order(self, session: Session, order: DraftOrder) -> Pushed:
        """Leave an open purchase order there, which books nothing. Raises a `Failure`."""
        return _qbo_orders.draft(session, order)

    def find_order(self, session: Session, reference: str) -> Pushed | None:
        """The purchase order with our number."""
        return _qbo_orders.find(session, reference)

    def came_back(self, params: Mapping[str, str], client: Client, at: datetime) -> dict[str, str]:
        """The company that the merchant chose."""
        return {"realmId": params["realmId"]} if params.get("realmId") else {}

    def refusal(self, response: Response) -> Failure | None:
        """Its own words for a refusal, by code and sentence."""
        return _qbo_faults.refusal(response)
