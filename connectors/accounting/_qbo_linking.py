"""A payment that QuickBooks has no form for: a journal entry, and a payment of nothing that links it to what it pays.

These are two calls: the journal is looked for before it is made, and a link that is missing is made by whoever finds
the journal, so that whatever gets lost between the two, both are there once in the end. When the link is refused, the
journal is taken away again: what we call refused is not there, not even half of it.
"""

from __future__ import annotations

from typing import Final

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import MOST_GHOSTS, Row, amount, read, ref, taken_back
from connectors.accounting._qbo_company import BANK
from connectors.accounting._qbo_forms import entry_of, heading
from connectors.accounting._qbo_lookup import noted, numbered, of_day, pushed
from connectors.errors import Failure, RefusalReason, Refused, UnknownOutcome
from connectors.session import Pushed, Session
from ledger.documents import Payment

LINK: Final = "~link"
"""Added to the reference with which the note of a payment of nothing begins."""


class LinkRefused(Exception):
    """The payment of nothing was refused; `why` is how."""

    def __init__(self, why: Refused) -> None:
        self.why = why
        super().__init__(why.detail)


def push_journal(session: Session, document: Payment, entity: str, settled: Row) -> Pushed:
    """The journal entry with its link: both, or neither. Raises a `Failure`.

    The platform answers a request that it knows with what it made then, and that may be gone again: taken away by us,
    with a link that was refused. Such an answer cannot be linked, and the entry is made under another key.
    """
    seed = document.header.key
    body = entry_of(session, document, party_of(entity, settled)["value"])
    made = numbered(session, "JournalEntry", document.header.reference)
    for _ in range(MOST_GHOSTS):
        made = made or company.sent(session, "JournalEntry", body, seed)
        try:
            if _is_linked(session, document, entity, settled, made):
                return pushed("JournalEntry", made)
        except LinkRefused as refused:
            raise refused.why from None
        except Failure as failure:  # half of it is there: it is looked up before anything is sent again
            raise UnknownOutcome(f"a journal entry without its link: {failure.detail}") from None
        seed, made = f"{document.header.key} after {made['Id']}", None
    raise UnknownOutcome("the platform answers with journal entries that are gone")


def _is_linked(session: Session, document: Payment, entity: str, settled: Row, made: Row) -> bool:
    """Whether the journal entry is linked now; False for one that is not there any more.

    Raises `LinkRefused` when it is not, and was taken away; a `Failure` when that is not known, or cannot be done.
    """
    try:
        link(session, document, entity, settled, made)
    except LinkRefused as refused:
        if _is_gone(session, made):
            return False
        if taken_away(session, made):
            raise
        raise refused.why from None
    return True


def _is_gone(session: Session, made: Row) -> bool:
    try:
        read(session, "JournalEntry", made["Id"])
    except Refused as failure:
        return failure.reason is RefusalReason.NOT_FOUND
    return False


def taken_away(session: Session, made: Row) -> bool:
    """Whether the journal entry is gone now; False when it may not be deleted."""
    try:
        taken_back(session, "JournalEntry", made["Id"], "delete")
    except Refused as failure:
        return failure.reason is RefusalReason.NOT_FOUND
    return True


def take_back_journal(session: Session, id: str) -> None:
    """Delete a journal entry that settled something: its link first, which would keep it."""
    row = read(session, "JournalEntry", id)
    for entity in ("Payment", "BillPayment"):
        for each in of_day(session, entity, row["TxnDate"], row.get("DocNumber", "") + LINK):
            taken_back(session, entity, each["Id"], "delete")
    taken_back(session, "JournalEntry", id, "delete")


def link(session: Session, document: Payment, entity: str, settled: Row, made: Row) -> None:
    """Let the journal entry settle the document, by a payment of nothing; once. Raises `LinkRefused`."""
    form = "BillPayment" if entity == "Bill" else "Payment"
    bank = _any_bank(session) if form == "BillPayment" else ""
    if form == "BillPayment" and not bank:
        return  # the balances are right; the vendor's bill shows as open beside the vendor's debit
    if noted(session, form, document.header, LINK) is not None:
        return
    top = heading(session, document.header)
    del top["DocNumber"]
    top["PrivateNote"] = f"{document.header.reference}{LINK} key={document.header.key}"
    lines = [linked_to("JournalEntry", made["Id"], document), linked_to(entity, settled["Id"], document)]
    body = top | {"TotalAmt": amount(0, document.header.currency), "Line": lines}
    if form == "BillPayment":
        body |= {
            "VendorRef": party_of(entity, settled),
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": ref(bank)},
        }
    else:
        body["CustomerRef"] = party_of(entity, settled)
    try:
        company.sent(session, form, body, f"{document.header.key} {LINK}")
    except Refused as failure:
        raise LinkRefused(failure) from None


def _any_bank(session: Session) -> str:
    """The bank account that a payment of nothing names, because it must name one."""
    chosen = session.settings.get("link_bank_account")
    rows = company.accounts(session).values()
    banks = [row["Id"] for row in rows if row.get("AccountType") == BANK and row.get("Active", True)]
    return str(chosen or (banks[0] if banks else ""))


def party_of(entity: str, settled: Row) -> Row:
    found: Row = settled["VendorRef" if entity == "Bill" else "CustomerRef"]
    return ref(found["value"])


def linked_to(entity: str, id: str, document: Payment) -> Row:
    value = amount(document.amount, document.header.currency)
    return {"Amount": value, "LinkedTxn": [{"TxnId": id, "TxnType": entity}]}
