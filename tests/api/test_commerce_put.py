"""Pushing commerce data: what becomes of each row, and what is refused whole."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import psycopg
import pytest
from django.db import connection as database

from commerce_sync.api.commerce import base
from connectors.models import Connection
from connectors.services import connect_commerce
from ledger.models import Company, Partner, RecordRow
from tests.api.cast import Api, an_order, books_of, make_company, ready_company, shop_of


def data(connection: Connection, dataset: str) -> str:
    return f"/companies/{connection.company.public_id}/connections/{connection.public_id}/data/commerce-{dataset}"


@pytest.fixture
def company(partner: Partner) -> Company:
    return ready_company(partner)


@pytest.fixture
def shop(company: Company) -> Connection:
    return shop_of(company)


def counted(answer: dict[str, Any]) -> dict[str, int]:
    return {word: number for word, number in answer["counts"].items() if number}


def test_what_became_of_each_row_is_said_in_their_order(api: Api, shop: Connection) -> None:
    api.put(data(shop, "orders"), [an_order(1), an_order(2)])
    later = "2026-03-05T10:00:00Z"
    older = {**an_order(2, amount="1.00"), "sourceModifiedDate": "2026-03-01T00:00:00Z"}
    response = api.put(
        data(shop, "orders"), [an_order(1), an_order(3), older, an_order(1, amount="9.00", sourceModifiedDate=later)]
    )
    assert response.status_code == 200
    found = response.json()
    assert [(row["id"], row["status"]) for row in found["results"]] == [
        ("o1", "unchanged"),
        ("o3", "new"),
        ("o2", "stale"),
        ("o1", "changed"),
    ]
    assert counted(found) == {"unchanged": 1, "new": 1, "stale": 1, "changed": 1}
    assert RecordRow.objects.filter(source=shop.source, superseded=False).count() == 3


def test_a_refused_row_leaves_its_neighbors_alone(api: Api, shop: Connection) -> None:
    bad = an_order(2, totalAmount="a lot")
    response = api.put(data(shop, "orders"), [an_order(1), bad, {"no": "id"}, an_order(3, currency="QQQ"), an_order(4)])
    assert response.status_code == 200
    found = response.json()
    assert [row["status"] for row in found["results"]] == ["new", "refused", "refused", "refused", "new"]
    assert counted(found) == {"new": 2, "refused": 3}
    (problem,) = found["results"][1]["problems"]
    assert problem["code"] == "malformed"
    assert problem["path"] == "$.totalAmount"
    assert problem["sentence"]
    assert problem["remedy"]
    assert found["results"][2]["id"] == ""
    assert "QQQ" in found["results"][3]["problems"][0]["sentence"]


def test_a_record_that_does_not_add_up_is_stored_and_says_so(api: Api, shop: Connection) -> None:
    found = api.put(data(shop, "orders"), [an_order(1, totalAmount=99)]).json()
    assert found["results"][0]["status"] == "new"
    assert found["results"][0]["problems"][0]["code"] == "lines_do_not_add_up"
    assert counted(found) == {"new": 1, "withProblems": 1}
    assert api.get(f"{data(shop, 'orders')}/o1").json()["totalAmount"] == 99


@pytest.mark.parametrize(
    ("dataset", "row"),
    [
        ("payments", {"id": "p1", "amount": 5, "currency": "GBP", "status": "Paid"}),
        ("transactions", {"id": "t1", "type": "PaymentFee", "totalAmount": 1.5, "createdDate": "2026-03-02T10:00:00Z"}),
        ("products", {"id": "tea", "name": "Tea", "categorization": "Drinks"}),
        ("locations", {"id": "l1", "name": "High Street"}),
        ("taxComponents", {"id": "vat20", "name": "VAT", "rate": 0.2}),
        ("paymentMethods", {"id": "card", "name": "Card", "status": "Active"}),
        ("productCategories", {"id": "drinks", "name": "Drinks"}),
        ("disputes", {"id": "d1", "status": "Lost", "totalAmount": 5, "createdDate": "2026-03-02T10:00:00Z"}),
    ],
)
def test_every_dataset_takes_its_rows(api: Api, shop: Connection, dataset: str, row: dict[str, Any]) -> None:
    response = api.put(data(shop, dataset), [row])
    assert response.status_code == 200
    assert response.json()["results"][0]["id"] == row["id"]
    assert response.json()["results"][0]["problems"] == []


@pytest.mark.parametrize(
    "body", [b"{}", b"[", b'{"results": []}', b"", b'"orders"', b"\xff\xfe", b"[" * 100_000, b"[1" * 1_000]
)
def test_a_body_that_is_no_array_is_refused_whole(api: Api, shop: Connection, body: bytes) -> None:
    response = api.put(data(shop, "orders"), body)
    assert response.status_code == 400
    assert "Nothing was stored" in response.json()["error"]


def test_more_rows_than_a_batch_may_have_are_refused_whole(api: Api, shop: Connection) -> None:
    response = api.put(data(shop, "orders"), [{"id": str(number)} for number in range(5_001)])
    assert response.status_code == 400
    assert "5,001 records; send at most 5,000" in response.json()["error"]
    assert not RecordRow.objects.exists()


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(api: Api, shop: Connection) -> None:
    response = api.put(data(shop, "orders"), b"[" + b" " * base.MOST_PUSHED_BYTES + b"]")
    assert response.status_code == 413
    assert "33,554,432" in response.json()["error"]


def test_what_is_pushed_twice_is_booked_once(api: Api, shop: Connection) -> None:
    for statuses in ({"new": 2}, {"unchanged": 2}):
        assert counted(api.put(data(shop, "orders"), [an_order(1), an_order(2)]).json()) == statuses
    assert api.get(data(shop, "orders")).json()["totalResults"] == 2


def test_nothing_is_taken_through_a_connection_that_is_not_linked(api: Api, partner: Partner) -> None:
    company = make_company(partner)
    shop = connect_commerce(company=company, platform="partner", actor="test", linked=False)
    response = api.put(data(shop, "orders"), [an_order(1)])
    assert response.status_code == 409
    assert "PendingAuth" in response.json()["error"]


def test_a_platform_that_is_pulled_takes_no_pushes(api: Api, partner: Partner) -> None:
    shop = connect_commerce(company=make_company(partner), platform="partner_pull", actor="test")
    response = api.put(data(shop, "orders"), [an_order(1)])
    assert response.status_code == 409
    assert "pulled" in response.json()["error"]


def test_accounting_software_and_other_partners_have_no_sales_to_push(
    api: Api, other_api: Api, company: Company, shop: Connection
) -> None:
    assert api.put(data(books_of(company), "orders"), [an_order(1)]).status_code == 404
    assert other_api.put(data(shop, "orders"), [an_order(1)]).status_code == 404
    assert not RecordRow.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_push_during_another_one_is_told_to_come_again(partner: Partner) -> None:
    shop = shop_of(ready_company(partner))
    api = Api(partner)
    parameters = {k: v for k, v in database.get_connection_params().items() if k in ("dbname", "user", "host", "port")}
    with psycopg.connect(**parameters) as other, database.cursor() as cursor:
        other.execute("SELECT 1 FROM ledger_source WHERE id = %s FOR UPDATE", (shop.source_id,))
        cursor.execute("SET lock_timeout = 50")
        response = api.put(data(shop, "orders"), [an_order(1)])
        other.rollback()
        cursor.execute("RESET lock_timeout")
    assert response.status_code == 409
    assert response.json()["canBeRetried"] == "True"
    assert counted(api.put(data(shop, "orders"), [an_order(1)]).json()) == {"new": 1}


def test_customers_are_not_pushed(api: Api, shop: Connection) -> None:
    assert api.put(data(shop, "customers"), [{"id": "c1"}]).status_code == 405


def test_a_batch_of_five_thousand_orders_is_taken_in_bounded_memory(api: Api, shop: Connection) -> None:
    body = json.dumps([an_order(number) for number in range(5_000)]).encode()
    tracemalloc.start()
    try:
        response = api.put(data(shop, "orders"), body)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counted(response.json()) == {"new": 5_000}
    assert most < 12 * len(body), f"{most / 1e6:.0f} MB for a body of {len(body) / 1e6:.0f} MB"
