"""What the month of the fake does not say of Stripe: settings, words, amounts, and what changes after it was made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.auth import Secrets, sign
from connectors.authorization import setting_names
from connectors.commerce.stripe import Stripe
from connectors.errors import BadAnswer, MappingProblem, NotAuthorized, Refused
from connectors.session import MapContext, Session
from connectors.wire import Request, Response
from ledger.adding_up import check
from ledger.commerce import Deleted, Dispute, Fee, Order, Payout, Record, Refund
from tests.connectors.server import Answer, Seen
from tests.platforms.stripe.fake import FakeStripe

AT = 1_772_420_400
STRIPE = Stripe()
SELLS: dict[str, Any] = {"sales_from": "charges", "taxes_of_charges": "none"}
Json = dict[str, Any]


def read(stream: str, row: Json, **settings: Any) -> list[Record]:
    context = MapContext("USD", "America/New_York", settings)
    return STRIPE.map(stream, json.dumps(row).encode(), context)


def moved(amount: int = 1_000, category: str | None = "charge", **more: Any) -> Json:
    """A row of the ledger without a fee, of a charge of 10.00."""
    kind = {"charge": "charge", "fee": "stripe_fee", "tax": "tax_fee"}.get(category or "", "adjustment")
    charge = {"id": "ch", "object": "charge", "status": "succeeded", "currency": "usd", "amount_captured": amount}
    row = {"id": "txn", "amount": amount, "fee": 0, "net": amount, "currency": "usd", "created": AT, "type": kind}
    source = charge if category == "charge" else None
    return {**row, "reporting_category": category, "fee_details": [], "source": source, **more}


def dispute(status: str, *amounts: int, **more: Any) -> Json:
    moves = [moved(amount, "dispute", created=AT + number) for number, amount in enumerate(amounts)]
    row = {"id": "dp", "amount": 900, "currency": "usd", "created": AT, "status": status, "charge": "ch"}
    return {**row, "balance_transactions": moves, **more}


def payout(*entries: Json, **more: Any) -> Json:
    row = {"id": "po", "amount": sum(each["net"] for each in entries), "currency": "usd", "created": AT}
    return {**row, "arrival_date": 1_772_409_600, "status": "paid", "entries": list(entries), **more}


# -- what is a sale ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "metadata", "sales"),
    [
        ({}, {}, 0),
        ({"sales_from": "elsewhere"}, {}, 0),
        ({"sales_from": "charges"}, {"order_id": "7"}, 1),
        ({"sales_from": "charges_without_order"}, {"order_id": "7"}, 0),
        ({"sales_from": "charges_without_order"}, {"order_id": ""}, 1),
        ({"sales_from": "charges_without_order", "order_keys": "shop, cart"}, {"cart": "7"}, 0),
        ({"sales_from": "charges_without_order", "order_keys": "shop,cart"}, {"order_id": "7"}, 1),
    ],
)
def test_a_charge_is_a_sale_where_the_merchant_says_so(settings: Json, metadata: Json, sales: int) -> None:
    row = moved()
    row["source"]["metadata"] = metadata
    found = read("transactions", row, **settings)
    assert len([record for record in found if isinstance(record, Order)]) == sales
    refund = {"id": "re", "currency": "usd", "created": AT, "status": "succeeded"}
    refund |= {"charge": {"id": "ch", "metadata": metadata}, "balance_transaction": moved(-400, "refund")}
    assert len(read("refunds", refund, **settings)) == sales
    assert len(read("refunds", refund, **settings, refunds_from="stripe")) == 1


def test_a_sale_whose_tax_nobody_told_waits_for_a_person() -> None:
    [order] = read("transactions", moved(), sales_from="charges")
    problem = check(order)
    assert problem is not None
    assert problem.code == "taxes_unknown"
    [order] = read("transactions", moved(), **SELLS)
    assert check(order) is None


def test_a_charge_that_is_captured_in_parts_is_a_sale_for_each_of_them() -> None:
    rows = [moved(600, id="txn_1"), moved(400, id="txn_2")]
    for row in rows:
        row["source"]["balance_transaction"] = "txn_1"
    found = [record for row in rows for record in read("transactions", row, **SELLS)]
    assert [(each.id, each.stated) for each in found if isinstance(each, Order)] == [("ch", 600), ("ch:txn_2", 400)]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("sales_from", "orders"), ("taxes_of_charges", "some"), ("refunds_from", 7)],
)
def test_a_setting_that_nobody_knows_is_told(setting: str, value: Any) -> None:
    stream = "refunds" if setting == "refunds_from" else "transactions"
    refund = {"id": "re", "currency": "usd", "created": AT}
    with pytest.raises(MappingProblem) as problem:
        read(stream, refund if stream == "refunds" else moved(), **{**SELLS, setting: value})
    assert problem.value.code == "unknown_word"


# -- amounts and words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "said", "units"),
    [("jpy", 500, 500), ("kwd", 1_230, 1_230), ("isk", 50_000, 500), ("ugx", 100, 1), ("mga", 500, 50_000)],
)
def test_amounts_are_counted_as_stripe_counts_them(currency: str, said: int, units: int) -> None:
    [order] = read("transactions", moved(said, currency=currency), **SELLS)
    assert isinstance(order, Order)
    assert (order.stated, order.currency) == (units, currency.upper())


@pytest.mark.parametrize(
    ("stream", "row", "code", "path"),
    [
        ("transactions", moved(50_050, currency="isk"), "not_exact", "$.amount"),
        ("transactions", moved(currency="zzz"), "unknown_currency", "$.currency"),
        ("transactions", moved(fee=1), "malformed", "$.fee_details"),
        (
            "transactions",
            moved(fee=1, fee_details=[{"type": "gift", "amount": 1}]),
            "unknown_word",
            "$.fee_details[0].type",
        ),
        (
            "transactions",
            moved(payment_intent={"id": "pi", "amount_details": {"tip": {"amount": 1_001}}}),
            "malformed",
            "$.payment_intent.amount_details.tip.amount",
        ),
        ("transactions", moved(-5, "invented"), "unknown_word", "$.reporting_category"),
        ("transactions", moved(-5, None), "unknown_word", "$.reporting_category"),
        ("payouts", payout(moved(1, "invented")), "unknown_word", "$.entries[0].reporting_category"),
        ("payouts", payout(status="lost"), "unknown_word", "$.status"),
        ("disputes", dispute("odd"), "unknown_word", "$.status"),
        ("disputes", dispute("lost", -900, 400), "malformed", "$.balance_transactions"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(stream: str, row: Json, code: str, path: str) -> None:
    with pytest.raises(MappingProblem) as problem:
        read(stream, row, **SELLS)
    assert (problem.value.code, problem.value.path) == (code, path)


@pytest.mark.parametrize(
    ("row", "kind", "amount", "tax"),
    [
        (moved(-250, "fee"), "other", 250, 0),
        (moved(-250, "fee", type="stripe_fx_fee"), "conversion", 250, 0),
        (moved(-250, "network_cost"), "processing", 250, 0),
        (moved(-50, "tax"), "processing", 0, 50),
        (moved(30, "fee"), "other", -30, 0),
        (
            moved(-900, "dispute", fee=1_500, fee_details=[{"type": "stripe_fee", "amount": 1_500}]),
            "chargeback",
            1_500,
            0,
        ),
        (moved(0, "payout", fee=25, fee_details=[{"type": "stripe_fee", "amount": 25}]), "processing", 25, 0),
    ],
)
def test_fees_are_told_by_what_they_are_for(row: Json, kind: str, amount: int, tax: int) -> None:
    [fee] = read("transactions", row)
    assert isinstance(fee, Fee)
    assert (fee.kind, fee.amount, sum(part.amount for part in fee.taxes)) == (kind, amount, tax)


# -- disputes, refunds, payouts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "outcome", "closed"),
    [
        (dispute("warning_needs_response"), "inquiry", None),
        (dispute("needs_response"), "inquiry", None),  # nothing has been taken yet
        (dispute("needs_response", -950), "open", None),
        (dispute("won", -950), "open", None),  # the word comes before the money
        (dispute("won", -950, 950), "won", AT + 1),
        (dispute("lost", -950), "lost", None),
        (dispute("lost", -950, closed_at=AT + 9), "lost", AT + 9),
        (dispute("lost", -950, 950, -950, closed_at=AT + 9), "lost", AT + 9),
        (dispute("charge_refunded", -950, 950), "won", AT + 1),
        (dispute("prevented"), "inquiry", None),
    ],
)
def test_a_dispute_goes_by_the_money_that_moved(row: Json, outcome: str, closed: int | None) -> None:
    [record] = read("disputes", row)
    assert isinstance(record, Dispute)
    assert record.outcome == outcome
    assert record.amount == (950 if row["balance_transactions"] else 900)
    assert record.closed_at == (None if closed is None else datetime.fromtimestamp(closed, UTC))


def test_a_loss_whose_event_is_no_longer_kept_does_not_overtake_the_day_that_is_known() -> None:
    [known] = read("disputes", dispute("lost", -950, closed_at=AT + 9))
    [later] = read("disputes", dispute("lost", -950))
    assert known.updated_at > later.updated_at


def test_a_refund_in_another_currency_is_what_left_the_balance() -> None:
    row = {"id": "re", "currency": "eur", "created": AT, "status": "pending", "charge": "ch"}
    [refund] = read("refunds", {**row, "balance_transaction": moved(-110, "refund")}, **SELLS)
    assert isinstance(refund, Refund)
    assert (refund.currency, refund.stated, refund.order_id) == ("USD", 110, "ch")
    assert read("refunds", {**row, "balance_transaction": None}, **SELLS) == []


def test_a_payout_adds_up_also_when_it_was_charged_for_and_when_a_minimum_stays() -> None:
    fee = [{"type": "stripe_fee", "amount": 25}]
    itself = moved(-875, "payout", fee=25, fee_details=fee, source="po", net=0)
    rows = (moved(), moved(-100, "payout_minimum_balance_hold"), itself)
    [record] = read("payouts", payout(*rows, amount=875))
    assert check(record) is None
    assert isinstance(record, Payout)
    assert [item.amount for item in record.items or ()] == [1_000, -100, -25]
    assert record.arrives_on == datetime(2026, 3, 2, 17, tzinfo=UTC)  # noon of the second in New York


@pytest.mark.parametrize(
    ("category", "kind"), [("risk_reserved_funds", "reserve"), ("transfer", "adjustment"), ("advance", "advance")]
)
def test_what_moves_by_itself_is_told_once_by_payouts_or_by_the_ledger(category: str, kind: str) -> None:
    row = moved(-700, category, source="rsv_1")
    assert read("transactions", row) == []
    [listed] = read("payouts", payout(row))
    assert isinstance(listed, Payout)
    assert listed.items is not None
    assert [(item.kind, item.amount) for item in listed.items] == [(kind, -700)]
    [alone] = read("transactions", row, movements_from="ledger")
    assert isinstance(alone, Payout)
    assert check(alone) is None
    assert alone.items is not None
    assert [(item.kind, item.amount) for item in alone.items] == [(kind, -700), ("charge", 700)]
    [listed] = read("payouts", payout(row), movements_from="ledger")
    assert isinstance(listed, Payout)
    assert listed.items is not None
    assert [(item.kind, item.amount) for item in listed.items] == [("charge", -700)]


def test_names_that_a_restricted_key_may_not_read_are_none_and_money_is_an_error() -> None:
    class Forbidding:
        def send(self, request: Request) -> Response:
            raise Refused("The provided key does not have the required permissions", status=403)

    session = Session(0, 0, {}, Forbidding())
    assert list(STRIPE.fetch(session, "products")) == []
    assert list(STRIPE.fetch(session, "locations")) == []
    with pytest.raises(Refused):
        list(STRIPE.fetch(session, "payouts"))


def test_a_payout_by_hand_that_failed_is_gone_and_one_that_lists_its_rows_brought_nothing() -> None:
    back = moved(1_000, "payout_reversal", created=AT + 60)
    [gone] = read(
        "payouts", {**payout(amount=1_000, status="failed", failure_balance_transaction=back), "entries": None}
    )
    assert isinstance(gone, Deleted)
    [kept] = read("payouts", payout(moved(), status="failed", failure_balance_transaction=back))
    assert isinstance(kept, Payout)
    assert (kept.amount, check(kept)) == (0, None)
    assert kept.updated_at == gone.updated_at == datetime.fromtimestamp(AT + 60, UTC)


# -- the wire ---------------------------------------------------------------------------------------------------------


class Wire:
    """The fake in the process, with the clock of its own in the answers."""

    def __init__(self, fake: FakeStripe) -> None:
        self.fake = fake
        self.sent: list[Request] = []

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        query = {name: [value] for name, value in request.params}
        headers = {"authorization": "Bearer rk_test_stripe", "stripe-version": "any"}
        found = self.fake.answer(Seen(request.method, request.path, query, headers, b""))
        assert not isinstance(found, Answer), found
        date = format_datetime(self.fake.now, usegmt=True)
        return Response(200, {"date": date}, json.dumps(found).encode(), request.path)

    def pull(self, stream: str, since: datetime | None = None, **settings: Any) -> dict[str, Json]:
        """Rows by id; each comes once."""
        pages = STRIPE.fetch(Session(0, 0, settings, self), stream, since)
        rows = [json.loads(row) for page in pages for row in page.rows]
        assert len({row["id"] for row in rows}) == len(rows)
        return {row["id"]: row for row in rows}


def test_what_changed_after_it_was_made_is_found_by_its_events() -> None:
    fake = FakeStripe()
    wire = Wire(fake)
    fraud = fake.dispute(fake.pay(5_000))
    fake.refund(fake.pay(900), 900)
    slow = fake.refund(fake.pay(700), 700)
    sent = fake.pay_out(fake.now.date())
    assert [len(wire.pull(stream)) for stream in ("disputes", "refunds", "payouts")] == [1, 2, 1]
    assert "entries" not in wire.pull("payouts")[sent["id"]]  # not all of them are told yet
    seen = fake.now
    fake.later(days=10)
    assert [wire.pull(stream, seen + timedelta(days=1)) for stream in ("disputes", "refunds", "payouts")] == [{}] * 3
    fake.fail_refund(slow)
    fake.close(fraud, "lost")
    fake.arrive(sent)
    since = seen + timedelta(days=1)
    assert wire.pull("refunds", since)[slow["id"]]["failure_balance_transaction"]["amount"] == 700
    assert wire.pull("disputes", since)[fraud["id"]]["closed_at"] == int(fake.now.timestamp())
    entries = wire.pull("payouts", since)[sent["id"]]["entries"]
    assert sum(row["net"] for row in entries if row["type"] != "payout") == sent["amount"]


def test_after_a_pause_longer_than_events_are_kept_half_a_year_is_read_again() -> None:
    fake = FakeStripe()
    wire = Wire(fake)
    slow = fake.refund(fake.pay(700), 700)
    fake.later(days=2)
    seen = fake.now
    fake.fail_refund(slow)
    fake.later(days=40)
    assert wire.pull("refunds", seen)[slow["id"]]["status"] == "failed"
    fake.later(days=200)
    assert wire.pull("refunds", fake.now - timedelta(days=1)) == {}


def test_a_platform_s_key_says_for_which_account_it_asks_and_an_account_s_own_token_does_not() -> None:
    request, settings = Request("GET", "/v1/payouts"), {"stripe_account": "acct_1"}
    by_key = sign(STRIPE.auth, Secrets(api_key="sk_platform"), request, settings)
    assert by_key.headers == (("Stripe-Account", "acct_1"), ("Authorization", "Bearer sk_platform"))
    by_token = sign(STRIPE.auth, Secrets(access_token="rk_of_acct_1"), request, settings)
    assert by_token.headers == (("Authorization", "Bearer rk_of_acct_1"),)
    assert sign(STRIPE.auth, Secrets(api_key="rk_own"), request, {}).headers == (("Authorization", "Bearer rk_own"),)


def test_a_page_whose_last_row_has_no_id_is_an_error_and_no_end() -> None:
    class Headless:
        def send(self, request: Request) -> Response:
            return Response(200, {}, b'{"data": [{"id": "a"}, {}], "has_more": true}', request.path)

    with pytest.raises(BadAnswer):
        list(STRIPE.fetch(Session(0, 0, {}, Headless()), "transactions"))


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, b'{"error": {"code": "account_invalid"}}', NotAuthorized),
        (403, b'{"error": {"message": "The provided key does not have the required permissions"}}', None),
        (404, b'{"error": {"code": "resource_missing"}}', None),
    ],
)
def test_an_account_that_shut_us_out_is_told_from_one_that_forbids_a_list(
    status: int, body: bytes, expected: type[Exception] | None
) -> None:
    found = STRIPE.refusal(Response(status, {}, body, "/v1/payouts"))
    assert found is None if expected is None else isinstance(found, expected)


@pytest.mark.parametrize(
    ("value", "fits"), [("acct_1Ab", True), ("acct_", False), ("ch_1", False), ("acct_1\n", False)]
)
def test_a_connected_account_is_named_as_stripe_names_it(value: str, fits: bool) -> None:
    assert (STRIPE.setting_problem("stripe_account", value) == "") is fits


def test_the_host_is_stripe_s_own_unless_the_operator_says_otherwise() -> None:
    assert STRIPE.hosts.base({}) == "https://api.stripe.com"
    assert STRIPE.hosts.base({"base_url": "http://127.0.0.1:12111"}) == "http://127.0.0.1:12111"


def test_each_setting_of_a_mapping_can_be_sent_and_a_word_that_it_does_not_take_is_refused() -> None:
    names = set(setting_names(STRIPE))
    assert {"stripe_account", "sales_from", "order_keys", "lines_from", "movements_from"} <= names
    assert STRIPE.setting_problem("sales_from", "charges") == ""
    assert STRIPE.setting_problem("order_keys", "shop_order") == ""
    assert "charges_without_order" in STRIPE.setting_problem("sales_from", "all")
