"""Odoo 16 to 19: journal entries, customer invoices and credit notes, vendor bills, and payments, in the books of one
company of a database. https://www.odoo.com/documentation/19.0/developer/reference/external_api.html

Quirks:

* **Two interfaces** (setting `interface`): `json2` (19 and later, the default) and `jsonrpc` (older; needs `database`
  and `login` too; errors come inside status 200). Odoo Online opens both to Custom plans only. Keys live three months
  at most. Each call is a transaction of its own.
* **Exactly once**: nothing is built in. A draft is made by `load` under an external id that follows from our document's
  key, so that the same document twice is one move; its lines are then replaced, compared and posted. A draft is not in
  the books, so `find` does not count it: the next attempt takes it up. We look for `ref`, which Odoo does not copy.
* **Taxes** (setting `taxes`): by `codes` (default) Odoo computes the tax lines of invoices, and what it computes is set
  to the document's cents and accounts before it is posted; what cannot be set is refused and nothing is left behind.
  With `amounts` taxes are lines of their own and meet no tax report. In entries that is so unless the setting
  `entry_taxes` is `codes`. Percentages that are added to prices, and groups of them, are offered.
* **Payments and deposits are entries**, matched with what they settle: a payment of Odoo's own would go through the
  outstanding account of a bank journal, which the book does not know.
* **Locked periods**: what a lock date of its kind keeps out is refused before it is sent. Where a lock came meanwhile,
  Odoo dates the move on the next open day: that is undone. The lock date that we tell is the latest of all kinds.
* **Taken back** by reset and cancellation; where a journal is sealed by hashes, set `take_back` to `reverse`
  (17 and later).
* **Several companies**: the setting `company` (a number) says which; needed when the user sees more than one. Journals
  are the first of their type, or those whose codes are in `general_journal`, `sale_journal`, `purchase_journal`.
* **Another currency** than the company's goes out with both amounts, by Odoo's rate of the day, spread so that both
  sides agree; one that is not active, or has no rate (Odoo would take one for one), is refused before it is sent.
* **Purchase orders** need the app Purchase, and products whose internal reference is the SKU; what is none of them is a
  note. They are requests for quotation with our reference as their source; Odoo takes the account from the product.
* No webhooks that are signed: what a person resets, dates anew or deletes is found by asking for what changed. No rate
  is published: a 429 is obeyed.
* Unverified against a server of the vendor: the words of refusals in other versions than 16 to 19, that it computes the
  taxes of entries (hence the setting), and that a tax item of a draft keeps what is written to it (it is read again
  before posting, so that a difference is never booked).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from types import MappingProxyType

from connectors.accounting import _odoo_choices as choices
from connectors.accounting import _odoo_facts as facts
from connectors.accounting import _odoo_posting as posting
from connectors.accounting import _odoo_purchasing as purchasing
from connectors.accounting import _odoo_reading as reading
from connectors.accounting import _odoo_voiding as voiding
from connectors.accounting._odoo_errors import of_answer
from connectors.accounting._odoo_taxes import AMOUNTS, CODES
from connectors.accounting._odoo_wire import JSON2, JSONRPC, KEY_PLACE
from connectors.declare import ApiKey, Budget, Hosts, Safety
from connectors.errors import Failure, RefusalReason, Refused
from connectors.ledger_facts import BankLine, LedgerBalance, LedgerEntry
from connectors.platform import AccountingPlatform, CompanyFacts, Option, Pushed, ReadBack, Session
from connectors.purchasing import DraftOrder
from connectors.webhooks import Heard
from connectors.wire import Response
from ledger.documents import Document

_WORDS = {
    "interface": (JSON2, JSONRPC),
    "taxes": (CODES, AMOUNTS),
    "entry_taxes": (AMOUNTS, CODES),
    "take_back": ("cancel", "reverse"),
}


class Odoo(AccountingPlatform):
    """The facts and verbs of Odoo."""

    key = "odoo"
    published_key = "odoo"
    name = "Odoo"
    hosts = Hosts(setting="base_url")
    auth = ApiKey(scheme="bearer", body=KEY_PLACE)
    budget = Budget()
    setting_fields = MappingProxyType(
        {
            "interface": "json2 (Odoo 19 and later) or jsonrpc",
            "database": "the name of the database; jsonrpc needs it, and servers of several databases",
            "login": "the user whose key it is; jsonrpc needs it",
            "company": "the number of the company, where the user sees several",
            "general_journal": "the code of the journal for entries",
            "sale_journal": "the code of the journal for invoices and credit notes",
            "purchase_journal": "the code of the journal for bills",
            "taxes": "codes (Odoo computes the taxes of invoices) or amounts (taxes are lines of their own)",
            "entry_taxes": "amounts (taxes of entries meet no tax report) or codes (Odoo computes them)",
            "take_back": "cancel, or reverse (Odoo 17 and later) where entries are sealed",
        }
    )
    document_kinds = frozenset({"Journal", "Invoice", "CreditNote", "Bill", "Payment", "Deposit"})
    voids = frozenset({"journal", "invoice", "credit_note", "bill", "payment", "deposit"})
    drafts_orders = True
    # `unique_ref`: the external id. A second sending finds the first one's move and changes nothing of it.
    safety = Safety(unique_ref=True, search_by_ref=True)

    def setting_problem(self, name: str, value: str) -> str:
        """See `Platform.setting_problem`."""
        if name in _WORDS and value not in _WORDS[name]:
            return f"It is one of: {', '.join(_WORDS[name])}."
        if name == "company" and not (value.isascii() and value.isdigit()):
            return "The number of a company is needed."
        return super().setting_problem(name, value)

    def push(self, session: Session, document: Document) -> Pushed:
        """Everything that is still to be done for it; a document that is there is not made again."""
        return posting.pushed(posting.deliver(session, document))

    def find(self, session: Session, document: Document) -> Pushed | None:
        """The posted (or canceled) move with the reference; a draft that was left half made is "not there"."""
        move = reading.move_of(session, document)
        if move is None or not posting.is_whole(session, document, move):
            return None
        return posting.pushed(move)

    def read_back(self, session: Session, remote_id: str, kind: str) -> ReadBack:
        """The items of the move and its day; one that is gone or canceled is `Refused` with `not_found`.

        What a person took out of the books to change it (a draft that was posted before) has no items.
        """
        move = reading.read(session, _id(remote_id))
        if move.state == "cancel":
            raise Refused(f"the move {move.id} is canceled", reason=RefusalReason.NOT_FOUND)
        if move.state == "draft" and move.posted_before:
            return ReadBack([], move.date)
        items = [(item.account, item.minor) for item in reading.items_of(session, move.id)]
        legs = [(account, max(amount, 0), max(-amount, 0)) for account, amount in items if amount]
        return ReadBack(legs, move.date)

    def changed(self, session: Session, since: datetime, at: datetime) -> Heard:
        """See `_odoo_reading.changed`."""
        return reading.changed(session, since)

    def gone(self, session: Session, held: Sequence[str]) -> set[str]:
        """See `_odoo_reading.gone`."""
        return reading.gone(session, held)

    def balances(self, session: Session, through: date) -> list[LedgerBalance]:
        """See `_odoo_facts.balances`."""
        return facts.balances(session, through)

    def entries(self, session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[LedgerEntry]:
        """See `_odoo_facts.entries`."""
        return facts.entries(session, accounts, first, last)

    def bank_lines(self, session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[BankLine]:
        """See `_odoo_facts.bank_lines`."""
        return facts.bank_lines(session, accounts, first, last)

    def void(self, session: Session, remote_id: str, kind: str) -> None:
        """Cancel or reverse it; a second time changes nothing."""
        voiding.take_back(session, _id(remote_id))

    def draft_order(self, session: Session, order: DraftOrder) -> Pushed:
        """See `_odoo_purchasing.draft`."""
        return purchasing.draft(session, order)

    def find_order(self, session: Session, reference: str) -> Pushed | None:
        """See `_odoo_purchasing.find`."""
        return purchasing.find(session, reference)

    def facts(self, session: Session) -> CompanyFacts:
        """See `_odoo_choices.facts`."""
        return choices.facts(session)

    def options(self, session: Session) -> list[Option]:
        """See `_odoo_choices.options`."""
        return choices.options(session)

    def create_account(self, session: Session, *, name: str, type: str, code: str = "") -> Option:
        """See `_odoo_choices.create_account`."""
        return choices.create_account(session, name=name, type=type, code=code)

    def refusal(self, response: Response) -> Failure | None:
        """Odoo's exceptions, as JSON-2 tells them."""
        return of_answer(response.status, response.body)


def _id(remote_id: str) -> int:
    if not (remote_id.isascii() and remote_id.isdigit() and len(remote_id) < 19):
        raise Refused(f"{remote_id!r} is no move of Odoo", reason=RefusalReason.NOT_FOUND)
    return int(remote_id)
