"""The cast of the API's tests: two partners, who must never see anything of each other, and their merchants."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from typing import Any

from django.test import Client

from commerce_sync.api_keys import create_key
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger.calendar import DayRule
from ledger.models import Company, Partner
from ledger.services import create_company, save_book
from tests.api.contract import check_answer

DAYS = (DayRule(date(2026, 1, 1), "Europe/London", 0),)
FIRST_DAY = date(2026, 3, 2)


def make_partner(name: str = "Till Systems") -> Partner:
    """A partner whose merchants keep their books in pounds."""
    return Partner.objects.create(name=name, currency="GBP", zone="Europe/London")


def make_company(partner: Partner, name: str = "Rose & Crown") -> Company:
    """A merchant of whom nothing else is known."""
    return create_company(partner=partner, name=name, actor="test")


def ready_company(partner: Partner, name: str = "Rose & Crown") -> Company:
    """A merchant with a linked shop, linked built-in books with their chart, and the default book saved."""
    company = make_company(partner, name)
    connect_commerce(company=company, platform="partner", actor="test")
    link = connect_accounting(company=company, platform="books", actor="test")
    install_chart(connection_id=link.pk)
    save_book(company=company, book=default_book("GBP", DAYS), author="test", reason="start")
    return company


def shop_of(company: Company) -> Connection:
    return company.connections.get(kind="commerce")


def books_of(company: Company) -> Connection:
    return company.connections.get(kind="accounting")


def an_order(number: int, *, day: date = FIRST_DAY, amount: str = "12.00", **changes: Any) -> dict[str, Any]:
    """A card sale in the published shape; a sixth of it is VAT at 20 %."""
    at = datetime(day.year, day.month, day.day, 12, number % 60, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    pence = round(float(amount) * 100)
    tax = pence // 6
    line = {
        "id": f"l{number}",
        "quantity": 1,
        "taxPercentage": 20,
        "totalAmount": pence / 100,
        "totalTaxAmount": tax / 100,
        "productRef": {"id": "tea", "name": "Tea"},
    }
    paid = {"id": f"t{number}", "amount": pence / 100, "currency": "GBP", "status": "Paid", "createdDate": at,
            "paymentMethodRef": {"id": "card", "name": "Card"}}  # fmt: skip
    order = {
        "id": f"o{number}",
        "orderNumber": str(number),
        "currency": "GBP",
        "createdDate": at,
        "closedDate": at,
        "sourceModifiedDate": at,
        "totalAmount": pence / 100,
        "totalTaxAmount": tax / 100,
        "totalRefund": 0,
        "totalDiscount": 0,
        "totalGratuity": 0,
        "orderLineItems": [line],
        "payments": [paid],
        "serviceCharges": [],
    }
    return {**order, **changes}


def basic(secret: str) -> str:
    """The header of a key."""
    return "Basic " + base64.b64encode(secret.encode()).decode()


class Api:
    """A client with one partner's key. Each answer to an operation of the published contract is held to it."""

    def __init__(self, partner: Partner, name: str = "tests") -> None:
        self.partner = partner
        self.key, self.secret = create_key(partner=partner, name=name, actor="test")
        self._client = Client(headers={"Authorization": basic(self.secret)}, raise_request_exception=False)

    def get(self, path: str, **options: Any) -> Any:
        return self.send("GET", path, **options)

    def post(self, path: str, value: Any = None, **options: Any) -> Any:
        return self.send("POST", path, value, **options)

    def put(self, path: str, value: Any = None, **options: Any) -> Any:
        return self.send("PUT", path, value, **options)

    def patch(self, path: str, value: Any = None, **options: Any) -> Any:
        return self.send("PATCH", path, value, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.send("DELETE", path, **options)

    def send(self, method: str, path: str, value: Any = None, *, headers: dict[str, str] | None = None) -> Any:
        """The answer; ``value`` is sent as JSON, bytes as they are."""
        body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
        kind = {"content_type": "application/json"} if body else {"content_type": ""}
        response = self._client.generic(method, path, body, headers=headers or {}, **kind)
        check_answer(method, path, response.status_code, response.content, response.headers.get("Content-Type", ""))
        return response


def push_orders(api: Api, company: Company, orders: list[dict[str, Any]]) -> Any:
    """Push orders through the API; the decoded answer."""
    response = api.put(f"/companies/{company.public_id}/connections/{shop_of(company).public_id}/data/commerce-orders",
                       orders)  # fmt: skip
    assert response.status_code == 200, response.content
    return response.json()
