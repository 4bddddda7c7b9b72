"""Payments of invoices, credit memos and bills; and what QuickBooks has no form for.

Money that goes back to a customer, or that passes through an account which a payment there cannot use, becomes a
journal entry on the customer's receivables (the vendor's payables), which a payment of nothing links to what it
settles. These are two calls: the journal is looked for before it is made, and a link that is missing is made by whoever
finds the journal, so that whatever gets lost between the two, both are there once in the end.
"""

from __future__ import annotations

from typing import Final

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import Row, amount, create, query, quoted, read, ref, taken_back
from connectors.accounting._qbo_company import BANK, CARD, CURRENT_ASSET, remembered
from connectors.accounting._qbo_forms import entry_of, heading
from connectors.errors import RefusalReason, Refused
from connectors.session import Pushed, Session
from ledger.documents import Document, Header, Payment

LINK: Final = "~link"
"""Added to the reference with which the note of a payment of nothing begins."""
_RECEIVED_IN: Final = frozenset({BANK, CURRENT_ASSET})
_PAID_BY: Final = {
    BANK: ("Check", "CheckPayment", "BankAccountRef"),
    CARD: ("CreditCard", "CreditCardPayment", "CCAccountRef"),
}


def pushed(entity: str, row: Row) -> Pushed:
    """What was made or found: its id says what it is, because the platform's ids do not."""
    return Pushed(f"{entity}/{row['Id']}", answer={"SyncToken": row.get("SyncToken", "")})


def named(remote_id: str) -> tuple[str, str]:
    """Entity and id of ours. Raises `Refused` for an id that is none of ours."""
    entity, _, id = remote_id.partition("/")
    if not entity.isalpha() or not id.isalnum():
        raise Refused(f"{remote_id!r} is no document of QuickBooks", reason=RefusalReason.NOT_FOUND)
    return entity, id


def numbered(session: Session, entity: str, reference: str) -> Row | None:
    """The document with this number. Raises `Refused` with DUPLICATE when there are two."""
    return _single(query(session, entity, f"DocNumber = {quoted(reference)}"), reference)


def noted(session: Session, entity: str, header: Header, mark: str = "") -> Row | None:
    """The document of that day whose note begins with the reference, with `mark` at its end."""
    return _single(_noted(session, entity, header.date.isoformat(), header.reference + mark), header.reference)


def _noted(session: Session, entity: str, day: str, word: str) -> list[Row]:
    rows = query(session, entity, f"TxnDate = {quoted(day)}")
    return [row for row in rows if str(row.get("PrivateNote") or "").partition(" ")[0] == word]


def _single(found: list[Row], reference: str) -> Row | None:
    if len(found) > 1:
        raise Refused(f"{reference} is there {len(found)} times", reason=RefusalReason.DUPLICATE)
    return found[0] if found else None


def push_payment(session: Session, document: Payment) -> Pushed:
    """Deliver a payment of something that is at the platform already. Raises a `Failure`."""
    entity, settled = _settled(session, document)
    body = _plain(session, document, entity, settled)
    if body is not None:
        form = "BillPayment" if entity == "Bill" else "Payment"
        return pushed(form, create(session, form, body, document.header.key))
    made = numbered(session, "JournalEntry", document.header.reference)
    if made is None:
        body = entry_of(session, document, _party(entity, settled)["value"])
        made = create(session, "JournalEntry", body, document.header.key)
    _link(session, document, entity, settled, made)
    return pushed("JournalEntry", made)


def find_payment(session: Session, document: Payment) -> Pushed | None:
    """The payment, in whichever form; a journal without its link gets it now."""
    header = document.header
    made = numbered(session, "JournalEntry", header.reference)
    if made is not None:
        entity, settled = _settled(session, document)
        _link(session, document, entity, settled, made)
        return pushed("JournalEntry", made)
    if document.direction == "in":
        row, entity = noted(session, "Payment", header), "Payment"
    else:
        row, entity = numbered(session, "BillPayment", header.reference), "BillPayment"
    return pushed(entity, row) if row else None


def take_back_journal(session: Session, id: str) -> None:
    """Delete a journal entry that settled something: its link first, which would keep it."""
    row = read(session, "JournalEntry", id)
    for entity in ("Payment", "BillPayment"):
        for link in _noted(session, entity, row["TxnDate"], row.get("DocNumber", "") + LINK):
            taken_back(session, entity, link["Id"], "delete")
    taken_back(session, "JournalEntry", id, "delete")


def _settled(session: Session, document: Payment) -> tuple[str, Row]:
    """What is settled: what it is, and as it is there."""
    remote_id = session.remote_ids.get(document.settles)
    if remote_id is None:
        raise Refused("what it settles is not at QuickBooks, or not any more", reason=RefusalReason.NOT_FOUND)
    entity, id = named(remote_id)
    return entity, remembered(session, remote_id, lambda: read(session, entity, id))


def _party(entity: str, settled: Row) -> Row:
    found: Row = settled["VendorRef" if entity == "Bill" else "CustomerRef"]
    return ref(found["value"])


def _plain(session: Session, document: Payment, entity: str, settled: Row) -> Row | None:
    """The body of the platform's own form for this payment; None when it has none."""
    kind = company.account_type(session, document.account)
    value = amount(document.amount, document.header.currency)
    top = heading(session, document.header) | {"TotalAmt": value, "Line": [_linked(entity, settled["Id"], document)]}
    if entity == "Invoice" and document.direction == "in" and kind in _RECEIVED_IN:
        number = top.pop("DocNumber")
        sides = {"ARAccountRef": ref(document.control), "DepositToAccountRef": ref(document.account)}
        return top | {"CustomerRef": _party(entity, settled), "PaymentRefNum": number, **sides}
    if entity == "Bill" and document.direction == "out" and kind in _PAID_BY:
        how, part, field = _PAID_BY[kind]
        money: Row = {"APAccountRef": ref(document.control), "PayType": how, part: {field: ref(document.account)}}
        return top | {"VendorRef": _party(entity, settled), **money}
    return None


def _linked(entity: str, id: str, document: Payment) -> Row:
    value = amount(document.amount, document.header.currency)
    return {"Amount": value, "LinkedTxn": [{"TxnId": id, "TxnType": entity}]}


def _link(session: Session, document: Payment, entity: str, settled: Row, made: Row) -> None:
    """Let the journal entry settle the document, by a payment of nothing; once."""
    form = "BillPayment" if entity == "Bill" else "Payment"
    bank = _any_bank(session) if form == "BillPayment" else ""
    if form == "BillPayment" and not bank:
        return  # the balances are right; the vendor's bill shows as open beside the vendor's debit
    if noted(session, form, document.header, LINK) is not None:
        return
    top = heading(session, document.header)
    del top["DocNumber"]
    top["PrivateNote"] = f"{document.header.reference}{LINK} key={document.header.key}"
    lines = [_linked("JournalEntry", made["Id"], document), _linked(entity, settled["Id"], document)]
    body = top | {"TotalAmt": amount(0, document.header.currency), "Line": lines}
    if form == "BillPayment":
        body |= {
            "VendorRef": _party(entity, settled),
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": ref(bank)},
        }
    else:
        body["CustomerRef"] = _party(entity, settled)
    create(session, form, body, f"{document.header.key} {LINK}")


def _any_bank(session: Session) -> str:
    """The bank account that a payment of nothing names, because it must name one."""
    chosen = session.settings.get("link_bank_account")
    rows = company.accounts(session).values()
    banks = [row["Id"] for row in rows if row.get("AccountType") == BANK and row.get("Active", True)]
    return str(chosen or (banks[0] if banks else ""))


def look_up(session: Session, entities: tuple[str, ...], document: Document) -> Pushed | None:
    """The document, in whichever of these forms it was sent."""
    for entity in entities:
        has_number = entity not in ("Deposit", "Transfer")
        row = (
            numbered(session, entity, document.header.reference)
            if has_number
            else noted(session, entity, document.header)
        )
        if row is not None:
            return pushed(entity, row)
    return None
