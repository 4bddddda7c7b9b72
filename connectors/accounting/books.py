"""The built-in general ledger: the product works with no outside account at all.

Quirks: nothing leaves this machine, so nothing is ever unknown. Writes join the caller's transaction: the entry and
our binding to it are committed together. A document is known by its key for ever; the same key with other amounts is
refused as a duplicate. Accounts are named by their codes. An entry is never changed: voiding posts its mirror image,
dated on the same day or, when that is locked, on the first open day. An entry that was voided reads back as empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, get_args

from connectors.declare import Safety
from connectors.errors import RefusalReason, Refused
from connectors.general_ledger import accounts
from connectors.general_ledger.acceptance import Entered
from connectors.general_ledger.chart import CUSTOMER, SUPPLIER, AccountType
from connectors.general_ledger.posting import push_many, push_one
from connectors.general_ledger.voiding import void_entry
from connectors.platform import AccountingPlatform, CompanyFacts, Option, Pushed, Session
from ledger import sql
from ledger.documents import Document

_KINDS: Final = frozenset({"Journal", "Invoice", "CreditNote", "Bill", "Payment", "Deposit"})
_FIND: Final = """
    SELECT entry.id, entry.reference, reversal.reference
    FROM books_entry entry LEFT JOIN books_entry reversal ON reversal.reverses_id = entry.id
    WHERE entry.connection_id = %s AND entry.document_key = %s
"""
_LEGS: Final = """
    SELECT account.code, line.debit, line.credit
    FROM books_entry entry
        JOIN books_line line ON line.entry_id = entry.id
        JOIN books_account account ON account.id = line.account_id
    WHERE entry.connection_id = %s AND entry.id = %s
        AND NOT EXISTS (SELECT 1 FROM books_entry reversal WHERE reversal.reverses_id = entry.id)
    ORDER BY line.position
"""
_ACCOUNTS: Final = """
    SELECT code, name, type, subtype, archived_at IS NULL FROM books_account WHERE connection_id = %s ORDER BY code
"""
_TAX_RATES: Final = """
    SELECT rate.code, rate.name, rate.rate_ppm, account.code, rate.archived_at IS NULL
    FROM books_tax_rate rate JOIN books_account account ON account.id = rate.account_id
    WHERE rate.connection_id = %s ORDER BY rate.code
"""
_IN_USE: Final = """
    SELECT (SELECT count(*) FROM books_account
            WHERE connection_id = %s AND code = ANY(%s::text[]) AND archived_at IS NULL),
        (SELECT count(*) FROM books_tax_rate
            WHERE connection_id = %s AND code = ANY(%s::text[]) AND archived_at IS NULL)
"""
_COMPANY: Final = """
    SELECT company.currency, company.name, connection.public_id, books_locked_through(connection.id)
    FROM connectors_connection connection JOIN ledger_company company ON company.id = connection.company_id
    WHERE connection.id = %s
"""


class Books(AccountingPlatform):
    """The facts and verbs of the built-in general ledger."""

    key = "books"

    published_key = "book"
    name = "Built-in general ledger"
    local = True
    document_kinds = _KINDS
    voids = frozenset({"journal", "invoice", "credit_note", "bill", "payment", "deposit"})
    safety = Safety(idempotency="permanent", unique_ref=True, search_by_ref=True, max_server_delay_seconds=0)

    def push(self, session: Session, document: Document) -> Pushed:
        """Post it; doing it twice answers the first. Raises `Refused` with the reason."""
        return _pushed(push_one(session.connection_id, document))

    def push_many(self, session: Session, documents: Sequence[Document]) -> list[Pushed | Refused]:
        """Post each by itself in few statements: one outcome per document, in their order; raises for none of them."""
        outcomes = push_many(session.connection_id, documents)
        return [_pushed(outcome) if isinstance(outcome, Entered) else outcome for outcome in outcomes]

    def find(self, session: Session, document: Document) -> Pushed | None:
        """The entry of the document; its answer names the reversal when it was voided."""
        found = sql.rows(_FIND, [session.connection_id, document.header.key])
        if not found:
            return None
        entry_id, reference, voided_by = found[0]
        return Pushed(str(entry_id), answer={"reference": reference} | ({"voided_by": voided_by} if voided_by else {}))

    def read_back(self, session: Session, remote_id: str, kind: str) -> list[tuple[str, int, int]]:
        """The entry's legs in their order; empty when there is no such entry, or it was voided."""
        found = sql.rows(_LEGS, [session.connection_id, _entry_id(remote_id)])
        return [(code, debit, credit) for code, debit, credit in found]

    def void(self, session: Session, remote_id: str, kind: str) -> None:
        """Post the mirror image of the entry; a second time changes nothing. Raises `Refused`."""
        void_entry(session.connection_id, _entry_id(remote_id))

    def facts(self, session: Session) -> CompanyFacts:
        """The company's own currency, and the last day of the locked period."""
        found = sql.rows(_COMPANY, [session.connection_id], keep_plan=True)
        if not found:
            raise Refused("the connection is gone", reason=RefusalReason.NOT_FOUND)
        currency, name, public_id, locked_through = found[0]
        return CompanyFacts(currency, locked_through, name, str(public_id))

    def options(self, session: Session) -> list[Option]:
        """Accounts (archived ones too, inactive), tax rates, and the one customer and supplier that documents name."""
        found = [_account_option(*row) for row in sql.rows(_ACCOUNTS, [session.connection_id])]
        for code, name, rate_ppm, account, active in sql.rows(_TAX_RATES, [session.connection_id]):
            detail = {"rate_ppm": rate_ppm, "account": account}
            found.append(Option("tax_rate", code, name, code, active=active, detail=detail))
        return [*found, Option("customer", CUSTOMER, CUSTOMER), Option("supplier", SUPPLIER, SUPPLIER)]

    def offers_all(self, session: Session, chosen: Iterable[tuple[str, str]]) -> bool:
        """One look-up by key, where listing the chart would cost every sync of a small company."""
        ids: dict[str, set[str]] = {"account": set(), "tax_rate": set(), "customer": {CUSTOMER}, "supplier": {SUPPLIER}}
        for kind, id in chosen:
            ids[kind].add(id)
        if ids["customer"] != {CUSTOMER} or ids["supplier"] != {SUPPLIER}:
            return False
        accounts, rates = list(ids["account"]), list(ids["tax_rate"])
        found = sql.rows(_IN_USE, (session.connection_id, accounts, session.connection_id, rates), keep_plan=True)
        return bool(found == [(len(accounts), len(rates))])

    def create_account(self, session: Session, *, name: str, type: str, code: str = "") -> Option:
        """Add an account to the chart; "bank" is an asset of that subtype. Raises `Refused`."""
        kind, subtype = ("asset", "bank") if type == "bank" else (type, "")
        if kind not in get_args(AccountType):
            raise Refused(f"{type!r} is no type of account")
        account = accounts.add_account(
            connection_id=session.connection_id,
            name=name,
            type=kind,  # type: ignore[arg-type]  # one of AccountType, by the line above
            code=code,
            subtype=subtype,
            actor="mapping",
        )
        return _account_option(account.code, account.name, account.type, account.subtype, True)


def _pushed(entered: Entered) -> Pushed:
    return Pushed(str(entered.entry_id), answer={"reference": entered.reference, "fresh": entered.fresh})


def _account_option(code: str, name: str, type: str, subtype: str, active: bool) -> Option:
    shown = "bank" if subtype in ("bank", "cash") else type
    return Option("account", code, name, code, shown, active=active, detail={"type": type, "subtype": subtype})


def _entry_id(remote_id: str) -> int:
    if not (remote_id.isascii() and remote_id.isdigit() and len(remote_id) < 19):
        raise Refused(f"{remote_id!r} is not an entry of these books", reason=RefusalReason.NOT_FOUND)
    return int(remote_id)
