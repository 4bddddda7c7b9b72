"""Charges and refunds of Stripe as canonical records; the rules are in `stripe`'s docstring."""

from __future__ import annotations

from connectors.commerce import _stripe_parts as parts
from connectors.commerce import _stripe_wire as wire
from connectors.commerce._stripe_documents import lines_of
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import choice
from ledger.commerce import Deleted, Line, Order, Presentment, Refund, Tender
from ledger.money import allocate

_FAILED = ("failed", "canceled")


def sale_records(row: wire.Transaction, context: MapContext) -> list[Order | Deleted]:
    """The sale that a row of the ledger is the money of, where sales are told by charges; none for other rows."""
    charge = row.source
    if not isinstance(charge, wire.Source) or charge.object != "charge":
        return []
    if not parts.is_sale(charge.metadata, context):
        return []
    currency, at = parts.currency_of(row.currency, "$.currency"), parts.instant(row.created)
    if row.type == "payment_failure_refund":  # a debit that the bank took back: there was no payment
        return [Deleted(charge.id, currency, at, at)]
    if row.type not in parts.CHARGES or charge.status == "failed":
        return []
    amount = parts.units(row.amount, currency, "$.amount")
    method = charge.payment_method_details.type or "" if charge.payment_method_details is not None else ""
    # A charge that is captured in several parts has a row for each: the first is known by the charge's own id.
    is_further = charge.balance_transaction not in (None, row.id)
    record_id = f"{charge.id}:{row.id}" if is_further else charge.id
    label = "" if method == "card" else method
    return [
        Order(
            id=record_id,
            number=charge.receipt_number or charge.id,
            currency=currency,
            closed_at=at,
            updated_at=at,
            lines=_lines(row, charge, amount, context),
            tenders=(Tender(record_id, "card", amount, at, label, parts.PROVIDER),),
            stated=amount,
            customer=charge.customer or "",
            presentment=_presentment(row, charge, currency),
        )
    ]


def _lines(row: wire.Transaction, charge: wire.Source, amount: int, context: MapContext) -> tuple[Line, ...]:
    """What was sold: by its document; else the whole and perhaps the tip, and of tax nothing."""
    told = lines_of(row, charge, amount, context)
    if told is not None:
        return told
    taxes = () if choice(context.settings, "taxes_of_charges", parts.TAXES) == "none" else None
    details = row.payment_intent.amount_details if row.payment_intent is not None else None
    tip = details.tip.amount or 0 if details is not None and details.tip is not None else 0
    charged = row.amount if charge.amount_captured is None else charge.amount_captured
    if tip and not 0 < tip <= charged:
        raise MappingProblem(
            "malformed", "$.payment_intent.amount_details.tip.amount", "it is not a part of the charge"
        )
    net = amount
    if tip:  # told in the currency that the customer paid in
        net = allocate(amount, [charged - tip, tip])[0]
    line = Line("product", charge.description or "Payment", net, taxes)
    return (line, Line("tip", "Tip", amount - net)) if tip else (line,)


def _presentment(row: wire.Transaction, charge: wire.Source, settled: str) -> Presentment | None:
    """What the customer paid, where it was another currency."""
    paid = charge.amount_captured if charge.amount_captured is not None else charge.amount
    if charge.currency is None or paid is None or charge.currency.upper() == settled:
        return None
    currency = parts.currency_of(charge.currency, "$.source.currency")
    amount = parts.units(paid, currency, "$.source.amount")
    return Presentment(currency, amount, str(row.exchange_rate if row.exchange_rate is not None else ""))


def refund_records(row: wire.Refund, context: MapContext) -> list[Refund | Deleted]:
    """A refund for which money left the balance; gone when it failed, for the money came back."""
    charge = row.charge
    metadata = charge.metadata if isinstance(charge, wire.Charge) else None
    is_ours = choice(context.settings, "refunds_from", parts.REFUNDS) == "stripe"
    if not is_ours and not parts.is_sale(metadata, context):
        return []
    moved = row.balance_transaction
    if moved is None:  # waiting for the customer's bank details, or for a balance: nothing has gone
        return []
    currency, at = parts.currency_of(moved.currency, "$.balance_transaction.currency"), parts.instant(moved.created)
    if row.status in _FAILED:
        back = row.failure_balance_transaction
        failed_at = at if back is None else parts.instant(back.created)
        return [Deleted(row.id, currency, failed_at, failed_at)]
    amount = -parts.units(moved.amount, currency, "$.balance_transaction.amount")
    return [
        Refund(
            id=row.id,
            order_id=charge.id if isinstance(charge, wire.Charge) else charge or "",
            currency=currency,
            refunded_at=at,
            updated_at=at,
            lines=None,  # only the money is known: its parts are those of the sale
            tenders=(Tender(row.id, "card", amount, at, "", parts.PROVIDER),),
            stated=amount,
            reason=row.reason or "",
            number=row.receipt_number or "",
        )
    ]
