"""The wire shapes of what Square tells of money: payments, payouts, disputes, gift cards, drawers."""

from __future__ import annotations

from datetime import date

from connectors.commerce._square_wire import Id, Instant, Money, ProcessingFee, Wire


class Payment(Wire):
    id: Id
    created_at: Instant
    updated_at: Instant | None = None
    status: str | None = None
    location_id: str | None = None
    processing_fee: list[ProcessingFee] | None = None


class Settled(Wire):
    """What an entry of a payout settles."""

    payment_id: str | None = None
    refund_id: str | None = None
    dispute_id: str | None = None


class Entry(Wire):
    id: Id
    type: str
    effective_at: Instant | None = None
    fee_amount_money: Money | None = None
    net_amount_money: Money | None = None
    type_charge_details: Settled | None = None
    type_refund_details: Settled | None = None
    type_dispute_details: Settled | None = None
    type_open_dispute_details: Settled | None = None


class Payout(Wire):
    """A payout; `payout_entries` are what it is made of, which the pull puts beside it."""

    id: Id
    location_id: str
    created_at: Instant
    amount_money: Money
    updated_at: Instant | None = None
    status: str | None = None
    type: str | None = None
    arrival_date: date | None = None
    end_to_end_id: str | None = None
    payout_entries: list[Entry] | None = None


class DisputedPayment(Wire):
    payment_id: str | None = None


class Dispute(Wire):
    id: Id
    state: str
    amount_money: Money
    created_at: Instant
    updated_at: Instant | None = None
    reported_at: Instant | None = None
    location_id: str | None = None
    disputed_payment: DisputedPayment | None = None


class Activity(Wire):
    amount_money: Money | None = None
    reason: str | None = None
    order_id: str | None = None
    payment_id: str | None = None


class GiftCardActivity(Wire):
    id: Id
    type: str
    location_id: str
    created_at: Instant
    activate_activity_details: Activity | None = None
    load_activity_details: Activity | None = None
    adjust_increment_activity_details: Activity | None = None
    adjust_decrement_activity_details: Activity | None = None
    unlinked_activity_refund_activity_details: Activity | None = None
    import_activity_details: Activity | None = None
    import_reversal_activity_details: Activity | None = None


class ShiftEvent(Wire):
    id: Id
    event_type: str
    created_at: Instant
    event_money: Money | None = None
    description: str | None = None


class Shift(Wire):
    """A shift of a cash drawer; `location_id` and `events` are put beside it by the pull."""

    id: Id
    opened_at: Instant
    state: str | None = None
    closed_at: Instant | None = None
    updated_at: Instant | None = None
    location_id: str = ""
    expected_cash_money: Money | None = None
    closed_cash_money: Money | None = None
    events: list[ShiftEvent] | None = None
