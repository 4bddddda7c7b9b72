"""The partner's own sales system: records arrive by push, in the published commerce shapes.

Contract: ``commerce.openapi.json`` ("Commerce: Order", "Transaction", "Dispute", …). Its published examples
show what many systems behind a partner really send, and the pages of this platform's tests are built after
them. Rules, and why:

* **Nothing is recomputed and nothing invented.** Taxes, totals and payments are what the row says. What
  does not add up is returned as it was said; the ledger's check names the difference.
* **Blank strings, null and the year 1** (``0001-01-01``, ``closedDate`` of an open order) say nothing.
  ``XXX`` is no currency: the company's is meant. Naive times are on the company's clock.
* **Lines.** net = totalAmount - totalTaxAmount. Without totalAmount: quantity × unitPrice - discount. A
  discount lowers the price when positive, as the contract says, unless unit price and net prove the other
  sign (returns).
* **Taxes** are keyed by component id. A component without an amount gets its share of the line's tax by the
  rates in the row, else by the known rates, else equally. Without components one tax is keyed by its
  percentage. Where nothing tells how much tax there is, `taxes` is None, unless the percentage or the
  order's totalTaxAmount is 0.
* **A discount on the whole order** that no line carries is spread over product lines by net, if it is what
  the lines miss the total by. It is before tax by contract, so taxes stay.
* **Stated** = totalAmount + totalGratuity. Platforms give totalAmount before or after refunds: if lines
  equal the total with totalRefund taken off or put back, that is the total.
* **Payments.** Paid and Unknown moved money; Pending and Authorized have not yet, Failed and Cancelled
  never will: what is not paid of the stated total is `due`. A payment of which only the id is said is not
  known to be paid. An unknown type is method "other" with its word as label, since books map the label; an
  unknown status is a problem.
* **Refunds are booked once.** ``settings["refunds_from"]`` says who knows: "transactions" (default: Refund
  transactions; negative payments in orders are passed over) or "orders" (the reverse; the record's id is
  the payment's). Negative lines equal to totalRefund are then not part of the sale. A partner whose
  transactions do not list cash refunds, or that sends returns as orders, chooses "orders".
* **A return** (an order with a negative total) is a Refund with positive amounts; an exchange that leaves
  something to pay stays an Order with negative lines.
* **Transactions.** Payment: nothing, the tender is on the order. Some systems send fees and payouts
  negative, others positive: the type alone tells the direction. A transfer goes to the seller's bank by
  contract: a payout.
* **Our extensions** in ``supplementalData.content``: ``state`` ("open"), ``deleted``, ``voided``,
  ``fulfilledAt`` on orders; ``cost`` (of all units) and ``fulfilledAt`` on lines; ``deleted`` and
  ``voided`` on transactions; ``restocked`` on returns and refund transactions: the goods are back on the shelf.

* **Stock** comes in rows of its own, ``stockLevels``: see `connectors.commerce._partner_stock`.

* **Stock** comes in rows of its own, ``stockLevels``: see `connectors.commerce._partner_stock`.

From references (`MapContext.references`) come ``product`` (``category``, ``is_gift_card``, ``sku``,
``skus`` by variant) and ``tax_rate`` (``name``, ``rate_ppm``), as `Partner.reference` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from connectors.commerce import _partner_wire as wire
from connectors.commerce._partner_money import dispute_records, transaction_records
from connectors.commerce._partner_orders import order_records
from connectors.commerce._partner_plain import plain_order_records
from connectors.commerce._partner_reading import RowProblem, Unfit, read, without_nul
from connectors.commerce._partner_references import KINDS, ReferenceRow, reference_of
from connectors.commerce._partner_stock import DATASET, StockLevel, count_of
from connectors.commerce._partner_values import updated
from connectors.declare import Stated, Stream
from connectors.platform import CommercePlatform
from connectors.session import MapContext
from connectors.stock import StockCount
from ledger.commerce import Record, RecordKind

REFUND_SOURCES: Final = ("transactions", "orders")


def _no_records(row: Any, context: MapContext) -> list[Record]:
    """Read for its shape only."""
    return []


_SHAPES: Final[dict[str, tuple[type[wire.Dated], Callable[[Any, MapContext], list[Record]]]]] = {
    "orders": (wire.Order, order_records),
    "payments": (wire.Payment, _no_records),
    "transactions": (wire.Transaction, transaction_records),
    "disputes": (wire.Dispute, dispute_records),
    DATASET: (StockLevel, _no_records),
} | dict.fromkeys(KINDS, (wire.Reference, _no_records))
_KINDS: Final[dict[str, tuple[RecordKind, ...]]] = {
    "orders": ("order", "refund"),
    "transactions": ("refund", "fee", "payout"),
    "disputes": ("dispute",),
}
_CURRENCY: Final = "currency"
_STATED: Final[dict[str, tuple[Stated, ...]]] = {
    "orders": (
        Stated(("order",), ("totalAmount", "totalGratuity"), either=("totalRefund",), currency=_CURRENCY),
        # A return is an order of less than nothing; a payment of less than nothing was paid back.
        Stated(("refund",), minus=("totalAmount", "totalGratuity"), either=("totalRefund",), currency=_CURRENCY),
        Stated(("refund",), minus=("amount",), each="payments", currency=_CURRENCY),
    ),
    "transactions": (Stated(("refund", "fee", "payout"), ("totalAmount",), unsigned=True, currency=_CURRENCY),),
    "disputes": (Stated(("dispute",), ("totalAmount",), unsigned=True, currency=_CURRENCY),),
}
PLANS: Final = {name: (msgspec.json.Decoder(shape), to) for name, (shape, to) in _SHAPES.items()}
_PAGE: Final = msgspec.json.Decoder(list[wire.Identified])
_STAMP: Final = msgspec.json.Decoder(wire.Dated)
_REFERENCE: Final = msgspec.json.Decoder(wire.Reference)
_STOCK: Final = msgspec.json.Decoder(StockLevel)


def read_in_full(
    decoder: msgspec.json.Decoder[Any],
    to: Callable[[Any, MapContext], list[Record]],
    row: bytes | msgspec.Raw,
    context: MapContext,
) -> list[Record]:
    """The records of `row`, every value held to its type; raises as `Partner.map` does."""
    found = read(decoder, row)
    try:
        return to(found, context)
    except Unfit as unfit:
        raise unfit.at(found) from None


class Partner(CommercePlatform):
    """The partner's sales system. Nothing is fetched: rows come through the partner API."""

    key = "partner"

    published_key = "prtn"
    name = "Partner sales"
    local = True
    streams = MappingProxyType(
        {
            name: Stream(
                to=to,
                kinds=_KINDS.get(name, ()),
                wire=shape,
                updated="sourceModifiedDate",
                stock=name == DATASET,
                stated=_STATED.get(name, ()),
            )
            for name, (shape, to) in _SHAPES.items()
        }
    )

    def map(self, dataset: str, row: bytes | msgspec.Raw, context: MapContext) -> list[Record]:
        """The records of one row of `dataset`; see the module for the rules.

        Raises ``msgspec.ValidationError`` with the path of a value of the wrong type, `MappingProblem` (mostly as
        `RowProblem`) for a value that cannot be used, `MisconfiguredPlatform` for an unknown dataset.
        """
        plan = PLANS.get(dataset)
        if plan is None:
            self.stream(dataset)
            raise AssertionError(dataset)
        if context.settings and context.settings.get("refunds_from", "transactions") not in REFUND_SOURCES:
            word = str(context.settings["refunds_from"])[:60]
            raise RowProblem("unknown_word", "", {"word": word, "field": "refunds_from"})
        if dataset == "orders" and (records := plain_order_records(row, context)) is not None:
            return records
        return read_in_full(*plan, row, context)

    def identify(self, dataset: str, row: bytes | msgspec.Raw) -> tuple[str, datetime | None]:
        """The row's id, and the instant of its last change if it says one. Raises as `map` does.

        A naive instant is taken as UTC here: it only orders versions and moves watermarks.
        """
        self.stream(dataset)
        stamp = read(_STAMP, row)
        try:
            return str(stamp.id), updated(stamp, "UTC")
        except Unfit as unfit:
            raise unfit.at(stamp) from None

    def identities(self, dataset: str, body: bytes, rows: Sequence[msgspec.Raw]) -> list[str] | None:
        """The ids of the rows of the JSON array `body`, in order, by one decoding; `rows` are the same rows.

        None when one of them has no good id, or contains the character NUL, or when `map` would not look at all
        that `identify` does, as with rows of names: then each row is asked by itself and a bad one refused alone.
        The instant of the last change is `map`'s to refuse here.
        """
        self.stream(dataset)
        if dataset not in _KINDS or not without_nul(body):
            return None
        try:
            found = _PAGE.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return [str(row.id) for row in found] if len(found) == len(rows) else None

    def reference(self, dataset: str, row: bytes | msgspec.Raw) -> ReferenceRow | None:
        """What a row of names tells about one thing; None for a dataset of facts. Raises as `map` does."""
        self.stream(dataset)
        if dataset not in KINDS:
            return None
        found = read(_REFERENCE, row)
        try:
            return reference_of(KINDS[dataset], found)
        except Unfit as unfit:
            raise unfit.at(found) from None

    def stock(self, dataset: str, row: bytes | msgspec.Raw, context: MapContext) -> tuple[StockCount, ...]:
        """What a row of stock tells. Raises as `map` does."""
        if not self.stream(dataset).stock:
            return ()
        found = read(_STOCK, row)
        try:
            return (count_of(found, context),)
        except Unfit as unfit:
            raise unfit.at(found) from None
