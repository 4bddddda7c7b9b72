"""Reading commerce data: pages, filters, deep pages, single rows; and whose they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from commerce_sync.api.commerce import marks, rows
from commerce_sync.models import ListMark
from connectors.models import Connection
from ledger import sql
from ledger.commerce import KIND_OF, Deleted, Dispute, Fee, Line, Order, Payout, Record, Refund, Tender
from ledger.incoming import Incoming
from ledger.intake import store
from ledger.models import Company, Partner
from ledger.versions import digest
from tests.api.cast import Api, an_order, books_of, ready_company, shop_of

CAME = datetime(2026, 3, 20, 8, tzinfo=UTC)
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def data(connection: Connection, dataset: str, row: str = "", **asked: Any) -> str:
    path = f"/companies/{connection.company.public_id}/connections/{connection.public_id}/data/commerce-{dataset}"
    return path + (f"/{quote(row)}" if row else "") + (f"?{urlencode(asked)}" if asked else "")


def came(shop: Connection, *records: Record, at: datetime = CAME, kind: str = "order") -> None:
    """Records that came in at once, as a pull would bring them."""
    items = [
        Incoming(kind if isinstance(each, Deleted) else KIND_OF[type(each)], each, digest(repr(each).encode()), place)  # type: ignore[arg-type]
        for place, each in enumerate(records)
    ]
    assert shop.source_id
    store(company_id=shop.company_id, source_id=shop.source_id, items=items, page_id=None, received_at=at)


def sale(n: int, *, tenders: int = 1, at: datetime = AT, **changes: Any) -> Order:
    gross = 100 * tenders
    paid = tuple(Tender(f"t{n}-{each}", "card", 100, at, "Card") for each in range(tenders))
    facts = {"updated_at": at, "currency": "GBP", "number": f"A{n}", **changes}
    return Order(
        f"o{n}", facts.pop("number"), facts.pop("currency"), at, facts.pop("updated_at"),
        (Line("product", "Tea", gross, ()),), paid, gross, **facts,
    )  # fmt: skip


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


@pytest.fixture
def company(partner: Partner) -> Company:
    return ready_company(partner)


@pytest.fixture
def shop(company: Company) -> Connection:
    return shop_of(company)


@pytest.fixture
def long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of more than ten rows are long ones, with a mark at each fourth record."""
    monkeypatch.setattr(rows, "EXACT_UP_TO", 10)
    monkeypatch.setattr(rows, "SURVEY_STEP", 4)


def test_what_was_pushed_is_read_back(api: Api, shop: Connection) -> None:
    api.put(data(shop, "products"), [{"id": "tea", "name": "Tea"}])
    api.put(data(shop, "orders"), [an_order(1), an_order(2, amount="6.00")])
    found = api.get(data(shop, "orders")).json()
    assert (found["totalResults"], found["pageNumber"], found["pageSize"]) == (2, 1, 100)
    first = found["results"][0]
    said = an_order(1)
    for name in ("id", "orderNumber", "currency", "closedDate", "sourceModifiedDate", "totalAmount", "totalTaxAmount"):
        assert first[name] == said[name], name
    assert first["orderLineItems"][0]["productRef"] == {"id": "tea", "name": "Tea"}
    assert api.get(data(shop, "orders", "o2")).json()["totalAmount"] == 6
    assert ids(api.get(data(shop, "payments"))) == ["t1", "t2"]
    assert api.get(data(shop, "payments", "t2")).json()["amount"] == 6


def test_every_dataset_has_its_list_and_its_single_rows(api: Api, shop: Connection) -> None:
    names = {
        "products": {"id": "p/1", "name": "Tea", "categorization": "Drinks", "isGiftCard": False,
                     "variants": [{"id": "v1", "sku": "TEA-1"}]},
        "locations": {"id": "l 1", "name": "High Street"},
        "taxComponents": {"id": "vat", "name": "VAT", "rate": 0.2, "isCompound": False},
        "paymentMethods": {"id": "card", "name": "Card", "status": "Active"},
        "productCategories": {"id": "drinks", "name": "Drinks", "ancestorRefs": [{"id": "all", "type": "x"}]},
    }  # fmt: skip
    for dataset, row in names.items():
        api.put(data(shop, dataset), [row])
        assert ids(api.get(data(shop, dataset))) == [row["id"]]
        found = api.get(data(shop, dataset, row["id"])).json()
        for name in ("id", "name", "rate", "isCompound", "categorization", "isGiftCard", "variants", "status"):
            assert found.get(name) == row.get(name), (dataset, name)
    came(shop, sale(1), Fee("f1", "GBP", AT, AT, 5), Payout("p1", "GBP", AT, AT, 95),
         Refund("r1", "o1", "GBP", AT, AT, None, (Tender("r1", "card", 50, AT),), 50),
         Refund("back", "", "GBP", AT, AT, (Line("product", "Tea", 40, ()),), (Tender("tb", "cash", 40, AT),), 40,
                number="B1"),
         Dispute("d1", "GBP", AT, AT, 100, "lost", AT, "t1-0", "o1"))  # fmt: skip
    assert ids(api.get(data(shop, "orders"))) == ["o1", "back"]
    assert ids(api.get(data(shop, "payments"))) == ["t1-0", "r1", "tb"]
    assert sorted(ids(api.get(data(shop, "transactions")))) == ["f1", "p1", "r1"]
    assert ids(api.get(data(shop, "disputes"))) == ["d1"]
    assert ids(api.get(data(shop, "customers"))) == []
    for dataset, row_id in (("orders", "back"), ("payments", "r1"), ("payments", "t1-0"), ("transactions", "f1"),
                            ("transactions", "p1"), ("transactions", "r1"), ("disputes", "d1")):  # fmt: skip
        assert api.get(data(shop, dataset, row_id)).json()["id"] == row_id
    assert api.get(data(shop, "info")).json()["baseCurrency"] == "GBP"


def test_what_is_not_there_is_not_found(api: Api, other_api: Api, company: Company, shop: Connection) -> None:
    came(shop, sale(1), Fee("f1", "GBP", AT, AT, 5), Deleted("gone", "GBP", AT, AT))
    for dataset, row_id in (("orders", "f1"), ("orders", "gone"), ("orders", "o1\0"), ("transactions", "o1"),
                            ("payments", "o1"), ("payments", 'a"b\\c'), ("disputes", "x"), ("products", "x\0"),
                            ("locations", "x"), ("customers", "x")):  # fmt: skip
        assert api.get(data(shop, dataset, row_id)).status_code == 404, (dataset, row_id)
    for dataset in ("orders", "payments", "transactions", "disputes", "products", "customers", "info"):
        assert api.get(data(books_of(company), dataset)).status_code == 404
        assert other_api.get(data(shop, dataset)).status_code == 404
    assert other_api.get(data(shop, "orders", "o1")).status_code == 404


def test_only_the_version_that_counts_is_listed(api: Api, shop: Connection) -> None:
    came(shop, sale(1), sale(2), sale(3))
    came(shop, sale(1, updated_at=AT + timedelta(1), number="B1"), Deleted("o2", "GBP", AT, AT + timedelta(1)),
         at=CAME + timedelta(hours=1))  # fmt: skip
    found = api.get(data(shop, "orders")).json()
    assert [(row["id"], row["orderNumber"]) for row in found["results"]] == [("o3", "A3"), ("o1", "B1")]
    assert found["totalResults"] == 2
    assert ids(api.get(data(shop, "orders", query="modifiedDate>2026-03-20T08:30:00Z"))) == ["o1"]


@pytest.mark.parametrize(
    ("dataset", "query", "expected"),
    [
        ("orders", "id=o2", ["o2"]),
        ("orders", "id!=o2", ["o1", "o3", "back"]),
        ("orders", "orderNumber~a3", ["o3"]),
        ("orders", "orderNumber~x", []),
        ("orders", "totalAmount>=3", ["o2", "o3"]),
        ("orders", "totalAmount=-0.40", ["back"]),
        ("orders", "{totalAmount<=2||id=o3}&&currency=GBP", ["o1", "back"]),
        ("orders", "currency=JPY", ["o3"]),
        ("orders", "closedDate>=2026-03-03&&closedDate<2026-03-04", ["o2"]),
        ("orders", "createdDate<2026-03-03", ["o1", "back"]),
        ("orders", "locationRef.id=soho", ["o2"]),
        ("orders", "locationRef.id=null", ["o1", "o3", "back"]),
        ("orders", "customerRef.id!=ann", ["o2", "o3", "back"]),
        ("orders", "modifiedDate<2026-03-20", []),
        ("orders", "sourceModifiedDate>2026-03-03T00:00:00Z", ["o2", "o3"]),
        ("orders", "id='o2\0'", []),
        ("payments", "amount>2&&amount<100", ["t2-0"]),
        ("payments", "amount<0", ["r1", "tb"]),
        ("payments", "id=t1-1", ["t1-1"]),
        ("payments", "paymentMethodRef.name=Cash", ["tb"]),
        ("payments", "status=Paid&&currency=GBP&&createdDate<2026-03-03", ["t1-0", "t1-1", "r1", "tb"]),
        ("payments", "paymentProvider=null&&currency=JPY", ["t3-0"]),
        ("transactions", "type=PaymentFee", ["f1"]),
        ("transactions", "type=PaymentFeeRefund", ["f2"]),
        ("transactions", "totalAmount>0.04&&totalAmount<1", ["f1", "r1", "f2"]),
        ("transactions", "transactionSourceRef.id=o1", ["r1"]),
        ("transactions", "createdDate>2026-03-02T12:00:00Z", []),
        ("disputes", "status=Lost&&totalAmount=1", ["d1"]),
        ("disputes", "status!=Lost", []),
    ],
)
def test_a_list_is_narrowed_by_what_is_asked(
    api: Api, shop: Connection, dataset: str, query: str, expected: list[str]
) -> None:
    day = timedelta(days=1)
    two = Tender("t2-0", "card", 300, AT + day, "Card", "stripe")
    came(
        shop,
        sale(1, tenders=2, customer="ann"),
        replace(sale(2, at=AT + day, location="soho"), tenders=(two,), stated=300, lines=(Line("product", "x", 300),)),
        sale(3, at=AT + 2 * day, currency="JPY"),
        Fee("f1", "GBP", AT, AT, 5),
        Fee("f2", "GBP", AT, AT, -7),
        Payout("p1", "GBP", AT, AT, 195),
        Refund("r1", "o1", "GBP", AT, AT, None, (Tender("r1", "card", 50, AT),), 50),
        Refund("back", "", "GBP", AT, AT, (Line("product", "Tea", 40, ()),),
               (Tender("tb", "cash", 40, AT, "Cash"),), 40, number="B1"),
        Dispute("d1", "GBP", AT, AT, 100, "lost", AT, "t1-0", "o1"),
    )  # fmt: skip
    response = api.get(data(shop, dataset, query=query))
    assert sorted(ids(response)) == sorted(expected)
    assert response.json()["totalResults"] == len(expected)


def test_a_list_is_ordered_as_asked(api: Api, shop: Connection) -> None:
    came(shop, sale(2), sale(1, tenders=3))
    came(shop, sale(3, tenders=2), at=CAME + timedelta(1))
    for order, expected in (
        ("", ["o2", "o1", "o3"]),
        ("modifiedDate", ["o2", "o1", "o3"]),
        ("-modifiedDate", ["o3", "o1", "o2"]),
        ("id", ["o1", "o2", "o3"]),
        ("-totalAmount", ["o1", "o3", "o2"]),
        ("currency,-orderNumber", ["o3", "o2", "o1"]),
    ):
        assert ids(api.get(data(shop, "orders", orderBy=order))) == expected, order
        for page in (1, 2, 3, 4):
            part = expected[page - 1 : page]
            assert ids(api.get(data(shop, "orders", orderBy=order, page=page, pageSize=1))) == part, order
    assert ids(api.get(data(shop, "payments", orderBy="-id", pageSize=2))) == ["t3-1", "t3-0"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"query": "isCompleted=true"}, "Error parsing query - Could not resolve property isCompleted on Order"),
        ({"query": "id="}, "Error parsing query - Malformed query."),
        ({"query": "totalAmount=many"}, "totalAmount is compared with 'many', which is no number"),
        ({"orderBy": "lines"}, "Error parsing query - Could not resolve property lines on Order"),
        ({"page": "0"}, "page"),
        ({"pageSize": "5001"}, "pageSize"),
    ],
)
def test_what_cannot_be_followed_is_told(api: Api, shop: Connection, asked: dict[str, str], words: str) -> None:
    response = api.get(data(shop, "orders", **asked))
    assert response.status_code == 400
    assert words in response.json()["error"]


def test_names_are_narrowed_and_ordered(api: Api, shop: Connection) -> None:
    kinds = ("x", "Drinks", "Drinks")
    teas = [{"id": str(each), "name": f"Tea {each}", "categorization": kind} for each, kind in enumerate(kinds)]
    api.put(data(shop, "products"), teas)
    assert ids(api.get(data(shop, "products", orderBy="-name", pageSize=2))) == ["2", "1"]
    assert ids(api.get(data(shop, "products", query="categorization=Drinks&&name~TEA"))) == ["1", "2"]
    assert ids(api.get(data(shop, "products", query="id=0"))) == ["0"]
    assert api.get(data(shop, "products", query="modifiedDate>2026-01-01")).status_code == 400  # it has no dates
    assert ids(api.get(data(shop, "locations", query="modifiedDate>2026-01-01"))) == []


@pytest.mark.usefixtures("long_lists")
@pytest.mark.parametrize("dataset", ["orders", "payments"])
@pytest.mark.parametrize("order", ["", "-modifiedDate"])
def test_every_page_of_a_long_list_is_right_whichever_is_read_first(
    api: Api, shop: Connection, dataset: str, order: str
) -> None:
    for number in range(8):
        came(shop, *[sale(100 * number + each, tenders=1 + each % 3) for each in range(5)],
             at=CAME + timedelta(seconds=number // 2))  # fmt: skip
    whole = ids(api.get(data(shop, dataset, orderBy=order, pageSize=1_000)))
    assert len(whole) == (40 if dataset == "orders" else 72)
    assert len(set(whole)) == len(whole)
    for size in (7, 3):
        pages = -(-len(whole) // size)
        for page in (pages, 2, pages // 2, 5, *range(1, pages + 2)):
            response = api.get(data(shop, dataset, orderBy=order, page=page, pageSize=size))
            assert ids(response) == whole[(page - 1) * size : page * size], (page, size)
            assert response.json()["totalResults"] == len(whole)
            assert ("next" in response.json()["_links"]) == (page < pages)
    assert ListMark.objects.exists()


@pytest.mark.usefixtures("long_lists")
def test_a_long_list_of_which_only_some_payments_are_asked_for_is_counted_whole(api: Api, shop: Connection) -> None:
    came(shop, *[sale(number, tenders=1 + (number >= 15) * 2) for number in range(30)])
    wanted = [f"t{number}-2" for number in range(15, 30)]
    for page in (1, 4, 2, 3):
        response = api.get(data(shop, "payments", query="id~-2", page=page, pageSize=4))
        assert ids(response) == wanted[(page - 1) * 4 : page * 4]
        assert response.json()["totalResults"] == 15


@pytest.mark.usefixtures("long_lists")
def test_whoever_reads_page_after_page_misses_nothing_that_stays(api: Api, shop: Connection) -> None:
    came(shop, *[sale(number) for number in range(20)])
    seen = ids(api.get(data(shop, "orders", pageSize=5)))
    # The last order of the page that was read changes, and goes to the end; what follows moves up by one.
    came(shop, sale(4, updated_at=AT + timedelta(1), number="B1"), at=CAME + timedelta(1))
    for page in (2, 3, 4, 5):
        seen += ids(api.get(data(shop, "orders", page=page, pageSize=5)))
    assert set(seen) >= {f"o{number}" for number in range(20)}


@pytest.mark.usefixtures("long_lists")
def test_the_total_of_a_long_list_is_at_most_a_minute_old(
    api: Api, shop: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    came(shop, *[sale(number) for number in range(20)])
    total = lambda: api.get(data(shop, "orders")).json()["totalResults"]  # noqa: E731
    assert total() == 20
    came(shop, sale(50), at=CAME + timedelta(1))
    assert total() == 20
    ListMark.objects.update(made_at=datetime.now(UTC) - marks.TOTAL_HOLDS - timedelta(seconds=1))
    assert total() == 21
    old = datetime.now(UTC) - marks.FORGOTTEN_AFTER - timedelta(seconds=1)
    ListMark.objects.update(made_at=old)
    assert total() == 21
    assert not ListMark.objects.filter(made_at=old).exists()


def test_a_list_costs_the_same_statements_whatever_its_length(api: Api, shop: Connection) -> None:
    def statements(dataset: str, **asked: Any) -> int:
        return executed(lambda: api.get(data(shop, dataset, **asked)))

    api.get(data(shop, "orders"))
    came(shop, *[sale(number) for number in range(3)])
    few = {dataset: statements(dataset) for dataset in ("orders", "payments", "transactions", "products")}
    came(shop, *[sale(number) for number in range(3, 300)], at=CAME + timedelta(1))
    api.put(data(shop, "products"), [{"id": str(each), "name": str(each)} for each in range(200)])
    api.get(data(shop, "orders"))  # the new names are read once
    for dataset, count in few.items():
        assert statements(dataset) == count, dataset
    assert few["orders"] <= 6


def executed(call: Any) -> int:
    """How many statements Django and we send while ``call`` runs."""
    count = 0
    original = sql._executed

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return original(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(database) as captured:
        patch.setattr(sql, "_executed", counting)
        call()
    return count + len(captured)


def test_a_query_that_would_take_too_long_is_refused_with_a_sentence(
    api: Api, shop: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    came(shop, *[sale(number) for number in range(2_000)])
    monkeypatch.setattr(rows, "LONGEST_SECONDS", 0.001)
    response = api.get(data(shop, "orders", query="totalAmount>0&&orderNumber~x||customerRef.id~y"))
    assert response.status_code == 400
    assert "Narrow it by modifiedDate" in response.json()["error"]
    assert api.get(data(shop, "orders", query="modifiedDate>2026-01-01")).status_code == 200
    assert api.get(data(shop, "orders")).status_code == 200


def plan(query: str, parameters: tuple[Any, ...]) -> str:
    return "\n".join(line for (line,) in sql.rows(f"EXPLAIN {query}", parameters))


def test_lists_are_read_by_their_indexes(
    api: Api, partner: Partner, shop: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    neighbor = shop_of(ready_company(partner, "Neighbor"))
    came(neighbor, *[sale(each) for each in range(15_000)])
    for number in range(40):
        came(shop, *[sale(100 * number + each) for each in range(100)], at=CAME + timedelta(seconds=number))
    came(shop, *[Fee(f"f{each}", "GBP", AT, AT, 5) for each in range(500)])
    with database.cursor() as cursor:
        cursor.execute("ANALYZE ledger_record")
    asked: list[tuple[str, tuple[Any, ...]]] = []
    original = sql.rows
    monkeypatch.setattr(sql, "rows", lambda q, p=(), **k: (asked.append((q, p)), original(q, p, **k))[1])
    for dataset, query in (("orders", ""), ("orders", "modifiedDate>2026-03-20T08:00:30Z"), ("transactions", "")):
        api.get(data(shop, dataset, page=3, pageSize=10, query=query))
    monkeypatch.undo()
    plans = [plan(*each) for each in asked if "ledger_record r" in each[0]]
    assert len(plans) == 6
    for shown in plans:
        assert "Seq Scan on ledger_record" not in shown, shown
        assert "record_orders_listed" in shown or "record_others_listed" in shown, shown


def test_the_links_of_a_page_lead_to_its_neighbors_with_the_same_question(api: Api, shop: Connection) -> None:
    came(shop, *[sale(number) for number in range(5)])
    page = data(shop, "orders", page=1, pageSize=2, query="currency=GBP", orderBy="-modifiedDate")
    seen: list[str] = []
    while page:
        response = api.get(page)
        seen += ids(response)
        page = response.json()["_links"].get("next", {}).get("href", "")
    assert seen == ["o4", "o3", "o2", "o1", "o0"]


def test_what_is_remembered_of_lists_is_not_logged(db: None) -> None:
    (kind,) = sql.rows("SELECT relpersistence::text FROM pg_class WHERE relname = 'commerce_sync_listmark'")[0]
    assert kind == "u"
