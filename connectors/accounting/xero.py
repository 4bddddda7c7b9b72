"""Xero: cloud bookkeeping of one organisation (a *tenant*), one connection each.

API: https://developer.xero.com/documentation/api/accounting/overview (version 2.0), described at
https://github.com/XeroAPI/Xero-OpenAPI. Amounts are decimal numbers, dates in answers ``/Date(milliseconds)/``. Rules:

* **A remote id is its path**, ``ManualJournals/<GUID>``: one kind of ours goes to several lists of Xero's.
* **Journals** take neither bank accounts nor accounts receivable, accounts payable or retained earnings. One that moves
  money on one bank account becomes money received or spent, one between two banks a transfer, one on accounts
  receivable (sold on account and paid days later) an invoice or a credit note of the same contact, which a person may
  allocate. What can be none of these is refused before it is sent, as one on receivables and a bank is: in journal mode
  another account is the better choice for receivables. Journals are in the organisation's base currency, and positive
  where they debit.
* **Control accounts are Xero's**: an invoice, a bill or a credit note is refused when the mapping keeps it elsewhere.
* **Tax** is rounded by line there: we always send the tax of a line, as the sale had it. All of it lands on one
  account (``GST``). Tax that the mapping keeps there goes with its lines; other tax is a line of its own, of no rate.
* **Payments** go to bank accounts and to accounts that take payments ("enable payments to this account").
* **Sent once**: ``Idempotency-Key`` is remembered for 6 minutes, answers to errors as well. Later we search, by number
  or reference; journals have none: by day and narration, then, should a person have dated it anew, by narration alone.
  PUT makes; POST would overwrite an invoice of our number. A no is asked for twice: the first may be a remembered one.
* **Access** is renewed by a token that is used once, taken for 30 minutes more, and ends after 60 days of rest. Taking
  it back disconnects all organisations that it reaches: one that is given up is disconnected by itself.
* **Voided** is kept: found again, it counts as there, and is not made a second time.
* **Lock dates** are two; the later counts, because the app is no adviser.
* 60 calls a minute, 5 at once and 5,000 a day for each organisation; 10,000 a minute for all. What is left of a smaller
  day (it depends on our plan) is told by 429 with its time, and ``X-Rate-Limit-Problem`` says which limit it was: that
  of all our merchants holds all of them, the others hold one.
* Lists come with lines only when they are asked for by page. A contact that is named and not there is made.
* Webhooks go to one address for all organisations of an app (`/webhooks/xero`), under one key, and tell of contacts,
  invoices and credit notes: what is ours is read back. Before Xero uses the address it sends wrong signatures to it,
  to which it wants 401, and right ones, to which it wants 200 with nothing in it. Each list is asked what changed, too.

Settings of a connection (the first is the default):
``tenant_id``: which organisation (the one that the access reaches, which is then kept; needed when it reaches more);
``journal_tax``: rates | lines (lines: tax in journals is never told to the tax return, should Xero not keep the tax of
a journal's line as we send it); ``bank_contact``: whom money received and spent is from and to, and who owes what a
journal says is owed (Sales and payouts); ``journal_search``: narration | day (day: journals are looked for among those
of their day only, should Xero not answer the other question).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from connectors.accounting import _xero_calls as calls
from connectors.accounting import _xero_changes as changes
from connectors.accounting import _xero_events
from connectors.accounting import _xero_facts as facts
from connectors.accounting import _xero_orders as orders
from connectors.accounting import _xero_wire as wire
from connectors.accounting._xero_bodies import BANK_TRANSACTIONS, INVOICES, Maker
from connectors.accounting._xero_chart import NEW, account_option, free_code, same_name
from connectors.accounting._xero_legs import legs
from connectors.accounting._xero_options import options
from connectors.accounting._xero_refusals import read_limit, read_refusal
from connectors.declare import Budget, Hosts, OAuth2, Rate, Safety
from connectors.errors import Failure, RefusalReason, Refused, UnknownOutcome
from connectors.ledger_facts import LedgerBalance, LedgerEntry
from connectors.platform import AccountingPlatform, CompanyFacts, Option, Pushed, ReadBack, Session
from connectors.purchasing import DraftOrder
from connectors.webhooks import Heard
from connectors.wire import Response
from ledger.documents import Document

_SHOWN_AT: Final = MappingProxyType(
    {
        INVOICES: "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID=",
        BANK_TRANSACTIONS: "https://go.xero.com/Bank/ViewTransaction.aspx?bankTransactionID=",
    }
)


_WORDS: Final = MappingProxyType({"journal_tax": ("rates", "lines"), "journal_search": ("narration", "day")})


class Xero(AccountingPlatform):
    """The facts and verbs."""

    key = "xero"
    published_key = "gbol"
    name = "Xero"
    hosts = Hosts(live="https://api.xero.com/api.xro/2.0", also=("https://identity.xero.com",))
    auth = OAuth2(
        authorize="https://login.xero.com/identity/connect/authorize",
        token="https://identity.xero.com/connect/token",  # noqa: S106
        revoke="https://identity.xero.com/connect/revocation",
        scopes=(
            *("offline_access", "accounting.settings", "accounting.contacts", "accounting.invoices"),
            *("accounting.payments", "accounting.banktransactions", "accounting.manualjournals"),
            "accounting.reports.trialbalance.read",
        ),
        margin_seconds=300,  # of half an hour
        rest_days=60,
    )
    budget = Budget(
        (
            Rate(calls=60, seconds=60, burst=4),
            Rate(calls=5_000, seconds=86_400),
            Rate(calls=10_000, seconds=60, scope="platform"),
        )
    )
    webhooks = _xero_events.WEBHOOKS
    books_setting = "tenant_id"
    setting_fields = MappingProxyType(
        {
            "tenant_id": "the organisation in Xero, by its tenant id",
            "journal_tax": "how tax in journals is told: rates or lines",
            "bank_contact": "the contact of money received and spent",
            "journal_search": "how journals are found again: narration or day",
        }
    )
    document_kinds = frozenset({"Journal", "Invoice", "CreditNote", "Payment", "Bill", "Deposit"})
    voids = frozenset({"journal", "invoice", "credit_note", "payment", "bill", "deposit"})
    drafts_orders = True
    safety = Safety(
        idempotency=calls.KEYS_SECONDS, search_by_ref=True, search_lag_seconds=5, max_server_delay_seconds=60
    )

    def setting_problem(self, name: str, value: str) -> str:
        """Some are one of two words."""
        words = _WORDS.get(name)
        return f"It is one of: {', '.join(words)}." if words and value not in words else ""

    def push(self, session: Session, document: Document) -> Pushed:
        """Make it; raises `Refused` before anything is sent for what Xero would not take."""
        body = _maker(session).body(document)
        value = {body.collection: [body.value]}
        entry = calls.made(calls.make(session, f"/{body.collection}", value, document.header.reference))
        return _pushed(body.collection, entry)

    def find(self, session: Session, document: Document) -> Pushed | None:
        """By our reference; a voided one counts. Raises `Refused` (`DUPLICATE`) when there are several."""
        collection, reference = _maker(session).collection(document), document.header.reference
        found = list(calls.candidates(session, collection, document))
        if len(found) > 1:
            raise Refused(f"{reference} is there {len(found)} times", reason=RefusalReason.DUPLICATE)
        return _pushed(collection, found[0]) if found else None

    def read_back(self, session: Session, remote_id: str, kind: str) -> ReadBack | None:
        """Its legs and its day; raises `Refused` (`NOT_FOUND`) when it was taken back."""
        entry = calls.read(session, remote_id)
        if entry.is_gone:
            raise Refused(f"{remote_id} was taken back at Xero", reason=RefusalReason.NOT_FOUND)
        base = str(session.settings.get("base_currency") or "")
        found = legs(remote_id.partition("/")[0], entry, calls.chart(session), base)
        return None if found is None else ReadBack(found, wire.day(entry.date))

    def heard(self, body: bytes, account: str) -> Heard:
        """What changed in an organisation."""
        return _xero_events.heard(body, account)

    def changed(self, session: Session, since: datetime, at: datetime) -> Heard:
        """What was changed in all lists that documents go to."""
        return changes.changed(calls.with_tenant(session), since)

    def balances(self, session: Session, through: date) -> list[LedgerBalance]:
        """By the trial balance, in the organisation's own currency."""
        return facts.balances(calls.with_tenant(session), through)

    def entries(self, session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[LedgerEntry]:
        """Document by document; what was matched with the bank's statement says so."""
        return facts.entries(calls.with_tenant(session), accounts, first, last)

    def void(self, session: Session, remote_id: str, kind: str) -> None:
        """Void or delete it; what was taken back already stays so."""
        calls.take_back(session, remote_id)

    def facts(self, session: Session) -> CompanyFacts:
        """The organisation, with the later of its two lock dates."""
        session = calls.with_tenant(session)
        found = calls.get(session, "/Organisation").decode(wire.Organisations).organisations
        if not found:
            raise Refused("Xero tells of no organisation", reason=RefusalReason.PERMISSION)
        own = found[0]
        locks = [day for day in (wire.day(own.period_lock_date), wire.day(own.end_of_year_lock_date)) if day]
        which = {"tenant_id": session.settings["tenant_id"]}
        return CompanyFacts(own.base_currency, max(locks, default=None), own.name, own.organisation_id, which)

    def organizations(self, session: Session) -> list[Option]:
        """All that the merchant has let us into."""
        return [Option("organization", each.tenant_id, each.tenant_name) for each in calls.tenants(session)]

    def leave(self, session: Session) -> bool:
        """Disconnect the organisation; taking back the tokens would disconnect all that they reach."""
        return calls.disconnect(session)

    def options(self, session: Session) -> list[Option]:
        """Accounts, tax rates, contacts (each may be a customer and a supplier), items, tracking categories."""
        return options(calls.with_tenant(session))

    def create_account(self, session: Session, *, name: str, type: str, code: str = "") -> Option:
        """Make an account that takes payments; a bank account gets its name, or code, as its number.

        One of that name and type is the one: it was made before, and the answer lost. Raises `Refused`, a `Failure`.
        """
        known = calls.accounts(session)
        if same := same_name(known, name, type):
            return same
        value: dict[str, Any] = {"Name": name}
        if type == "bank":
            value |= {"Type": "BANK", "BankAccountNumber": code or name}
        elif type in NEW:
            native, start = NEW[type]
            code = code or free_code(known, start)
            value |= {"Type": native, "EnablePaymentsToAccount": type in ("asset", "liability", "equity")}
        else:
            raise Refused(f"{type!r} is no type of account")
        if code:
            value["Code"] = code
        made = calls.make(session, "/Accounts", value, f"account-{code}").decode(wire.Accounts).accounts
        if not made:
            raise UnknownOutcome("Xero answered without the account")
        return account_option(made[0])

    def draft_order(self, session: Session, order: DraftOrder) -> Pushed:
        """Leave it there as a draft; its number is our reference."""
        return orders.draft(session, order)

    def find_order(self, session: Session, reference: str) -> Pushed | None:
        """By its number."""
        return orders.find(session, reference)

    def too_many(self, response: Response) -> tuple[timedelta | None, bool]:
        """Which of the limits it was."""
        return read_limit(response)

    def refusal(self, response: Response) -> Failure | None:
        """Xero's own sentences."""
        return read_refusal(response)


def _maker(session: Session) -> Maker:
    return Maker(calls.chart(session), session.settings, session.remote_ids)


def _pushed(collection: str, entry: wire.Entry) -> Pushed:
    address = _SHOWN_AT.get(collection)
    return Pushed(f"{collection}/{entry.id}", address + entry.id if address else "", {"status": entry.status})
