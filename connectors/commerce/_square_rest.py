"""Disputes, gift cards and cash drawers of Square as canonical records; the rules are in `square`'s docstring."""

from __future__ import annotations

from typing import Final

from connectors.commerce import _square_lines as parts
from connectors.commerce import _square_money_wire as wire
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import choice, word
from ledger.commerce import (
    CashMovement,
    CashMovementKind,
    Dispute,
    DisputeOutcome,
    GiftCardChange,
    GiftCardChangeKind,
)

_OUTCOMES: Final[dict[str, DisputeOutcome]] = {
    **dict.fromkeys(("INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_PROCESSING", "INQUIRY_CLOSED"), "inquiry"),
    **dict.fromkeys(("EVIDENCE_REQUIRED", "PROCESSING"), "open"),
    "WON": "won",
    "LOST": "lost",
    "ACCEPTED": "lost",
}
# Activities that an order, a payment or a refund tells of, or that move nothing.
_TOLD_ELSEWHERE: Final = (
    *("REDEEM", "REFUND", "BLOCK", "UNBLOCK", "DEACTIVATE", "TRANSFER_BALANCE_FROM", "TRANSFER_BALANCE_TO"),
)
_ACTIVITIES: Final[dict[str, tuple[str, GiftCardChangeKind, int]]] = {
    "ACTIVATE": ("activate_activity_details", "issued_free", 1),
    "LOAD": ("load_activity_details", "issued_free", 1),
    "ADJUST_INCREMENT": ("adjust_increment_activity_details", "issued_free", 1),
    "ADJUST_DECREMENT": ("adjust_decrement_activity_details", "adjusted", -1),
    "UNLINKED_ACTIVITY_REFUND": ("unlinked_activity_refund_activity_details", "issued_for_return", 1),
    "IMPORT": ("import_activity_details", "adjusted", 1),
    "IMPORT_REVERSAL": ("import_reversal_activity_details", "adjusted", -1),
}
CHANGES: Final = tuple(sorted({field for field, _, _ in _ACTIVITIES.values()}))
# Why a balance was changed, where a refund or a canceled order has told of it already.
_REASONS_TOLD_ELSEWHERE: Final = ("PURCHASE_WAS_REFUNDED", "TRANSACTION_VOIDED")
UNPAID_GIFT_CARDS: Final = ("issued_free", "pass_over")
_CASH: Final[dict[str, CashMovementKind | None]] = {
    "PAID_IN": "paid_in",
    "PAID_OUT": "paid_out",
    **dict.fromkeys(("NO_SALE", "CASH_TENDER_PAYMENT", "OTHER_TENDER_PAYMENT", "CASH_TENDER_REFUND"), None),
    **dict.fromkeys(
        ("CASH_TENDER_CANCELLED_PAYMENT", "OTHER_TENDER_CANCELLED_PAYMENT", "OTHER_TENDER_REFUND"),
        None,
    ),
}


def dispute_records(row: wire.Dispute, context: MapContext) -> list[Dispute]:
    """A chargeback; an inquiry moves no money."""
    outcome: DisputeOutcome = word(_OUTCOMES, row.state, "$.state", "state")
    updated = row.updated_at or row.created_at
    return [
        Dispute(
            id=row.id,
            currency=parts.currency_of(row.amount_money, "$.amount_money"),
            opened_at=row.reported_at or row.created_at,
            updated_at=updated,
            amount=parts.needed(row.amount_money, "$.amount_money"),
            outcome=outcome,
            closed_at=updated if outcome in ("won", "lost") else None,
            tender_id=row.disputed_payment.payment_id or "" if row.disputed_payment is not None else "",
            provider=parts.PROVIDER,
            location=row.location_id or "",
        )
    ]


def gift_card_records(row: wire.GiftCardActivity, context: MapContext) -> list[GiftCardChange]:
    """What changes the worth of gift cards outside of orders and refunds."""
    if row.type in _TOLD_ELSEWHERE:
        return []
    if row.type == "CLEAR_BALANCE":
        raise MappingProblem("malformed", "$.type", "Square does not say how much of a gift card it cleared")
    field, kind, sign = word(_ACTIVITIES, row.type, "$.type", "type of gift card activity")
    details: wire.Activity | None = getattr(row, field)
    if details is None:
        raise MappingProblem("malformed", f"$.{field}", "the details are not said")
    if details.order_id or details.reason in _REASONS_TOLD_ELSEWHERE:
        return []
    unpaid = choice(context.settings, "gift_cards_without_order", UNPAID_GIFT_CARDS)
    if row.type in ("ACTIVATE", "LOAD") and unpaid == "pass_over":
        return []
    amount = parts.needed(details.amount_money, f"$.{field}.amount_money")
    return [
        GiftCardChange(
            id=row.id,
            currency=parts.currency_of(details.amount_money, f"$.{field}.amount_money"),
            changed_at=row.created_at,
            updated_at=row.created_at,
            amount=sign * amount,
            kind=kind,
            location=row.location_id,
        )
    ]


def shift_records(row: wire.Shift, context: MapContext) -> list[CashMovement]:
    """What went in and out of the drawer without a sale, and once it is counted what it was over or short."""
    updated = row.updated_at or row.closed_at or row.opened_at
    found = []
    for number, event in enumerate(row.events or ()):
        kind = word(_CASH, event.event_type, f"$.events[{number}].event_type", "type of cash drawer event")
        if kind is None:
            continue
        amount = parts.needed(event.event_money, f"$.events[{number}].event_money")
        if not amount:
            continue
        currency = parts.currency_of(event.event_money, f"$.events[{number}].event_money")
        event_id, label = f"{row.id}:{event.id}", event.description or ""
        found.append(
            CashMovement(
                event_id, currency, event.created_at, updated, abs(amount), kind, label, location=row.location_id
            )
        )
    counted = row.closed_cash_money
    if row.state == "CLOSED" and counted is not None and counted.amount is not None:
        off = counted.amount - parts.needed(row.expected_cash_money, "$.expected_cash_money")
        currency = parts.currency_of(counted, "$.closed_cash_money")
        if off:
            at = row.closed_at or updated
            found.append(CashMovement(row.id, currency, at, updated, off, "over_short", location=row.location_id))
    return found
