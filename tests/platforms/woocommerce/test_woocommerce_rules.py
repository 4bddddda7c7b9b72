"""What is special about WooCommerce: its pages, its rounding, its statuses, and what settings change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.test import Client

from connectors.commerce.woocommerce import WooCommerce
from connectors.errors import BadAnswer, MappingProblem, NothingServed, Refused
from connectors.models import IncomingWebhook
from connectors.paging import Page
from connectors.services import connect_commerce
from connectors.session import MapContext, Session
from connectors.wire import Request, Response
from ledger.adding_up import check
from ledger.commerce import Deleted, Fee, Line, Order, Record, Refund, Tax
from tests.connectors.server import Answer, Seen
from tests.ledger.cast import a_merchant
from tests.platforms.woocommerce import story
from tests.platforms.woocommerce.fake import FakeWoo
from tests.platforms.woocommerce.pricing import Json
from tests.platforms.woocommerce.record import HEADERS
from tests.platforms.woocommerce.story import Straight

WOO = WooCommerce()
PAID = "2026-02-03T03:00:00"


class Wire:
    """The fake without sockets; `between` is called before each answer."""

    def __init__(self, fake: FakeWoo, between: Callable[[int], None] = lambda number: None) -> None:
        self.fake, self.between = fake, between
        self.sent: list[Request] = []

    def send(self, request: Request) -> Response:
        self.between(len(self.sent))
        self.sent.append(request)
        query = {name: [value] for name, value in request.params}
        found = self.fake.answer(Seen(request.method, request.path, query, HEADERS, request.body or b""))
        answer = found if isinstance(found, Answer) else Answer(200, found)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        response = Response(answer.status, headers, msgspec.json.encode(answer.value), request.path)
        if answer.status >= 400:
            raise WOO.refusal(response) or Refused(response.sample, status=answer.status)
        return response


def fetched(wire: Any, stream: str = "orders", since: datetime | None = None) -> list[Page]:
    return list(WOO.fetch(Session(0, 0, {}, wire), stream, since))


def ids(pages: list[Page]) -> list[int]:
    return [msgspec.json.decode(row)["id"] for page in pages for row in page.rows]


def a_busy_shop(orders: int, page: int) -> FakeWoo:
    fake = story.a_shop(page=page)
    for _ in range(orders):
        Straight(fake).order({**story.CARD, "line_items": story.lines(fake, coffee=1)})
    return fake


# -- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("says_pages", [True, False])
@pytest.mark.case("B01")
def test_no_order_is_missed_while_others_change_between_two_pages(says_pages: bool) -> None:
    fake = a_busy_shop(40, page=5)
    fake.says_pages = says_pages
    before = set(fake.orders)
    oldest = sorted(before)
    changed: set[int] = set()

    def between(number: int) -> None:
        if 0 < number < 12:
            fake.later(minutes=1)
            changed.add(oldest[number * 2])
            fake.change_order(oldest[number * 2], {})

    pages = fetched(Wire(fake, between))
    first = set(ids(pages))
    assert changed
    assert before - first <= changed  # who moved while we read is newer than all that was seen, and comes next time
    newest = max(instant for page in pages for row in page.rows if (instant := WOO.identify("orders", row)[1]))
    assert first | set(ids(fetched(Wire(fake), since=newest))) == before


@pytest.mark.parametrize("says_pages", [True, False])
@pytest.mark.case("B03")
def test_more_orders_of_one_second_than_a_page_holds_are_all_found_once(says_pages: bool) -> None:
    fake = a_busy_shop(23, page=5)
    fake.says_pages = says_pages
    for number, order in enumerate(fake.orders.values()):
        if 4 <= number < 21:
            order["date_modified_gmt"] = "2026-02-05T10:00:00"
            order["date_modified"] = "2026-02-05T05:00:00"
    found = ids(fetched(Wire(fake)))
    assert sorted(found) == sorted(fake.orders)


def test_a_listing_that_says_how_many_pages_it_has_costs_no_call_more() -> None:
    wire = Wire(a_busy_shop(100, page=100))
    assert len(ids(fetched(wire))) == 100
    assert len(wire.sent) == 2  # and the trash


def test_instants_are_sent_in_gmt_and_without_a_zone_that_the_shop_would_turn_into_its_own() -> None:
    fake = a_busy_shop(3, page=100)
    fake.zone = "Asia/Tokyo"
    since = datetime.fromisoformat(min(order["date_modified_gmt"] for order in fake.orders.values())).replace(
        tzinfo=UTC
    )
    wire = Wire(fake)
    assert len(ids(fetched(wire, since=since))) == 2
    assert dict(wire.sent[0].params)["modified_after"] == since.strftime("%Y-%m-%dT%H:%M:%S")
    assert dict(wire.sent[0].params)["dates_are_gmt"] == "true"


def test_a_shop_that_does_not_heed_where_a_page_is_to_end_is_found_out() -> None:
    fake = a_busy_shop(30, page=5)

    class Deaf(Wire):
        def send(self, request: Request) -> Response:
            params = tuple(pair for pair in request.params if pair[0] != "modified_before")
            return super().send(Request(request.method, request.path, params))

    with pytest.raises(BadAnswer):
        fetched(Deaf(fake))


def test_names_that_the_key_may_not_see_are_none_and_orders_are_an_error() -> None:
    class Forbidding:
        def send(self, request: Request) -> Response:
            raise Refused("Sorry, you cannot list resources.", status=403)

    assert fetched(Forbidding(), "taxes") == []
    with pytest.raises(Refused):
        fetched(Forbidding(), "orders")


def test_an_address_without_a_shop_says_so() -> None:
    body = msgspec.json.encode({"code": "rest_no_route", "message": "No route was found", "data": {"status": 404}})
    assert isinstance(WOO.refusal(Response(404, {}, body, "")), NothingServed)
    assert WOO.refusal(Response(404, {}, b"<html>", "")) is None


# -- rows ---------------------------------------------------------------------------------------------------------


def a_row(**fields: Any) -> Json:
    return {
        "id": 1, "number": "A-1", "status": "processing", "currency": "USD", "total": "0", "total_tax": "0",
        "date_created_gmt": "2026-02-01T22:00:00", "date_modified_gmt": PAID, "date_paid_gmt": PAID,
        "payment_method": "stripe", "line_items": [], **fields,
    }  # fmt: skip


def item(total: str, *taxes: str, **fields: Any) -> Json:
    parts = [{"id": 70 + number, "total": tax} for number, tax in enumerate(taxes, 1)]
    return {"name": "Thing", "total": total, "taxes": parts, "quantity": 1, **fields}


def records(row: Json, stream: str = "orders", **settings: Any) -> list[Record]:
    return WOO.map(stream, msgspec.json.encode(row), MapContext("USD", settings=settings))


def order_of(row: Json, **settings: Any) -> Order:
    [found] = [each for each in records(row, **settings) if isinstance(each, Order)]
    return found


def test_nets_and_taxes_of_many_decimals_meet_the_totals_without_a_rounding_line() -> None:
    thing = item("8.325000", "1.665")
    order = order_of(a_row(total="9.99", total_tax="1.67", line_items=[thing]))
    assert order.lines == (Line("product", "Thing", 832, (Tax("71", "Tax", 167),), 0, "1"),)
    three = [item("3.333333", "0.133333", "0.162500") for _ in range(3)]
    order = order_of(a_row(total="10.89", total_tax="0.89", line_items=three))
    assert check(order) is None
    assert [tax.key for line in order.lines for tax in line.taxes or ()] == ["71", "72"] * 3
    assert sum(tax.amount for line in order.lines for tax in line.taxes or () if tax.key == "71") == 40
    assert all(line.kind == "product" for line in order.lines)


def test_each_rate_comes_to_what_the_shop_says_that_it_does() -> None:
    thing = item("10.00", "1.335", "1.335")
    rates = [{"rate_id": 71, "label": "A", "tax_total": "1.33"}, {"rate_id": 72, "label": "B", "tax_total": "1.34"}]
    order = order_of(a_row(total="12.67", total_tax="2.67", line_items=[thing], tax_lines=rates))
    assert order.lines[0].taxes == (Tax("71", "A", 133), Tax("72", "B", 134))
    other = order_of(a_row(total="12.67", total_tax="2.67", line_items=[thing], tax_lines=rates[::-1]))
    assert other.lines == order.lines


def test_what_a_shop_itself_rounded_away_is_a_rounding_line_and_what_is_missing_is_told() -> None:
    rounded = order_of(a_row(total="9.99", total_tax="1.67", line_items=[item("8.33", "1.67")]))
    assert (rounded.lines[-1], check(rounded)) == (Line("rounding", "Rounding", -1), None)
    short = order_of(a_row(total="10.50", total_tax="1.67", line_items=[item("8.33", "1.67")]))
    problem = check(short)
    assert problem is not None
    assert (problem.code, problem.detail["difference"]) == ("lines_do_not_add_up", 50)


def test_a_tax_of_which_nobody_says_what_it_is_stays_unknown() -> None:
    row = a_row(total="11.00", total_tax="1.00", line_items=[item("10.00", total_tax="1.00")])
    problem = check(order_of(row))
    assert problem is not None
    assert problem.code == "taxes_unknown"
    one = {**row, "tax_lines": [{"rate_id": 5, "label": "VAT", "tax_total": "1.00", "rate_percent": 10.0}]}
    assert order_of(one).lines[0].taxes == (Tax("5", "VAT", 100, 100_000),)


@pytest.mark.parametrize(
    ("status", "kind"),
    [("processing", Order), ("completed", Order), ("refunded", Order), ("cancelled", Deleted), ("trash", Deleted)],
)
def test_a_status_says_whether_an_order_is_a_sale(status: str, kind: type) -> None:
    [found] = records(a_row(status=status, total="1.00", line_items=[item("1.00")]))
    assert type(found) is kind


def test_an_order_that_waits_is_nothing_until_somebody_has_paid_for_it() -> None:
    row = a_row(status="on-hold", total="1.00", line_items=[item("1.00")])
    assert records({**row, "date_paid_gmt": None}) == []
    paid = order_of(row)
    assert (paid.state, [tender.amount for tender in paid.tenders]) == ("open", [100])
    assert order_of(row, sales_statuses="on-hold, completed").state == "completed"


def test_a_status_of_a_plugin_is_told_until_a_setting_says_what_it_means() -> None:
    row = a_row(status="shipped", total="1.00", line_items=[item("1.00")])
    with pytest.raises(MappingProblem) as told:
        records(row)
    assert (told.value.code, told.value.path) == ("unknown_word", "$.status")
    assert order_of(row, sales_statuses="completed, shipped").state == "completed"


def test_an_unpaid_order_waits_or_is_a_sale_on_account_whose_day_does_not_move() -> None:
    row = a_row(total="1.00", payment_method="cod", line_items=[item("1.00")])
    waiting = order_of({**row, "date_paid_gmt": None})
    assert (waiting.state, waiting.tenders, waiting.due) == ("open", (), 0)
    owed = order_of({**row, "date_paid_gmt": None}, unpaid_orders="on_account")
    settled = order_of(row, unpaid_orders="on_account")
    assert (owed.state, owed.due, settled.due) == ("completed", 100, 0)
    assert owed.closed_at == settled.closed_at == datetime(2026, 2, 1, 22, tzinfo=UTC)


def test_a_gift_card_used_is_a_means_of_payment_however_the_shop_tells_it() -> None:
    fee = {"name": "Gift Card", "total": "-4.00", "total_tax": "0"}
    as_fee = order_of(a_row(total="6.00", line_items=[item("10.00")], fee_lines=[fee]))
    as_list = order_of(a_row(total="6.00", line_items=[item("10.00")], gift_cards=[{"id": 1, "amount": "4.00"}]))
    assert as_fee == as_list
    assert [(each.method, each.amount) for each in as_fee.tenders] == [("gift_card", 400), ("card", 600)]
    assert (as_fee.stated, check(as_fee)) == (1_000, None)


def test_a_fee_of_a_gateway_is_booked_in_the_currency_that_its_plugin_says() -> None:
    meta = [{"key": "_stripe_fee", "value": 0.33}, {"key": "_stripe_currency", "value": "EUR"}]
    [_, fee] = records(a_row(total="9.00", line_items=[item("9.00")], meta_data=meta))
    assert isinstance(fee, Fee)
    assert (fee.currency, fee.amount, fee.provider) == ("EUR", 33, "stripe")
    own = [{"key": "_our_fee", "value": "0.20"}]
    [_, fee] = records(a_row(total="9.00", line_items=[item("9.00")], meta_data=own), fee_meta="_our_fee")
    assert isinstance(fee, Fee)
    assert fee.amount == 20


def a_refund(amount: str, *items: Json, **fields: Any) -> Json:
    order = {"id": 1, "status": "processing", "currency": "USD", "date_modified_gmt": PAID, "date_paid_gmt": PAID,
             "payment_method": "stripe"}  # fmt: skip
    return {"id": 9, "order": order, "date_modified_gmt": PAID, "amount": amount, "date_created_gmt": PAID,
            "line_items": list(items), "shipping_lines": [], "fee_lines": [], "refunded_payment": True,
            **fields}  # fmt: skip


def refund_of(row: Json, **settings: Any) -> Refund:
    [found] = records(row, "refunds", **settings)
    assert isinstance(found, Refund)
    return found


def test_a_refund_by_hand_went_where_the_setting_says_and_one_by_the_gateway_where_the_money_came_from() -> None:
    ways = [
        refund_of(a_refund("1.00")),
        refund_of(a_refund("1.00", refunded_payment=False)),
        refund_of(a_refund("1.00", refunded_payment=False), manual_refunds="cash"),
        refund_of(a_refund("1.00", refunded_payment=False), manual_refunds="gateway"),
    ]
    assert [way.tenders[0].method for way in ways] == ["card", "external", "cash", "card"]


def test_a_refund_that_does_not_list_all_is_told_unless_the_shop_is_too_old_to_list_it() -> None:
    row = a_refund("14.90", item("-9.00", "-0.90"))
    problem = check(refund_of(row))
    assert problem is not None
    assert problem.code == "lines_do_not_add_up"
    assert refund_of({**row, "shipping_lines": None}).lines is None


def test_settings_that_cannot_be_are_refused_with_a_sentence() -> None:
    assert WOO.setting_problem("unpaid_orders", "sometimes") == "It is one of: wait, on_account."
    assert WOO.setting_problem("payment_methods", "mine=card:adyen, other=cash") == ""
    assert "gateway=method:provider" in WOO.setting_problem("payment_methods", "mine=plastic")
    row = a_row(total="1.00", payment_method="mine", line_items=[item("1.00")])
    [tender] = order_of(row, payment_methods="mine=card:adyen").tenders
    assert (tender.method, tender.provider) == ("card", "adyen")


# -- bells --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_first_unsigned_call_is_answered_and_does_nothing(settings: Any, tmp_path: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    company = a_merchant("Shop", "USD", "America/New_York").company
    link = connect_commerce(company=company, platform="woocommerce", actor="test")
    form = "application/x-www-form-urlencoded"
    address = f"/webhooks/woocommerce/{link.public_id}"
    answers = [
        Client().post(address, body, content_type=form).status_code
        for body in ("webhook_id=12", "webhook_id=12&more=1", "webhook_id=", '{"id": 12}')
    ]
    assert answers == [200, 401, 401, 401]
    assert not IncomingWebhook.objects.exists()
    assert Client().post(f"/webhooks/woocommerce/{uuid4()}", "webhook_id=12", content_type=form).status_code == 404
