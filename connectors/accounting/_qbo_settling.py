"""Payments of invoices, credit memos and bills: by the form of QuickBooks, else as a journal entry with its link."""

from __future__ import annotations

from typing import Final

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import Row, amount, read, ref
from connectors.accounting._qbo_company import BANK, CARD, CURRENT_ASSET, remembered
from connectors.accounting._qbo_forms import heading
from connectors.accounting._qbo_linking import LinkRefused, link, linked_to, party_of, push_journal, taken_away
from connectors.accounting._qbo_lookup import named, noted_anywhen, numbered, pushed
from connectors.errors import RefusalReason, Refused
from connectors.session import Pushed, Session
from ledger.documents import Payment

_RECEIVED_IN: Final = frozenset({BANK, CURRENT_ASSET})
_PAID_BY: Final = {
    BANK: ("Check", "CheckPayment", "BankAccountRef"),
    CARD: ("CreditCard", "CreditCardPayment", "CCAccountRef"),
}


def push_payment(session: Session, document: Payment) -> Pushed:
    """Deliver a payment of something that is at the platform already. Raises a `Failure`."""
    entity, settled = _settled(session, document)
    body = _plain(session, document, entity, settled)
    if body is not None:
        form = "BillPayment" if entity == "Bill" else "Payment"
        return pushed(form, company.sent(session, form, body, document.header.key))
    return push_journal(session, document, entity, settled)


def find_payment(session: Session, document: Payment) -> Pushed | None:
    """The payment, in whichever form; a journal without its link gets it now, or goes. Raises `Refused` for one whose
    link is refused and that cannot be taken away either."""
    header = document.header
    made = numbered(session, "JournalEntry", header.reference)
    if made is not None:
        try:
            link(session, document, *_settled(session, document), made)
        except (LinkRefused, Refused) as refused:
            why = refused.why if isinstance(refused, LinkRefused) else refused
            if why.reason is RefusalReason.DUPLICATE or not taken_away(session, made):
                raise why from None
            return None  # what it settles is gone, or does not take it
        return pushed("JournalEntry", made)
    if document.direction == "in":
        row, entity = noted_anywhen(session, "Payment", header), "Payment"
    else:
        row, entity = numbered(session, "BillPayment", header.reference), "BillPayment"
    return pushed(entity, row) if row else None


def _settled(session: Session, document: Payment) -> tuple[str, Row]:
    """What is settled: what it is, and as it is there."""
    remote_id = session.remote_ids.get(document.settles)
    if remote_id is None:
        raise Refused("what it settles is not at QuickBooks, or not any more", reason=RefusalReason.NOT_FOUND)
    entity, id = named(remote_id)
    return entity, remembered(session, remote_id, lambda: read(session, entity, id))


def _plain(session: Session, document: Payment, entity: str, settled: Row) -> Row | None:
    """The body of the platform's own form for this payment; None when it has none."""
    kind = company.account_type(session, document.account)
    value = amount(document.amount, document.header.currency)
    top = heading(session, document.header) | {"TotalAmt": value, "Line": [linked_to(entity, settled["Id"], document)]}
    if entity == "Invoice" and document.direction == "in" and kind in _RECEIVED_IN:
        number = top.pop("DocNumber")
        sides = {"ARAccountRef": ref(document.control), "DepositToAccountRef": ref(document.account)}
        return top | {"CustomerRef": party_of(entity, settled), "PaymentRefNum": number, **sides}
    if entity == "Bill" and document.direction == "out" and kind in _PAID_BY:
        how, part, field = _PAID_BY[kind]
        money: Row = {"APAccountRef": ref(document.control), "PayType": how, part: {field: ref(document.account)}}
        return top | {"VendorRef": party_of(entity, settled), **money}
    return None
