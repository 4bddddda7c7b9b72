"""What the month of the fake does not say of Square: settings, words, rows that tell of nothing or of too little."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import auth
from connectors.auth import Client, Secrets
from connectors.commerce.square import Square
from connectors.errors import BadAnswer, MappingProblem, NotAuthorized
from connectors.revocation import revoke_request
from connectors.session import MapContext
from connectors.wire import Response
from ledger.adding_up import check
from ledger.commerce import Deleted, GiftCardChange, Order, Payout, Record, Refund
from tests.platforms.square.pricing import Json, money, priced

AT = "2026-03-02T14:00:00Z"
NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
SQUARE = Square()


def read(stream: str, row: Json, **settings: Any) -> list[Record]:
    context = MapContext("USD", "America/New_York", settings)
    return SQUARE.map(stream, json.dumps(row).encode(), context)


def an_order(asked: Json | None = None, **changes: Any) -> Json:
    """A completed sale of 10.00, paid by card."""
    made = priced(asked or {"line_items": [item(1_000)]}, "USD")
    tender = {"id": "P1", "type": "CARD", "amount_money": made["total_money"]}
    times = {"created_at": AT, "updated_at": AT, "closed_at": AT}
    return {"id": "O1", "location_id": "L", "state": "COMPLETED", "tenders": [tender], **times, **made, **changes}


def item(price: int, **more: Any) -> Json:
    return {"uid": "1", "name": "Tea", "quantity": "1", "base_price_money": money(price, "USD"), **more}


@pytest.mark.parametrize(("setting", "kind"), [({}, "service_charge"), ({"auto_gratuity": "tip"}, "tip")])
def test_an_automatic_gratuity_is_what_the_country_takes_it_for(setting: Json, kind: str) -> None:
    charge = {"name": "Gratuity", "type": "AUTO_GRATUITY", "amount_money": money(200, "USD")}
    [order] = read("orders", an_order({"line_items": [item(1_000)], "service_charges": [charge]}), **setting)
    assert isinstance(order, Order)
    assert [(line.kind, line.net) for line in order.lines] == [("product", 1_000), (kind, 200)]


@pytest.mark.parametrize(
    ("stream", "row", "path"),
    [
        ("orders", an_order(state="PARKED"), "$.state"),
        ("orders", an_order(tenders=[{"type": "BARTER", "amount_money": money(1, "USD")}]), "$.tenders[0].type"),
        ("orders", an_order({"line_items": [item(1), item(2, item_type="LAYER")]}), "$.line_items[1].item_type"),
        ("refunds", {"id": "R", "created_at": AT, "amount_money": money(1, "USD"), "status": "ODD"}, "$.status"),
        ("disputes", {"id": "D", "created_at": AT, "amount_money": money(1, "USD"), "state": "ODD"}, "$.state"),
        ("gift_cards", {"id": "G", "type": "ODD", "location_id": "L", "created_at": AT}, "$.type"),
    ],
)  # fmt: skip
def test_a_word_that_we_do_not_know_is_a_problem_with_its_place(stream: str, row: Json, path: str) -> None:
    with pytest.raises(MappingProblem) as caught:
        read(stream, row)
    assert (caught.value.code, caught.value.path) == ("unknown_word", path)


def test_a_setting_that_nobody_knows_is_a_problem_of_the_row_that_needs_it() -> None:
    with pytest.raises(MappingProblem, match="unknown_word"):
        read("orders", an_order(), auto_gratuity="perhaps")


def test_a_return_without_any_word_of_its_money_does_not_add_up() -> None:
    back = {"quantity": "1", "name": "Tea", "total_money": money(500, "USD"), "total_tax_money": money(0, "USD")}
    amounts = {"total_money": money(500, "USD")}
    returns = [{"source_order_id": "O0", "return_line_items": [back], "return_amounts": amounts}]
    [record] = read("orders", an_order({"line_items": []}, returns=returns, tenders=[], total_money=money(0, "USD")))
    assert isinstance(record, Refund)
    problem = check(record)
    assert problem is not None
    assert problem.code == "tenders_do_not_add_up"


def test_money_that_has_not_gone_back_is_no_refund_yet_and_a_refusal_is_none_any_more() -> None:
    row = {"id": "R", "created_at": AT, "amount_money": money(1, "USD")}
    assert read("refunds", {**row, "status": "PENDING"}) == []
    assert isinstance(read("refunds", {**row, "status": "FAILED"})[0], Deleted)
    [refund] = read("refunds", {**row, "status": "COMPLETED"})
    assert isinstance(refund, Refund)
    assert (refund.lines, refund.order_id) == (None, "")


def test_a_payout_that_failed_is_gone_and_a_simple_one_lists_nothing() -> None:
    row = {"id": "po", "location_id": "L", "created_at": AT, "amount_money": money(5, "USD")}
    assert isinstance(read("payouts", {**row, "status": "FAILED"})[0], Deleted)
    [payout] = read("payouts", {**row, "type": "SIMPLE", "arrival_date": "2026-03-04"})
    assert isinstance(payout, Payout)
    assert payout.items is None
    assert payout.arrives_on.date().isoformat() == "2026-03-04"


def test_fees_of_payouts_can_be_left_to_the_payments() -> None:
    entry = {"id": "e", "type": "FEE", "net_amount_money": money(-9, "USD"), "gross_amount_money": money(-9, "USD")}
    row = {
        "id": "po",
        "location_id": "L",
        "created_at": AT,
        "amount_money": money(-9, "USD"),
        "payout_entries": [entry],
    }
    assert len(read("payouts", row)) == 2
    [payout] = read("payouts", row, fees_of_payouts="payments")
    assert check(payout) is None


@pytest.mark.parametrize(
    ("kind", "details", "becomes"),
    [
        ("ACTIVATE", {"amount_money": money(5, "USD")}, ("issued_free", 5)),
        ("LOAD", {"amount_money": money(5, "USD"), "order_id": "O"}, None),
        ("REDEEM", {"amount_money": money(5, "USD")}, None),
        ("ADJUST_DECREMENT", {"amount_money": money(5, "USD"), "reason": "SUPPORT_ISSUE"}, ("adjusted", -5)),
        ("ADJUST_DECREMENT", {"amount_money": money(5, "USD"), "reason": "PURCHASE_WAS_REFUNDED"}, None),
        ("UNLINKED_ACTIVITY_REFUND", {"amount_money": money(5, "USD")}, ("issued_for_return", 5)),
    ],
)
def test_a_gift_card_tells_only_what_no_order_and_no_refund_tells(kind: str, details: Json, becomes: Any) -> None:
    row = {"id": "g", "type": kind, "location_id": "L", "created_at": AT, f"{kind.lower()}_activity_details": details}
    found = [(each.kind, each.amount) for each in read("gift_cards", row) if isinstance(each, GiftCardChange)]
    assert found == ([becomes] if becomes else [])
    assert kind != "ACTIVATE" or read("gift_cards", row, gift_cards_without_order="pass_over") == []


def test_a_card_that_was_cleared_by_an_unknown_amount_is_shown_to_a_person() -> None:
    with pytest.raises(MappingProblem, match="how much"):
        read("gift_cards", {"id": "g", "type": "CLEAR_BALANCE", "location_id": "L", "created_at": AT})


def test_a_tax_of_which_nobody_says_what_it_is_stays_unknown() -> None:
    two = [{"uid": uid, "name": uid, "percentage": "5", "type": "ADDITIVE"} for uid in ("a", "b")]
    row = an_order({"line_items": [item(1_000)], "taxes": two})
    del row["line_items"][0]["applied_taxes"]
    [order] = read("orders", row)
    assert isinstance(order, Order)
    assert (order.lines[0].taxes, order.lines[0].net) == (None, 1_000)
    [order] = read("orders", {**row, "taxes": row["taxes"][:1]})  # only one that it can be
    assert isinstance(order, Order)
    assert [tax.amount for tax in order.lines[0].taxes or ()] == [100]


def test_an_instant_of_no_calendar_is_a_problem_and_stops_no_books() -> None:
    tender = {"id": "P", "type": "CASH", "amount_money": money(1_000, "USD"), "created_at": "0001-01-01T00:00:00Z"}
    with pytest.raises(MappingProblem) as caught:
        read("orders", an_order(tenders=[tender]))
    assert (caught.value.code, caught.value.path) == ("bad_time", "$.tenders[0]")


def test_a_token_that_says_when_it_ends_is_believed_and_a_refusal_is_a_refusal() -> None:
    def tokens(body: str, status: int = 200) -> Secrets:
        return auth.read_tokens(Response(status, {}, body.encode(), "/"), Secrets(refresh_token="r"), NOW)

    for end in ('"2026-04-01T14:00:00Z"', str(int((NOW + timedelta(days=30)).timestamp()))):
        found = tokens(f'{{"access_token": "a", "expires_at": {end}}}')
        assert (found.expires_at, found.refresh_token) == (NOW + timedelta(days=30), "r")
    with pytest.raises(NotAuthorized):
        tokens('{"errors": [{"code": "UNAUTHORIZED"}]}', 401)
    with pytest.raises(BadAnswer):
        tokens('{"access_token": "a", "expires_at": "soon"}')


def test_access_is_given_back_as_the_platform_wants_it() -> None:
    client = Client(client_id="us", client_secret="s")
    request = revoke_request(Square.auth, client, Secrets(access_token="a"))
    assert request is not None
    assert dict(request.headers)["Authorization"] == "Client s"
    assert json.loads(request.body or b"") == {"client_id": "us", "access_token": "a"}
    form = auth.OAuth2(authorize="/a", token="/t", revoke="/r")
    request = revoke_request(form, client, Secrets(access_token="a", refresh_token="r"))
    assert request is not None
    assert request.body == b"token=r"
    assert revoke_request(auth.OAuth2(authorize="/a", token="/t"), client, Secrets()) is None


def test_any_server_can_be_put_in_the_place_of_a_platform_s_own() -> None:
    assert SQUARE.hosts.base({}) == "https://connect.squareup.com"
    assert SQUARE.hosts.base({"environment": "sandbox"}) == "https://connect.squareupsandbox.com"
    assert SQUARE.hosts.base({"base_url": "https://proxy.example/square/"}) == "https://proxy.example/square"
    assert SQUARE.hosts.origins({"base_url": "https://proxy.example/square/"}) == {"proxy.example:443"}
