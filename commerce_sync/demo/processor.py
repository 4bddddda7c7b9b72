"""The card processor of a merchant: payments, refunds, fees, payouts and disputes, as transactions of the contract.

What it keeps adds up: everything that cards brought in, less refunds, fees and disputes, is paid out the morning after,
and what has not been paid out yet is `Processor.balance`. On one day a payout comes back from the bank; its money goes
into the next one. A day on which more went back than came in is carried over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from commerce_sync.demo.merchants import Merchant
from commerce_sync.demo.pricing import MILLION, Row, major
from commerce_sync.demo.sales import Paid, Sale, stamp

# (opened on day, last word on day, last word); days count from the first of thirty.
DISPUTES: Final = ((4, 19, "Lost"), (7, 21, "Won"), (11, 14, "InquiryClosed"), (24, None, ""))
RETURNED_PAYOUT: Final = 12


class Contested(Struct):
    """A dispute under way."""

    id: str
    sale: Sale
    payment: Paid
    opened_at: datetime
    opened_on: int


class Processor:
    """One merchant's account at its processor. Amounts in minor units."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.balance = 0
        self.contested: list[Contested] = []
        self._last_payout: tuple[str, int] | None = None

    def take(self, sale: Sale, paid: Paid) -> list[Row]:
        """A card payment, and the fee on it."""
        fee = paid.amount * self.merchant.fee_ppm // MILLION + self.merchant.fee_fixed
        self.balance += paid.amount - fee
        source = {"id": paid.id, "type": "Payment"}
        return [
            self._row(f"{paid.id}-txn", "Payment", paid.amount, paid.at, {"id": sale.id, "type": "Order"}),
            self._row(f"{paid.id}-fee", "PaymentFee", fee, paid.at, source),
        ]

    def refund(self, sale: Sale, amount: int, at: datetime, number: int) -> list[Row]:
        """Money back to the card; with the whole of it goes the variable part of the fee, which comes back."""
        paid = sale.card
        if paid is None:
            raise ValueError(f"{sale.id} was not paid by card")
        refund_id = f"{sale.id}-ref{number}"
        rows = [self._row(refund_id, "Refund", amount, at, {"id": sale.id, "type": "Order"})]
        rows[0]["subType"] = self.merchant.processor
        self.balance -= amount
        fee = paid.amount * self.merchant.fee_ppm // MILLION
        if amount == sale.total and fee:
            source = {"id": refund_id, "type": "Payment"}
            rows.append(self._row(f"{refund_id}-fee", "PaymentFeeRefund", fee, at, source))
            self.balance += fee
        return rows

    def pay_out(self, day_id: str, at: datetime, day: int) -> list[Row]:
        """The morning's payout of all that is there; on one day the bank sends the last one back first."""
        rows = []
        if day == RETURNED_PAYOUT and self._last_payout:
            payout_id, amount = self._last_payout
            rows.append(
                self._row(f"{payout_id}-back", "FailedPayout", amount, at, {"id": payout_id, "type": "Unknown"})
            )
            self.balance += amount
        if self.balance > 0:
            payout_id = f"{self.merchant.key}-po-{day_id}"
            rows.append(self._row(payout_id, "Payout", self.balance, at))
            self._last_payout = (payout_id, self.balance)
            self.balance = 0
        return rows

    def disputes(self, day: int, sale: Sale | None, at: datetime) -> list[Row]:
        """The disputes that are opened today, about ``sale``, and those that end today."""
        rows = []
        for opened_on, ends_on, word in DISPUTES:
            inquiry = word.startswith("Inquiry")
            if day == opened_on and sale is not None and sale.card is not None:
                case = Contested(f"{self.merchant.key}-dp{opened_on:02d}", sale, sale.card, at, opened_on)
                self.contested.append(case)
                rows.append(self._dispute(case, "InquiryProcessing" if inquiry else "EvidenceRequired", at))
                self.balance -= 0 if inquiry else case.payment.amount
            elif day == ends_on:
                for case in self.contested:
                    if case.opened_on == opened_on:
                        rows.append(self._dispute(case, word, at))
                        self.balance += case.payment.amount if word == "Won" else 0
        return rows

    def _dispute(self, case: Contested, status: str, at: datetime) -> Row:
        return {
            "id": case.id,
            "disputedTransactions": [
                {"id": case.payment.id, "type": "Payment"},
                {"id": case.sale.id, "type": "Order"},
            ],
            "totalAmount": major(self.merchant, case.payment.amount),
            "currency": self.merchant.currency,
            "status": status,
            "reason": "The cardholder does not recognize the charge",
            "createdDate": stamp(case.opened_at),
            "modifiedDate": stamp(at),
            "sourceModifiedDate": stamp(at),
        }

    def _row(self, row_id: str, kind: str, amount: int, at: datetime, source: dict[str, str] | None = None) -> Row:
        row: Row = {
            "id": row_id,
            "totalAmount": major(self.merchant, amount),
            "currency": self.merchant.currency,
            "type": kind,
            "createdDate": stamp(at),
            "sourceCreatedDate": stamp(at),
            "modifiedDate": stamp(at),
            "sourceModifiedDate": stamp(at),
        }
        if source:
            row["transactionSourceRef"] = source
        return row
