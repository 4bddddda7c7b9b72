"""Purchase orders as requests for quotation: drafts that a person looks at. Odoo has them where Purchase is installed.

The order is made by `load` under an external id that follows from our reference, then its lines are written in place of
whatever lines it has: doing both again leaves one order. One without lines is half made, and "not there".
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_company import rate_of
from connectors.accounting._odoo_errors import Loaded, merchants_turn
from connectors.accounting._odoo_values import exact, record_id
from connectors.accounting._odoo_wire import Ref, call, id_of, known_fields, place_of, search
from connectors.errors import RefusalReason, Refused
from connectors.plain_text import plain
from connectors.purchasing import DraftLine, DraftOrder
from connectors.session import Pushed, Session

ORDER: Final = "purchase.order"
LINE: Final = "purchase.order.line"
_NOON: Final = "12:00:00"  # Odoo keeps instants in UTC and shows them in the user's zone: at noon the day stays


class _Order(msgspec.Struct):
    id: int
    name: str
    state: str
    order_line: list[int]


class _Product(msgspec.Struct):
    """A product; `uom_po_id`, the unit in which it is bought, is gone in 19."""

    id: int
    default_code: str
    uom_id: Ref
    uom_po_id: Ref = False


class _Product19(msgspec.Struct):
    id: int
    default_code: str
    uom_id: Ref


def find(session: Session, reference: str) -> Pushed | None:
    """The order with our reference as its source, in whatever state. Raises `Refused` for two."""
    domain = [["origin", "=", reference], ["company_id", "=", place_of(session).company.id]]
    found = search(session, ORDER, _Order, domain)
    if len(found) > 1:
        raise Refused(f"{reference} is there {len(found)} times", reason=RefusalReason.DUPLICATE)
    if not found or not found[0].order_line:
        return None
    return Pushed(str(found[0].id), answer={"number": found[0].name, "state": found[0].state})


def draft(session: Session, order: DraftOrder) -> Pushed:
    """Leave the order there as a draft; one that is there stays as it is. Raises a `Failure`."""
    fields = known_fields(session, LINE)
    if there := find(session, order.reference):
        return there
    lines = _lines(session, order, fields)
    made = call(session, ORDER, "load", Loaded, **_columns(session, order)).made()
    call(session, ORDER, "write", Any, ids=[made], vals={"order_line": [(5, 0, 0), *((0, 0, line) for line in lines)]})
    return Pushed(str(made), answer={"state": "draft"})


def _columns(session: Session, order: DraftOrder) -> dict[str, Any]:
    """The head, for `load`."""
    company = place_of(session).company
    rate = rate_of(session, order.currency, order.ordered_on)
    seed = f"{company.id}:order:{order.reference}"
    columns = {
        "id": f"commerce_sync.order-{hashlib.sha256(seed.encode()).hexdigest()[:24]}",
        "partner_id/.id": str(record_id(order.supplier, RefusalReason.CONTACT_GONE)),
        "company_id/.id": str(company.id),
        "currency_id/.id": str(rate.currency if rate else id_of(company.currency_id)),
        "origin": order.reference,
        "date_order": f"{order.ordered_on} {_NOON}",
    }
    if order.note:
        known = known_fields(session, ORDER)
        columns |= {name: order.note for name in ("note", "notes") if name in known}
    return {"fields": list(columns), "data": [list(columns.values())]}


def _lines(session: Session, order: DraftOrder, fields: frozenset[str]) -> list[dict[str, Any]]:
    """What is to be bought, as products of Odoo; what is none of its products is a note, for the person to complete."""
    products = _products(session, {line.sku for line in order.lines if line.sku})
    if not any(line.sku in products for line in order.lines):
        named = ", ".join(line.sku or line.description for line in order.lines)
        remedy = "Add these products in Odoo, with their SKU as internal reference."
        raise merchants_turn(f"Odoo has no product {named}"[:400], remedy, RefusalReason.NOT_FOUND)
    unit = "product_uom_id" if "product_uom_id" in fields else "product_uom"  # since 19, and before
    return [
        _line(line, order, unit, *products[line.sku]) if line.sku in products else _note(line) for line in order.lines
    ]


def _note(line: DraftLine) -> dict[str, Any]:
    called = f"{line.description} ({line.sku})" if line.sku else line.description
    return {"display_type": "line_note", "name": plain(f"{line.quantity:f} × {called}"), "product_qty": 0}


def _line(line: DraftLine, order: DraftOrder, unit_field: str, product: int, unit: int) -> dict[str, Any]:
    price = {} if line.unit_cost is None else {"price_unit": exact(line.unit_cost, order.currency)}
    return {
        "product_id": product,
        "name": plain(line.description),
        "product_qty": msgspec.Raw(format(line.quantity, "f").encode()),
        unit_field: unit,
        "date_planned": f"{order.ordered_on} {_NOON}",
        **price,
    }


def _products(session: Session, skus: set[str]) -> dict[str, tuple[int, int]]:
    """SKU → the product, and the unit in which it is bought. The first of several."""
    domain = [["default_code", "in", sorted(skus)]]
    if "uom_po_id" in known_fields(session, "product.product"):
        old = search(session, "product.product", _Product, domain)
        rows = [(each.default_code, each.id, id_of(each.uom_po_id) or id_of(each.uom_id)) for each in old]
    else:
        new = search(session, "product.product", _Product19, domain)
        rows = [(each.default_code, each.id, id_of(each.uom_id)) for each in new]
    return {sku: (product, unit) for sku, product, unit in reversed(rows)}
