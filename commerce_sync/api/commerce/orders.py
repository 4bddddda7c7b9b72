"""Canonical orders and returns in the published shape, and payments inside of them and by themselves. Pure.

Sums are of what is known: ``totalTaxAmount`` is absent when a line's taxes are. A completed order tells its
``closedDate``, an open one its ``createdDate``: a canonical order has one instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from commerce_sync.api.commerce import shapes
from commerce_sync.api.commerce.amounts import fraction, major, percentage, unit_price
from commerce_sync.api.commerce.names import Names
from commerce_sync.api.commerce.words import PAID, PAYMENT_TYPES, TYPE_LABELS
from ledger.commerce import Line, Order, Refund, Tax, Tender

BESIDE = ("shipping", "service_charge", "donation", "rounding")


def order_shape(row: Order | Refund, modified_at: datetime, names: Names) -> shapes.Order:
    """The sale, or the return with its amounts negative."""
    sign = -1 if type(row) is Refund else 1
    currency = row.currency
    tips = discounts = taxes = 0
    taxes_known = True
    lines: list[shapes.OrderLine] = []
    charges: list[shapes.ServiceCharge] = []
    for place, line in enumerate(row.lines or (), 1):
        tax = 0
        if line.taxes is None:
            taxes_known = False
        else:
            for part in line.taxes:
                tax += part.amount
        taxes += tax
        discounts += line.discount
        if line.kind == "tip":
            tips += line.net + tax
        elif line.kind in BESIDE:
            charges.append(_charge(line, tax, sign, currency))
        else:
            lines.append(_line(line, place, tax, sign, currency, names))
    at = row.refunded_at if type(row) is Refund else row.closed_at  # type: ignore[union-attr]
    is_open = type(row) is Order and row.state == "open"
    return shapes.Order(
        id=row.id,
        order_number=row.number or UNSET,
        currency=currency,
        created_date=at if is_open else UNSET,
        closed_date=UNSET if is_open else at,
        total_amount=major(sign * (row.stated - tips), currency),
        total_tax_amount=major(sign * taxes, currency) if taxes_known else UNSET,
        total_discount=major(sign * discounts, currency),
        total_gratuity=major(sign * tips, currency),
        order_line_items=lines,
        payments=[_payment(tender, sign, currency, names) for tender in row.tenders],
        service_charges=charges,
        location_ref=_ref("location", row.location, names),
        customer_ref=_ref("customer", row.customer, names),
        modified_date=modified_at,
        source_modified_date=row.updated_at,
        supplemental_data=_beyond(row),
    )


def payment_shape(row: Order | Refund, tender: Tender, modified_at: datetime, names: Names) -> shapes.Payment:
    """One tender of an order or a refund as a payment of its own; ``recordId`` names the order or refund."""
    sign = -1 if type(row) is Refund else 1
    currency = row.currency
    word, method_ref = _method(tender, names)
    beyond = shapes.Beyond(method=tender.method, record_id=row.id, label=tender.label or UNSET)
    if method_ref is UNSET and word is not UNSET:
        method_ref = shapes.Ref(id=word, name=word)
    return shapes.Payment(
        id=tender.id,
        amount=major(sign * tender.amount, currency),
        currency=currency,
        payment_method_ref=method_ref,
        status=PAID,
        payment_provider=tender.provider or UNSET,
        created_date=tender.captured_at,
        modified_date=modified_at,
        source_modified_date=row.updated_at,
        supplemental_data=supplement(beyond),
    )


def supplement(beyond: shapes.Beyond) -> shapes.Supplement:
    """``supplementalData`` around what is ours."""
    return shapes.Supplement(content=shapes.Content(commerce_sync=beyond))


def _line(line: Line, place: int, tax: int, sign: int, currency: str, names: Names) -> shapes.OrderLine:
    quantity = Decimal(line.quantity) if line.quantity else None
    product = names.products.get(line.label)
    price = None if quantity is None else unit_price(line.net + line.discount, quantity, currency)
    own, rate = _taxes(line.taxes, sign, currency)
    return shapes.OrderLine(
        id=str(place),
        quantity=UNSET if quantity is None else sign * quantity,
        tax_percentage=rate,
        total_amount=major(sign * (line.net + tax), currency),
        total_tax_amount=UNSET if line.taxes is None else major(sign * tax, currency),
        unit_price=UNSET if price is None else price,
        taxes=own,
        product_ref=UNSET if product is None else shapes.Ref(id=product, name=line.label),
        discount_allocations=(
            [shapes.DiscountAllocation(total_amount=major(sign * line.discount, currency))] if line.discount else []
        ),
        supplemental_data=_line_beyond(line, product is None, currency),
    )


def _line_beyond(line: Line, unnamed: bool, currency: str) -> shapes.LineSupplement | UnsetType:
    said: dict[str, Any] = {}
    if line.kind != "product":
        said["kind"] = line.kind
    if unnamed and line.label:
        said["label"] = line.label
    if line.category:
        said["category"] = line.category
    if line.sku:
        said["sku"] = line.sku
    if line.cost is not None:
        said["cost"] = major(abs(line.cost), currency)
    if line.face is not None:
        said["face"] = major(line.face, currency)
    if line.fulfilled_at is not None:
        said["fulfilled_at"] = line.fulfilled_at
    return shapes.LineSupplement(content=shapes.LineBeyond(**said)) if said else UNSET


def _charge(line: Line, tax: int, sign: int, currency: str) -> shapes.ServiceCharge:
    own, rate = _taxes(line.taxes, sign, currency)
    kind = "Shipping" if line.kind == "shipping" else "Overpayment" if line.category == "overpayment" else "Generic"
    return shapes.ServiceCharge(
        description=line.label or UNSET,
        total_amount=major(sign * (line.net + tax), currency),
        tax_percentage=rate,
        tax_amount=UNSET if line.taxes is None else major(sign * tax, currency),
        taxes=own,
        quantity=int(line.quantity) if line.quantity.isdigit() else UNSET,
        type=kind,
    )


def _taxes(
    taxes: Iterable[Tax] | None, sign: int, currency: str
) -> tuple[list[shapes.TaxAllocation] | UnsetType, Decimal | UnsetType]:
    """The components, and the percentage when there is one tax whose rate is known.

    A tax that a platform names by its percentage alone, or not at all, has no component to refer to.
    """
    if taxes is None:
        return UNSET, UNSET
    found: list[shapes.TaxAllocation] = []
    rates: list[int | None] = []
    for tax in taxes:
        ppm = tax.rate_ppm
        rates.append(ppm)
        if tax.key == tax.name and ppm is not None and tax.key == f"{percentage(ppm)}%" or tax.key == "tax":
            continue
        found.append(
            shapes.TaxAllocation(
                tax_component_ref=shapes.Ref(id=tax.key, name=tax.name),
                rate=UNSET if ppm is None else fraction(ppm),
                tax_amount=major(sign * tax.amount, currency),
            )
        )
    only = rates[0] if len(rates) == 1 else None
    return found, UNSET if only is None else percentage(only)


def _payment(tender: Tender, sign: int, currency: str, names: Names) -> shapes.OrderPayment:
    word, method_ref = _method(tender, names)
    return shapes.OrderPayment(
        id=tender.id,
        amount=major(sign * tender.amount, currency),
        currency=currency,
        type=word,
        status=PAID,
        payment_provider=tender.provider or UNSET,
        payment_method_ref=method_ref,
        created_date=tender.captured_at,
    )


def _method(tender: Tender, names: Names) -> tuple[str | UnsetType, shapes.Ref | UnsetType]:
    """The published type of payment, and the way of paying where the platform named one. Its label is what a book
    maps, so where no list of them was pushed the label is its id as well."""
    label = tender.label
    if TYPE_LABELS.get(label) == tender.method and label not in names.tenders:
        return label, UNSET
    word = UNSET if tender.method == "other" and not label else PAYMENT_TYPES[tender.method]
    return word, shapes.Ref(id=names.tenders.get(label, label), name=label) if label else UNSET


def _ref(kind: str, external_id: str, names: Names) -> shapes.Ref | UnsetType:
    if not external_id:
        return UNSET
    return shapes.Ref(id=external_id, name=names.name(kind, external_id) or UNSET)


def _beyond(row: Order | Refund) -> shapes.Supplement | UnsetType:
    said: dict[str, Any] = {}
    if row.due:
        said["due"] = major(row.due, row.currency)
    if row.channel:
        said["channel"] = row.channel
    if row.url:
        said["url"] = row.url
    if type(row) is Refund:
        said |= {"reason": row.reason} if row.reason else {}
        said |= {"restocked": True} if row.restocked else {}
    elif type(row) is Order:
        if row.state == "open":
            said["state"] = "open"
        if row.presentment is not None:
            seen = row.presentment
            said["presentment"] = shapes.Presentment(
                currency=seen.currency, amount=major(seen.amount, seen.currency), rate=seen.rate
            )
    return supplement(shapes.Beyond(**said)) if said else UNSET
