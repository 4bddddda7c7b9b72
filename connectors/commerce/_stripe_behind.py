"""Fetching what stands behind a charge: its Checkout session or its invoice, with all lines."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from connectors.commerce import _stripe_parts as parts
from connectors.declare import GET, Endpoint, Pager
from connectors.errors import BadAnswer
from connectors.paging import rows_at, value_at, walk
from connectors.session import Session
from connectors.wire import Request

_ROW: Final = msgspec.json.Decoder(dict[str, Raw])


def document(session: Session, intent: str, paging: Pager) -> dict[str, Raw]:
    """The document behind a payment intent, by its kind; nothing where there is none, or none is wanted."""
    wanted = session.settings.get("lines_from", parts.LINES[0]) == "documents"
    if not intent or not wanted or session.settings.get("sales_from", parts.SALES[0]) == "elsewhere":
        return {}
    shipping = {"expand[0]": "data.shipping_cost.taxes"}
    found = rows_at(_asked(session, GET("/v1/checkout/sessions", payment_intent=intent, limit="1", **shipping)), "data")
    if found:
        path = f"/v1/checkout/sessions/{_id(found[0], 'id')}/line_items"
        lines = GET(path, limit="100", **{"expand[0]": "data.taxes"}).request()
        return {"checkout": _with_lines(session, found[0], lines, paging)}
    of_intent = {"payment[type]": "payment_intent", "payment[payment_intent]": intent}
    payments = rows_at(_asked(session, GET("/v1/invoice_payments", limit="1", **of_intent)), "data")
    if not payments:
        return {}
    path = f"/v1/invoices/{_id(payments[0], 'invoice')}"
    invoice = _asked(session, GET(path, **{"expand[0]": "shipping_cost.taxes"}))
    return {"invoice": _with_lines(session, invoice, GET(f"{path}/lines", limit="100").request(), paging)}


def _asked(session: Session, endpoint: Endpoint) -> bytes:
    return session.send(endpoint.request()).body


def _id(row: bytes, path: str) -> str:
    found = value_at(row, path)
    if not isinstance(found, str) or not found or "/" in found:
        raise BadAnswer(f"what stands behind a charge has no id at {path}")
    return found


def _with_lines(session: Session, found: bytes, lines: Request, paging: Pager) -> Raw:
    """The document with all of its lines: it tells ten of them itself."""
    rows = [Raw(row) for page in walk(session, lines, paging=paging, rows="data") for row in page.rows]
    return Raw(msgspec.json.encode({**_ROW.decode(found), "lines": rows}))
