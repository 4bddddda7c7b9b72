"""What the month of the fake does not say of Shopify: its gate, its settings, long walks, rows that say too little."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from connectors import auth
from connectors.auth import Client, Secrets
from connectors.commerce import _shopify_pages as shopify_pages
from connectors.commerce._shopify_gate import callback_problem
from connectors.commerce.shopify import Shopify
from connectors.errors import (
    BadAnswer,
    BadCallback,
    Failure,
    MappingProblem,
    MisconfiguredPlatform,
    PlatformDown,
    Refused,
)
from connectors.graphql import Relay, ask
from connectors.session import MapContext, Session
from connectors.wire import Request, Response
from ledger.adding_up import check
from ledger.commerce import Deleted, Order, Payout, Record, Refund
from tests.platforms.folders import SPECIFICATIONS

Json = dict[str, Any]
AT = "2026-03-02T14:00:00Z"
NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
SHOPIFY = Shopify()
VECTORS = SPECIFICATIONS / "commerce" / "webhook_signature_vectors.json"


def bag(cents: int) -> Json:
    return {"shopMoney": {"amount": f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}",
                          "currencyCode": "USD"}}  # fmt: skip


def sale(cents: int, tax: int = 0, **more: Any) -> Json:
    return {"actionType": "ORDER", "lineType": "PRODUCT", "quantity": 1, "totalAmount": bag(cents),
            "totalTaxAmount": bag(tax), "taxes": [], **more}  # fmt: skip


def agreement(*sales: Json, reason: str = "ORDER", **more: Any) -> Json:
    return {"id": "gid://shopify/SalesAgreement/1", "happenedAt": AT, "reason": reason,
            "sales": {"nodes": list(sales)}, **more}  # fmt: skip


def paid(cents: int, kind: str = "SALE", gateway: str = "cash", **more: Any) -> Json:
    number = more.pop("number", 5)
    return {"id": f"gid://shopify/OrderTransaction/{number}", "kind": kind, "status": "SUCCESS", "gateway": gateway,
            "amountSet": bag(cents), "processedAt": AT, **more}  # fmt: skip


def an_order(current: int = 1_000, outstanding: int = 0, **changes: Any) -> Json:
    """A sale of 10.00 in cash."""
    return {
        "id": "gid://shopify/Order/9", "legacyResourceId": "9", "name": "#9", "processedAt": AT, "updatedAt": AT,
        "currencyCode": "USD", "displayFinancialStatus": "PAID", "currentTotalPriceSet": bag(current),
        "totalOutstandingSet": bag(outstanding), "agreements": {"nodes": [agreement(sale(1_000))]},
        "transactions": [paid(1_000)], **changes,
    }  # fmt: skip


def read(stream: str, row: Json, **settings: Any) -> list[Record]:
    return SHOPIFY.map(stream, json.dumps(row).encode(), MapContext("USD", "America/New_York", settings))


def said(value: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(value).encode(), "")


def bucket(asked: float, left: float, restored: float = 100.0) -> Json:
    status = {"maximumAvailable": 2_000.0, "currentlyAvailable": left, "restoreRate": restored}
    return {"cost": {"requestedQueryCost": asked, "throttleStatus": status}}


# The gate


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        ({"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": bucket(500, 100)}, (4.0, True)),
        ({"errors": [{"extensions": {"code": "THROTTLED"}}]}, (2.0, True)),
        ({"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": bucket(10, 100)}, (0.5, True)),
        ({"data": {}, "extensions": bucket(90, 40)}, (0.5, False)),
        ({"data": {}, "extensions": bucket(90, 91)}, None),
        ({"data": {}, "extensions": bucket(90, 0, restored=0)}, None),
        ({"data": {}, "extensions": {"cost": {"throttleStatus": "full"}}}, None),
        ({"data": {"note": "errors"}}, None),
    ],
)
def test_the_bucket_of_points_says_how_long_to_stay_away(answer: Json, pause: tuple[float, bool] | None) -> None:
    found = SHOPIFY.breath(said(answer))
    assert found == ((None, False) if pause is None else (timedelta(seconds=pause[0]), pause[1]))


@pytest.mark.parametrize(
    ("code", "failure", "reason"),
    [
        ("ACCESS_DENIED", Refused, "permission"),
        ("SHOP_INACTIVE", Refused, "subscription_expired"),
        ("MAX_COST_EXCEEDED", Refused, "over_limit"),
        ("INTERNAL_SERVER_ERROR", PlatformDown, None),
        ("undefinedField", BadAnswer, None),
    ],
)
def test_an_error_in_a_successful_answer_is_a_failure_even_beside_data(
    code: str, failure: type[Failure], reason: str | None
) -> None:
    answer = {"data": {"orders": {"nodes": []}}, "errors": [{"message": "no", "extensions": {"code": code}}]}
    found = SHOPIFY.complaint(said(answer))
    assert type(found) is failure
    assert getattr(found, "reason", None) == reason
    assert SHOPIFY.complaint(said({"data": {}})) is None


def test_a_browser_that_comes_back_was_sent_by_shopify_lately_or_is_turned_away() -> None:
    if not VECTORS.exists():
        pytest.skip("the vectors are not at hand")
    vector = json.loads(VECTORS.read_text())["shopify_oauth_callback"]
    query = {**dict(parse_qsl(vector["query_without_hmac"])), "hmac": vector["hmac_hex"]}
    then = datetime.fromtimestamp(1_337_178_173, UTC)
    assert callback_problem(query, vector["secret"], then) == ""
    us = Client(client_id="app", client_secret=vector["secret"])
    assert SHOPIFY.came_back(query, us, then) == {"shop": query["shop"].removesuffix(".myshopify.com")}
    with pytest.raises(BadCallback):
        SHOPIFY.came_back({**query, "code": "another"}, us, then)
    assert "signed by" in callback_problem({**query, "code": "another"}, vector["secret"], then)
    assert "signed by" in callback_problem({**query, "hmac": "é"}, vector["secret"], then)
    assert "signed by" in callback_problem(query, "another", then)
    for seconds in (91, -91):
        assert "too long" in callback_problem(query, vector["secret"], then + timedelta(seconds=seconds))


@pytest.mark.parametrize("shop", ["some-shop.myshopify.com.evil.example", "evil.example", "-a.myshopify.com", ""])
def test_a_signed_callback_of_no_shop_is_turned_away(shop: str) -> None:
    from connectors.signatures import callback_signature

    query = {"shop": shop, "timestamp": str(int(NOW.timestamp())), "code": "c"}
    query["hmac"] = callback_signature(list(query.items()), "secret")
    assert "no shop" in callback_problem(query, "secret", NOW)
    assert "signed by" in callback_problem(query, "", NOW)


def test_tokens_that_end_are_asked_for_and_the_end_of_both_is_kept() -> None:
    client = Client(client_id="us", client_secret="s", redirect_uri="https://sync.example/callback")
    request = auth.code_request(SHOPIFY.auth, client, code="c")
    asked = msgspec.json.decode(request.body or b"")
    assert (request.path, asked["expiring"], asked["code"]) == ("/admin/oauth/access_token", "1", "c")
    answer = {"access_token": "a", "refresh_token": "r", "expires_in": 3_600, "refresh_token_expires_in": 7_776_000}
    secrets = auth.read_tokens(said(answer), Secrets(), NOW)
    assert secrets.expires_at == NOW + timedelta(hours=1)
    assert secrets.refresh_expires_at == NOW + timedelta(days=90)
    kept = auth.read_tokens(said({"access_token": "b", "expires_in": 3_600}), secrets, NOW + timedelta(days=1))
    assert (kept.refresh_token, kept.refresh_expires_at) == ("r", secrets.refresh_expires_at)
    rotated = auth.read_tokens(said({"access_token": "c", "refresh_token": "q"}), secrets, NOW)
    assert (rotated.refresh_token, rotated.refresh_expires_at) == ("q", None)
    assert "expiring" not in msgspec.json.decode(auth.refresh_request(SHOPIFY.auth, client, secrets).body or b"")
    assert ("X-Shopify-Access-Token", "a") in auth.sign(SHOPIFY.auth, secrets, Request("GET", "/")).headers


@pytest.mark.parametrize(("shop", "is_one"), [("some-shop", True), ("evil.example", False), ("Shop", False)])
def test_a_shop_is_the_first_part_of_its_own_address(shop: str, is_one: bool) -> None:
    assert (SHOPIFY.setting_problem("shop", shop) == "") is is_one
    assert SHOPIFY.hosts.base({"shop": "some-shop"}) == "https://some-shop.myshopify.com"


# The walk


class Shop:
    """Answers each question by `reply`, and takes it down."""

    def __init__(self, reply: Callable[[Json, int], Any]) -> None:
        self.reply = reply
        self.asked: list[Json] = []

    def send(self, request: Request) -> Response:
        body = json.loads(request.body or b"")
        self.asked.append(body["variables"])
        found = self.reply(body["variables"], len(self.asked))
        if isinstance(found, Failure):
            raise found
        return said(found)


def listed(rows: list[Json], cursor: str | None = None) -> Json:
    return {"data": {"orders": {"nodes": rows, "pageInfo": {"hasNextPage": bool(cursor), "endCursor": cursor}}}}


def walked(shop: Shop, since: datetime | None = None, **settings: Any) -> list[Json]:
    found = SHOPIFY.fetch(Session(0, 0, settings, shop), "orders", since)
    return [json.loads(row) for page in found for row in page.rows]


def test_a_question_that_costs_too_much_is_asked_again_for_less() -> None:
    costly = Refused("too much", reason=msgspec.convert("over_limit", type(Refused("").reason)))
    shop = Shop(lambda asked, _: listed([an_order()]) if asked["first"] <= 12 else costly)
    assert len(walked(shop, orders_per_page=100)) == 1
    assert [asked["first"] for asked in shop.asked] == [100, 50, 25, 12]
    with pytest.raises(Refused):
        walked(Shop(lambda *_: costly))


@pytest.mark.parametrize("size", [0, 251, "10", True])
def test_a_size_that_shopify_does_not_know_is_not_asked_for(size: Any) -> None:
    with pytest.raises(MisconfiguredPlatform):
        walked(Shop(lambda *_: listed([])), orders_per_page=size)


def test_a_long_walk_goes_on_from_where_it_came_before_shopify_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shopify_pages, "MOST_ROWS", 2)
    rows = [an_order(legacyResourceId=str(day), updatedAt=f"2026-03-0{day}T00:00:00Z") for day in range(1, 7)]

    def reply(asked: Json, number: int) -> Json:
        since = asked.get("query", "updated_at:>='2026'").removeprefix("updated_at:>='").rstrip("'")
        left = [row for row in rows if row["updatedAt"] >= since]
        return listed(left[:2], "c" if len(left) > 2 else None)

    shop = Shop(reply)
    assert {row["legacyResourceId"] for row in walked(shop)} == {str(day) for day in range(1, 7)}
    assert shop.asked[1]["query"] == "updated_at:>='2026-03-02T00:00:00Z'"
    for row in rows:
        row["updatedAt"] = "2026-03-01T00:00:00Z"
    with pytest.raises(BadAnswer):
        walked(Shop(reply), since=datetime(2026, 3, 1, tzinfo=UTC))


def test_an_order_that_goes_while_the_rest_of_it_is_fetched_is_refused_and_not_cut() -> None:
    more = {"hasNextPage": True, "endCursor": "x"}
    cut = an_order(agreements={"nodes": [agreement(sale(1_000))], "pageInfo": more})
    shop = Shop(lambda asked, _: listed([cut]) if "id" not in asked else {"data": {"order": None}})
    [row] = walked(shop)
    with pytest.raises(MappingProblem, match="not all agreements"):
        read("orders", row)
    half = agreement(sale(1_000))
    half["sales"]["pageInfo"] = more
    with pytest.raises(MappingProblem, match="not all sales"):
        read("orders", an_order(agreements={"nodes": [half]}))


@pytest.mark.parametrize("inner", [True, False])
def test_the_rest_of_an_order_that_comes_again_and_again_ends(inner: bool) -> None:
    more, done = {"hasNextPage": True, "endCursor": "x"}, {"hasNextPage": False, "endCursor": None}
    cut = an_order(agreements={"nodes": [agreement(sale(1_000))], "pageInfo": more})
    part = {**agreement(), "sales": {"nodes": [sale(1)], "pageInfo": more if inner else done}}
    rest = {"data": {"order": {"agreements": {"nodes": [part], "pageInfo": more}}}}
    with pytest.raises(BadAnswer, match="go on"):
        walked(Shop(lambda asked, _: listed([cut]) if "id" not in asked else rest))


def test_a_listing_that_goes_on_and_does_not_say_where_is_no_end() -> None:
    answer = said(listed([], None) | {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": True}}}})
    with pytest.raises(BadAnswer):
        Relay("data.orders").following(ask("/", "query"), answer, 0)
    assert Relay("data.orders").following(ask("/", "query"), said({"data": None}), 0) is None


def test_gift_cards_are_asked_for_only_where_a_setting_says_so() -> None:
    shop = Shop(lambda *_: {"data": {"giftCards": None}})
    assert list(SHOPIFY.fetch(Session(0, 0, {}, shop), "gift_cards")) == []
    assert shop.asked == []
    list(SHOPIFY.fetch(Session(0, 0, {"gift_cards_without_order": "issued_free"}, shop), "gift_cards"))
    assert len(shop.asked) == 1


# The rows


@pytest.mark.parametrize(
    ("stream", "row", "path"),
    [
        ("orders", an_order(displayFinancialStatus="ODD"), "$.displayFinancialStatus"),
        ("orders", an_order(transactions=[paid(1, "ODD")]), "$.transactions[0].kind"),
        ("orders", an_order(transactions=[paid(1, status="ODD")]), "$.transactions[0].status"),
        ("orders", an_order(agreements={"nodes": [agreement(sale(1), reason="ODD")]}), "$.agreements.nodes[0].reason"),
        (
            "orders",
            an_order(agreements={"nodes": [agreement(sale(1, lineType="UNKNOWN"))]}),
            "$.agreements.nodes[0].sales.nodes[0].lineType",
        ),
        (
            "disputes",
            {"legacyResourceId": "1", "status": "ODD", "type": "INQUIRY", "initiatedAt": AT,
             "amount": bag(1)["shopMoney"]},
            "$.status",
        ),
    ],
)  # fmt: skip
def test_a_word_that_nobody_knows_is_told_with_its_place(stream: str, row: Json, path: str) -> None:
    with pytest.raises(MappingProblem) as problem:
        read(stream, row)
    assert (problem.value.code, problem.value.path) == ("unknown_word", path)


@pytest.mark.case("E12")
def test_an_amount_in_another_currency_than_the_order_is_refused() -> None:
    euro = {"shopMoney": {"amount": "10.0", "currencyCode": "EUR"}}
    with pytest.raises(MappingProblem) as problem:
        read("orders", an_order(currentTotalPriceSet=euro))
    assert (problem.value.code, problem.value.path) == (
        "wrong_currency",
        "$.currentTotalPriceSet.shopMoney.currencyCode",
    )


@pytest.mark.parametrize(("setting", "cash"), [({}, 1_002), ({"cash_rounding": "inside"}, 1_000)])
def test_cash_is_rounded_beside_or_inside_the_amount_as_the_setting_says(setting: Json, cash: int) -> None:
    row = an_order(current=1_000 if not setting else 998, transactions=[paid(1_000, amountRoundingSet=bag(2))])
    row["agreements"]["nodes"][0]["sales"]["nodes"] = [sale(1_000 if not setting else 998)]
    [order] = read("orders", row, **setting)
    assert isinstance(order, Order)
    assert (order.tenders[0].amount, order.stated, check(order)) == (cash, cash, None)


def test_a_setting_that_nobody_knows_is_refused() -> None:
    with pytest.raises(MappingProblem):
        read("orders", an_order(transactions=[paid(1, amountRoundingSet=bag(1))]), cash_rounding="sideways")


@pytest.mark.parametrize("is_counted", [True, False])
def test_change_is_taken_off_the_cash_only_if_the_cash_was_told_with_it(is_counted: bool) -> None:
    """Shopify's word on whether a cash sale is what was handed over, or what was kept, is not known: totals tell."""
    handed = [paid(1_500 if is_counted else 1_000), paid(500, "CHANGE")]
    [order] = read("orders", an_order(transactions=handed))
    assert isinstance(order, Order)
    assert ([each.amount for each in order.tenders], check(order)) == ([1_000], None)


def test_tax_of_which_nobody_says_what_it_is_stays_unknown() -> None:
    row = an_order(agreements={"nodes": [agreement(sale(1_000, tax=80))]})
    [order] = read("orders", row)
    assert isinstance(order, Order)
    assert order.lines[0].taxes is None
    assert (problem := check(order)) is not None
    assert problem.code == "taxes_unknown"


def test_a_sale_that_is_missing_from_the_lines_does_not_add_up() -> None:
    [order] = read("orders", an_order(current=1_200, outstanding=200))
    assert (problem := check(order)) is not None
    assert problem.code == "lines_do_not_add_up"


def test_what_is_taken_off_an_unpaid_order_is_no_return() -> None:
    back = agreement(sale(-400, actionType="RETURN"), reason="REFUND", refund={"legacyResourceId": "3"})
    refund = {"legacyResourceId": "3", "processedAt": AT, "transactions": {"nodes": []}}
    row = an_order(
        current=600, outstanding=600, displayFinancialStatus="PENDING", transactions=[], refunds=[refund],
        agreements={"nodes": [agreement(sale(1_000)), back]},
    )  # fmt: skip
    [order] = read("orders", row)
    assert isinstance(order, Order)
    assert (order.state, order.stated, [line.net for line in order.lines]) == ("open", 600, [1_000, -400])
    assert check(order) is None


def test_goods_that_are_not_paid_back_yet_are_owed_to_the_customer() -> None:
    back = agreement(sale(-400, actionType="RETURN"), reason="REFUND", refund={"legacyResourceId": "3"})
    pending = paid(400, "REFUND", status="PENDING")
    refund = {"legacyResourceId": "3", "processedAt": AT, "transactions": {"nodes": [pending]}}
    row = an_order(
        current=600, outstanding=-400, refunds=[refund], agreements={"nodes": [agreement(sale(1_000)), back]}
    )
    order, given = read("orders", row)
    assert isinstance(order, Order)
    assert isinstance(given, Refund)
    assert (order.due, given.stated, given.due, given.tenders) == (0, 400, 400, ())
    assert check(order) is check(given) is None


@pytest.mark.case("B20")
def test_an_order_canceled_before_money_moved_is_gone_and_a_test_never_was() -> None:
    [gone] = read("orders", an_order(cancelledAt=AT, transactions=[paid(1_000, "AUTHORIZATION")]))
    assert isinstance(gone, Deleted)
    assert read("orders", an_order(test=True)) == []


@pytest.mark.parametrize(("status", "kind"), [("SCHEDULED", None), ("IN_TRANSIT", None), ("CANCELED", Deleted)])
def test_a_payout_that_has_not_come_is_none(status: str, kind: type[Record] | None) -> None:
    row = {"legacyResourceId": "1", "issuedAt": AT, "status": status, "net": bag(1)["shopMoney"]}
    assert [type(record) for record in read("payouts", row)] == ([kind] if kind else [])


@pytest.mark.parametrize(("setting", "kind"), [({}, "charge"), ({"tax_adjustments": "adjustment"}, "adjustment")])
def test_tax_that_the_channel_owes_is_told_by_the_orders_unless_a_setting_says_otherwise(
    setting: Json, kind: str
) -> None:
    amount, nothing = bag(-80)["shopMoney"], bag(0)["shopMoney"]
    entry = {"id": "gid://x/1", "type": "TAX_ADJUSTMENT_DEBIT", "amount": amount, "fee": nothing, "net": amount,
             "transactionDate": AT}  # fmt: skip
    row = {"legacyResourceId": "1", "issuedAt": AT, "status": "PAID", "transactionType": "WITHDRAWAL", "net": amount,
           "balanceTransactions": [entry]}  # fmt: skip
    [payout] = read("payouts", row, **setting)
    assert isinstance(payout, Payout)
    assert payout.items is not None
    assert [(item.kind, item.amount) for item in payout.items] == [(kind, -80)]
    assert (payout.amount, check(payout)) == (-80, None)
