"""The floor of the API: plain Django views that answer with the same JSON, written by hand for nothing else.

No key, no limit of calls, no description, no query language, no shapes: the same rows are read, dictionaries are made
of them and orjson writes them down. Amounts go through floats, which whoever answers for them may not do.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import uuid5

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse

from commerce_sync.api.connection_shapes import PLATFORMS

_ORDERS = """
    SELECT received_at, body FROM ledger_record
    WHERE source_id = %s AND NOT superseded AND NOT deleted AND kind = 'order'
    ORDER BY received_at, id OFFSET %s LIMIT %s
"""
_COUNT = "SELECT count(*) FROM ledger_record WHERE source_id = %s AND NOT superseded AND NOT deleted AND kind = 'order'"
_COMPANIES = """
    SELECT id, public_id, name, description, tags, currency, zone, created_at FROM ledger_company
    WHERE partner_id = %s ORDER BY name, id OFFSET %s LIMIT %s
"""
_CONNECTIONS = """
    SELECT company_id, public_id, platform, name, status, created_at, last_synced_at FROM connectors_connection
    WHERE company_id = ANY(%s) ORDER BY id
"""


def orders(request: HttpRequest, source_id: int, connection_id: int) -> HttpResponse:
    """A page of 100 orders."""
    page = int(request.GET.get("page", "1"))
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, (source_id, (page - 1) * 100, 100))
        found = cursor.fetchall()
        cursor.execute(_COUNT, (source_id,))
        (total,) = cursor.fetchone()
    products = _products(connection_id)
    results = [_order(orjson.loads(bytes(body)), came_at, products) for came_at, body in found]
    return _page(results, page, total)


def companies(request: HttpRequest, partner_id: int) -> HttpResponse:
    """A page of 100 companies with their connections."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPANIES, (partner_id, 0, 100))
        rows = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM ledger_company WHERE partner_id = %s", (partner_id,))
        (total,) = cursor.fetchone()
        cursor.execute(_CONNECTIONS, ([row[0] for row in rows],))
        links: dict[int, list[Any]] = {}
        for company_id, *link in cursor.fetchall():
            links.setdefault(company_id, []).append(link)
    results = [
        {
            "id": public_id,
            "name": name,
            "created": created,
            "currency": currency,
            "timeZone": zone,
            "tags": orjson.loads(tags) if isinstance(tags, str) else tags,
            "redirect": request.build_absolute_uri(f"/link/{public_id}"),
            "dataConnections": [_connection(request, link) for link in links.get(key, ())],
        }
        for key, public_id, name, _, tags, currency, zone, created in rows
    ]
    return _page(results, 1, total)


def _connection(request: HttpRequest, link: list[Any]) -> dict[str, Any]:
    public_id, platform, name, status, created, synced = link
    return {
        "id": public_id,
        "integrationId": uuid5(PLATFORMS, platform),
        "sourceId": uuid5(public_id, "source"),
        "platformName": name,
        "linkUrl": request.build_absolute_uri(f"/link/connections/{public_id}"),
        "status": status,
        "created": created,
        "lastSync": synced,
    }


@cache
def _products(connection_id: int) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, external_id FROM connectors_reference WHERE connection_id = %s AND kind = 'product'",
            (connection_id,),
        )
        return dict(cursor.fetchall())


def _order(row: dict[str, Any], came_at: Any, products: dict[str, str]) -> dict[str, Any]:
    lines, taxes, discounts, tips = [], 0, 0, 0
    for place, line in enumerate(row["lines"], 1):
        parts = line.get("taxes", ())
        tax = sum(part["amount"] for part in parts)
        taxes += tax
        discounts += line.get("discount", 0)
        if line["kind"] == "tip":
            tips += line["net"] + tax
        else:
            lines.append(_line(line, place, parts, tax, products))
    shown = {
        "id": row["id"],
        "orderNumber": row["number"],
        "currency": row["currency"],
        "closedDate": row["closed_at"],
        "totalAmount": (row["stated"] - tips) / 100,
        "totalTaxAmount": taxes / 100,
        "totalDiscount": discounts / 100,
        "totalGratuity": tips / 100,
        "orderLineItems": lines,
        "payments": [
            {
                "id": tender["id"],
                "amount": tender["amount"] / 100,
                "currency": row["currency"],
                "type": tender["label"],
                "status": "Paid",
                "paymentProvider": tender["provider"],
                "createdDate": tender["captured_at"],
            }
            for tender in row["tenders"]
        ],
        "serviceCharges": [],
        "locationRef": {"id": row["location"]},
        "modifiedDate": came_at,
        "sourceModifiedDate": row["updated_at"],
    }
    if row.get("customer"):
        shown["customerRef"] = {"id": row["customer"]}
    return shown


def _line(line: dict[str, Any], place: int, parts: Any, tax: int, products: dict[str, str]) -> dict[str, Any]:
    quantity, discount = int(line["quantity"]), line.get("discount", 0)
    shown = {
        "id": str(place),
        "quantity": quantity,
        "totalAmount": (line["net"] + tax) / 100,
        "totalTaxAmount": tax / 100,
        "unitPrice": (line["net"] + discount) / quantity / 100,
        "taxes": [_tax(part) for part in parts],
        "productRef": {"id": products[line["label"]], "name": line["label"]},
        "discountAllocations": [{"totalAmount": discount / 100}] if discount else [],
        "supplementalData": {"content": {"category": line["category"]}},
    }
    if len(parts) == 1 and "rate_ppm" in parts[0]:
        shown["taxPercentage"] = parts[0]["rate_ppm"] / 10_000
    return shown


def _tax(part: dict[str, Any]) -> dict[str, Any]:
    shown = {"taxComponentRef": {"id": part["key"], "name": part["name"]}, "taxAmount": part["amount"] / 100}
    if "rate_ppm" in part:
        shown["rate"] = part["rate_ppm"] / 1_000_000
    return shown


def _page(results: list[dict[str, Any]], page: int, total: int) -> HttpResponse:
    body = {"results": results, "pageNumber": page, "pageSize": 100, "totalResults": total}
    return HttpResponse(orjson.dumps(body), content_type="application/json")
