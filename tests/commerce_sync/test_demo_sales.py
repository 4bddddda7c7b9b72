"""The demo's sales: always the same, in the published shapes, and adding up except where they are wrong on purpose."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from django.db.models import Sum

from commerce_sync.demo_sales import BAD_ROWS, MERCHANTS, Merchant, demo_batches, demo_pages
from connectors.commerce.partner import Partner
from connectors.errors import MappingProblem
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.services import connect_commerce, receive
from connectors.session import MapContext
from ledger.adding_up import check
from ledger.calendar import DayRule
from ledger.commerce import Deleted, Dispute, Fee, Order, Payout, Record, Refund
from ledger.models import DocumentLine
from ledger.models import Partner as PartnerRow
from ledger.post_due import PostingResult, post_due
from ledger.services import create_company, save_book
from tests.commerce_sync.published_shape import complaints

LAST_DAY = date(2026, 3, 31)  # with a change of the clocks in London and Montréal
CONTRACT = Path(__file__).parents[3] / "shared" / "contract" / "commerce.openapi.json"
SCHEMAS = {
    **{"orders": "Order", "payments": "Payment", "transactions": "Transaction", "disputes": "Dispute"},
    **{"products": "Product", "productCategories": "ProductCategory", "locations": "Location"},
    **{"taxComponents": "TaxComponent", "paymentMethods": "PaymentMethod"},
}
each_merchant = pytest.mark.parametrize("merchant", MERCHANTS, ids=lambda merchant: merchant.key)


@cache
def pages(key: str) -> tuple[tuple[str, bytes], ...]:
    """Thirty days of a merchant."""
    merchant = next(merchant for merchant in MERCHANTS if merchant.key == key)
    return tuple(demo_pages(merchant, LAST_DAY))


@cache
def mapped(key: str) -> tuple[dict[tuple[str, str], Record], tuple[str, ...]]:
    """The latest version of every record, and the codes of the rows that could not become one."""
    merchant = next(merchant for merchant in MERCHANTS if merchant.key == key)
    platform, references, refused = Partner(), {}, []  # type: ignore[var-annotated]
    context = MapContext(merchant.currency, merchant.zone, references=references)
    records: dict[tuple[str, str], Record] = {}
    for dataset, body in pages(key):
        for row in msgspec.json.decode(body, type=list[msgspec.Raw]):
            named = platform.reference(dataset, row)
            if named is not None:
                references.setdefault(named.kind, {})[named.id] = {"name": named.name, **named.facts}
                continue
            try:
                for record in platform.map(dataset, row, context):
                    records["order" if type(record) in (Order, Deleted) else type(record).__name__, record.id] = record
            except MappingProblem as problem:
                refused.append(problem.code)
            except msgspec.ValidationError:
                refused.append("malformed")
    return records, tuple(refused)


@each_merchant
def test_the_same_arguments_give_the_same_bytes(merchant: Merchant) -> None:
    assert tuple(demo_pages(merchant, LAST_DAY)) == pages(merchant.key)


@each_merchant
def test_another_seed_gives_other_sales(merchant: Merchant) -> None:
    assert tuple(demo_pages(merchant, LAST_DAY, 2, seed=2)) != tuple(demo_pages(merchant, LAST_DAY, 2))


def test_rows_are_made_only_as_they_are_asked_for() -> None:
    batches = demo_batches(MERCHANTS[0], LAST_DAY, days=100_000)
    assert next(batches)[0] == "productCategories"


def test_no_day_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        next(demo_batches(MERCHANTS[0], LAST_DAY, days=0))


@each_merchant
def test_all_but_the_bad_rows_become_records_that_add_up(merchant: Merchant) -> None:
    records, refused = mapped(merchant.key)
    assert sorted(refused) == ["malformed", "unknown_currency"]
    problems = [
        (record.id, problem.code, problem.detail["difference"])
        for record in records.values()
        if not (isinstance(record, Refund) and record.lines is None) and (problem := check(record)) is not None
    ]
    assert problems == [(f"{merchant.key}-20260329-bad1", "lines_do_not_add_up", 1)]
    assert len(refused) + len(problems) == BAD_ROWS


@each_merchant
def test_every_case_of_a_shop_is_there(merchant: Merchant) -> None:
    records = list(mapped(merchant.key)[0].values())
    orders = [record for record in records if isinstance(record, Order)]
    lines = [line for order in orders for line in order.lines]
    assert {line.kind for line in lines} >= {"product", "gift_card", "shipping", "service_charge"}
    assert any(line.kind == "tip" for line in lines) == (merchant.tip_percent > 0)
    methods = {tender.method for order in orders for tender in order.tenders}
    assert methods >= {"card", "cash", "gift_card", "store_credit", "bank", "external"}
    assert any(order.due == order.stated > 0 for order in orders), "on account"
    assert any(0 < order.due < order.stated for order in orders), "part paid"
    assert any(order.stated == 0 and order.lines for order in orders), "on the house"
    assert any(order.state == "open" for order in orders), "a layby that waits"
    assert any(len(order.tenders) > 1 for order in orders), "split"
    assert any(line.net < 0 for line in lines if line.kind == "product"), "an exchange"
    assert any(not line.label.isascii() for line in lines)
    kinds = Counter(type(record).__name__ for record in records)
    assert kinds["Deleted"] > 0
    assert any(isinstance(record, Refund) and record.lines for record in records), "a return without a receipt"
    assert {record.outcome for record in records if isinstance(record, Dispute)} == {"won", "lost", "inquiry", "open"}
    assert min(record.amount for record in records if isinstance(record, Payout)) < 0
    assert any(record.amount < 0 for record in records if isinstance(record, Fee)), "a fee given back"
    stated = {order.id: order.stated for order in orders}
    refunds = [record for record in records if isinstance(record, Refund) and record.order_id]
    assert {refund.stated == stated[refund.order_id] for refund in refunds} == {True, False}


@each_merchant
def test_no_order_is_refunded_beyond_what_was_paid(merchant: Merchant) -> None:
    records = mapped(merchant.key)[0]
    back: Counter[str] = Counter()
    for record in records.values():
        if isinstance(record, Refund) and record.order_id:
            back[record.order_id] += record.stated
    for order_id, amount in back.items():
        order = records["order", order_id]
        assert isinstance(order, Order)
        assert 0 < amount <= order.stated


@each_merchant
def test_what_the_processor_keeps_is_one_days_takings(merchant: Merchant) -> None:
    held = 0
    last: Counter[str] = Counter()
    for record in mapped(merchant.key)[0].values():
        if isinstance(record, Order) and not record.id.endswith("-bad1"):
            amounts = [t.amount for t in record.tenders if t.provider]
            held += sum(amounts)
            last["sold"] += sum(amounts) if record.id.split("-")[1] == f"{LAST_DAY:%Y%m%d}" else 0
        elif isinstance(record, Refund) and record.order_id:
            held -= record.stated
        elif isinstance(record, Fee | Payout) or (isinstance(record, Dispute) and record.outcome in ("open", "lost")):
            held -= record.amount
    assert 0 < held < last["sold"] * 2
    assert held == _net_of_last_day(merchant)


def _net_of_last_day(merchant: Merchant) -> int:
    """What the rows after the last payout bring to the card account, by their own words."""
    signs = {"Payment": 1, "Refund": -1, "PaymentFee": -1, "PaymentFeeRefund": 1, "Payout": 0}
    last = [json.loads(body, parse_float=Decimal) for dataset, body in pages(merchant.key) if dataset == "transactions"]
    net = sum(signs[row["type"]] * Decimal(row["totalAmount"]) for row in last[-1])
    return int(net if merchant.currency == "JPY" else net * 100)


@each_merchant
def test_weekends_are_busier(merchant: Merchant) -> None:
    ids = {row["id"] for dataset, body in pages(merchant.key) if dataset == "orders" for row in json.loads(body)}
    a_day = Counter(row_id.split("-")[1] for row_id in ids if "-bad" not in row_id)
    assert len(a_day) == 30
    assert min(a_day.values()) >= 30
    assert max(a_day.values()) <= 140
    assert a_day["20260328"] > a_day["20260331"]  # a Saturday, a Tuesday


@each_merchant
def test_rows_have_the_published_shape(merchant: Merchant) -> None:
    if not CONTRACT.exists():
        pytest.skip(f"the published contract is not at {CONTRACT}")
    contract = json.loads(CONTRACT.read_text())
    wrong = [
        f"{dataset} {row['id']}{complaint}"
        for dataset, body in pages(merchant.key)
        for row in json.loads(body)
        if "-bad" not in row["id"]
        for complaint in complaints(row, contract["components"]["schemas"][SCHEMAS[dataset]], contract)
    ]
    assert wrong[:5] == []


def test_the_check_of_shapes_finds_what_is_wrong() -> None:
    if not CONTRACT.exists():
        pytest.skip(f"the published contract is not at {CONTRACT}")
    contract = json.loads(CONTRACT.read_text())
    order = contract["components"]["schemas"]["Order"]
    assert list(complaints({"totalAmount": "12"}, order, contract)) == [
        ": id is missing",
        ".totalAmount: '12' is no number",
    ]
    assert list(complaints({"id": "1", "payments": [{"id": "p", "type": "Shells"}]}, order, contract)) == [
        ".payments[0].type: 'Shells' is not among the words"
    ]
    assert list(complaints({"id": "1", "total": 1}, order, contract)) == [": total is not in the contract"]


@pytest.mark.django_db
@each_merchant
def test_the_demos_books_take_everything_but_the_bad_rows_and_a_second_run_changes_nothing(merchant: Merchant) -> None:
    shop = _shop(merchant)
    first = _push_and_post(shop, merchant)
    assert first[0]["refused"] == 2
    assert first[1].refused == 1
    assert first[1].held == 0
    before = _balances(shop)
    assert sum(before.values()) == 0
    second = _push_and_post(shop, merchant)
    assert second[0].keys() <= {"unchanged", "stale", "refused"}
    assert second[1].documents == 0
    assert _balances(shop) == before


def _shop(merchant: Merchant) -> Connection:
    partner = PartnerRow.objects.create(name="Till Systems")
    company = create_company(
        partner=partner, name=merchant.name, currency=merchant.currency, zone=merchant.zone, actor="test"
    )
    days = (DayRule(date(2026, 1, 1), merchant.zone, 0),)
    save_book(company=company, book=default_book(merchant.currency, days), author="test", reason="start")
    return connect_commerce(company=company, platform="partner", actor="test")


def _push_and_post(shop: Connection, merchant: Merchant) -> tuple[Counter[str], PostingResult]:
    statuses: Counter[str] = Counter()
    for dataset, body in pages(merchant.key):
        shop.refresh_from_db()  # what has been named changes what later pages are mapped with
        statuses.update(result.status for result in receive(connection=shop, dataset=dataset, body=body))
    return statuses, post_due(company_id=shop.company_id, through=LAST_DAY, act=uuid4())


def _balances(shop: Connection) -> dict[str, int]:
    lines = DocumentLine.objects.filter(document__company_id=shop.company_id)
    return {
        line["account"]: (line["debit"] or 0) - (line["credit"] or 0)
        for line in lines.values("account").annotate(debit=Sum("debit"), credit=Sum("credit"))
    }
