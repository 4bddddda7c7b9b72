"""Canonical records in the published shapes: exact, within the contract, and back again to the same record."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_sync.api.commerce.amounts import fraction, percentage, unit_price
from commerce_sync.api.commerce.movements import dispute_shape, transaction_shape
from commerce_sync.api.commerce.names import Names
from commerce_sync.api.commerce.orders import order_shape, payment_shape
from commerce_sync.api.shape import encode
from connectors.errors import MappingProblem
from connectors.session import MapContext
from ledger.commerce import Deleted, Dispute, Fee, Line, Order, Payout, Presentment, Record, Refund, Tax, Tender
from ledger.money import EXPONENTS, to_decimal, to_minor
from tests.api.contract import check_answer, is_here
from tests.connectors.test_partner import CONTEXTS, PARTNER, page

CAME = datetime(2026, 3, 20, 8, tzinfo=UTC)
AT = datetime(2026, 3, 14, 12, 31, tzinfo=UTC)
LATER = datetime(2026, 3, 14, 12, 31, 5, tzinfo=UTC)
CONTEXT = CONTEXTS["transactions"]
NAMES = Names(CONTEXT.references)
# What canonical form, or the published shape, has no place for: a variant's SKU is known by the variant's id alone, an
# open order's state is under our own name, and a line without any name is called by its id.
LOSES = {"o-plain": "sku", "o-extensions": "state", "7110701884": "label"}


def shown(record: Record) -> bytes:
    """The record as its address shows it."""
    match record:
        case Order():
            return encode(order_shape(record, CAME, NAMES))
        case Refund() if record.number:
            return encode(order_shape(record, CAME, NAMES))
        case Dispute():
            return encode(dispute_shape(record, CAME))
        case Refund() | Fee() | Payout():
            return encode(transaction_shape(record, CAME))
    raise AssertionError(record)


def judged(name: str, body: bytes) -> None:
    """Hold one row to the published contract."""
    check_answer("GET", f"/companies/c/connections/d/data/commerce-{name}/x", 200, body, "application/json")


def without_lost(record: Record) -> Record:
    """The record without what `LOSES` names."""
    if not isinstance(record, Order):
        return record
    lost = LOSES.get(record.id)
    if lost == "state":
        return msgspec.structs.replace(record, state="completed")
    lines = tuple(msgspec.structs.replace(line, **{lost: ""}) if lost else line for line in record.lines)
    return msgspec.structs.replace(record, lines=lines)


@pytest.mark.parametrize("dataset", ["orders", "transactions", "disputes"])
def test_what_a_partner_said_is_shown_within_the_contract_and_means_the_same_again(dataset: str) -> None:
    if not is_here():
        pytest.skip("the published contract is not beside this repository")
    seen = 0
    for row in page(dataset):
        records: list[Record] = []
        with suppress(msgspec.ValidationError, MappingProblem):  # what is refused has nothing to show
            records = PARTNER.map(dataset, json.dumps(row).encode(), CONTEXT)
        for record in records:
            if isinstance(record, Deleted):
                continue
            body = shown(record)
            judged(dataset, body)
            if not isinstance(record, Payout) or record.amount >= 0:
                again = PARTNER.map(dataset, body, CONTEXT)
                assert [without_lost(each) for each in again] == [without_lost(record)], row["id"]
            seen += 1
    assert seen >= 3


def test_the_amounts_of_an_order_are_its_own_to_the_unit() -> None:
    record = Order(
        "o1", "A1", "KWD", AT, LATER,
        (
            Line("product", "Tea", 1_001, (Tax("vat", "VAT", 50, 50_000),), 199, "3"),
            Line("shipping", "Courier", 500, ()),
            Line("service_charge", "Late night", 10, None),
            Line("tip", "Tip", 7),
        ),
        (Tender("t1", "card", 1_568, AT, "Card"),),
        1_568,
        channel="web", url="https://shop.example/o1", presentment=Presentment("JPY", 800, "0.00196"),
    )  # fmt: skip
    body = shown(record)
    judged("orders", body)
    found = json.loads(body, parse_float=Decimal)
    assert found["totalAmount"] == Decimal("1.561")
    assert found["totalGratuity"] == Decimal("0.007")
    assert found["totalDiscount"] == Decimal("0.199")
    assert "totalTaxAmount" not in found  # one line's taxes are not known
    (line,) = found["orderLineItems"]
    assert line["totalAmount"] == Decimal("1.051")
    assert line["totalTaxAmount"] == Decimal("0.050")
    assert line["unitPrice"] == Decimal("0.400")
    assert line["taxPercentage"] == 5
    assert line["taxes"] == [
        {"taxComponentRef": {"id": "vat", "name": "VAT"}, "rate": Decimal("0.05"), "taxAmount": Decimal("0.050")}
    ]
    assert [charge["type"] for charge in found["serviceCharges"]] == ["Shipping", "Generic"]
    assert "taxAmount" not in found["serviceCharges"][1]
    beyond = found["supplementalData"]["content"]["commerceSync"]
    assert beyond["presentment"] == {"currency": "JPY", "amount": 800, "rate": "0.00196"}
    assert b'"amount":800,' in body
    assert beyond["channel"] == "web"


def test_what_was_not_said_is_absent_and_never_invented() -> None:
    record = Order("o1", "", "GBP", AT, AT, (Line("product", "", 100, None),), (), 100, 100)
    found = json.loads(shown(record))
    assert set(found) == {
        "id", "currency", "closedDate", "totalAmount", "totalDiscount", "totalGratuity", "orderLineItems", "payments",
        "serviceCharges", "modifiedDate", "sourceModifiedDate", "supplementalData",
    }  # fmt: skip
    assert found["orderLineItems"] == [{"id": "1", "totalAmount": 1.0, "discountAllocations": []}]
    assert found["supplementalData"]["content"] == {"commerceSync": {"due": 1.0}}
    assert found["modifiedDate"] == "2026-03-20T08:00:00Z"
    assert found["sourceModifiedDate"] == "2026-03-14T12:31:00Z"


def test_an_open_order_tells_when_it_was_made_and_not_that_it_is_closed() -> None:
    record = Order("o1", "1", "GBP", AT, AT, (), (), 0, state="open")
    found = json.loads(shown(record))
    assert found["createdDate"] == "2026-03-14T12:31:00Z"
    assert "closedDate" not in found
    assert found["supplementalData"]["content"]["commerceSync"]["state"] == "open"


def test_a_return_is_an_order_with_negative_amounts() -> None:
    line = Line("product", "Mug", 500, (Tax("vat20", "VAT 20%", 100, 200_000),), 0, "1")
    record = Refund("r1", "", "GBP", AT, AT, (line,), (Tender("t1", "cash", 600, AT, "Cash"),), 600, number="R1")
    found = json.loads(shown(record))
    assert found["totalAmount"] == -6
    assert found["orderLineItems"][0]["quantity"] == -1
    assert found["orderLineItems"][0]["unitPrice"] == 5
    assert found["payments"][0]["amount"] == -6


def test_each_tender_is_a_payment_and_money_back_is_negative() -> None:
    card = Tender("t1", "card", 700, AT, "Card", "Acquirer")
    voucher = Tender("t2", "gift_card", 500, LATER, "Gift voucher")
    order = Order("o1", "1", "GBP", AT, AT, (), (card, voucher), 1_200)
    refund = Refund("r1", "o1", "GBP", LATER, LATER, None, (card,), 700)
    found = [json.loads(encode(payment_shape(order, tender, CAME, NAMES))) for tender in order.tenders]
    back = encode(payment_shape(refund, card, CAME, NAMES))
    judged("payments", back)
    assert [row["amount"] for row in found] == [7, 5]
    assert found[0]["paymentProvider"] == "Acquirer"
    assert found[1]["paymentMethodRef"] == {"id": "Gift voucher", "name": "Gift voucher"}
    assert found[1]["createdDate"] == "2026-03-14T12:31:05Z"
    assert found[0]["supplementalData"]["content"]["commerceSync"]["recordId"] == "o1"
    assert json.loads(back)["amount"] == -7


@pytest.mark.parametrize(
    ("record", "kind", "amount"),
    [
        (Fee("f1", "GBP", AT, AT, 50, settles="t1"), "PaymentFee", Decimal("0.50")),
        (Fee("f2", "GBP", AT, AT, -50), "PaymentFeeRefund", Decimal("0.50")),
        (Fee("f3", "GBP", AT, AT, 50, "platform", (Tax("vat", "VAT", 10),)), "PaymentFee", Decimal("0.60")),
        (Payout("p1", "JPY", AT, AT, 5_000, bank_reference="X1"), "Payout", Decimal(5_000)),
        (Payout("p2", "GBP", AT, AT, -5_000), "Payout", Decimal(-50)),
        (Refund("r1", "o1", "GBP", AT, AT, None, (Tender("r1", "card", 5, AT, "visa"),), 5), "Refund", Decimal("0.05")),
    ],
)
def test_a_movement_is_a_transaction_of_its_type(record: Record, kind: str, amount: Decimal) -> None:
    body = shown(record)
    judged("transactions", body)
    found = json.loads(body, parse_float=Decimal)
    assert (found["type"], found["totalAmount"]) == (kind, amount)


@pytest.mark.case("E05")
def test_percentages_fractions_and_prices_are_exact_or_absent() -> None:
    assert str(percentage(99_750)) == "9.975"
    assert str(percentage(200_000)) == "20"
    assert str(percentage(0)) == "0"
    assert str(fraction(99_750)) == "0.09975"
    assert str(unit_price(1_000, Decimal(4), "GBP")) == "2.50"
    assert str(unit_price(1_000, Decimal(8), "GBP")) == "1.25"
    assert str(unit_price(100, Decimal(8), "GBP")) == "0.125"
    assert str(unit_price(6_000, Decimal(2), "JPY")) == "3000"
    assert unit_price(100, Decimal(3), "GBP") is None
    assert unit_price(100, Decimal(0), "GBP") is None
    assert unit_price(10**14, Decimal("0.000000000001"), "GBP") is None


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.sampled_from(sorted(EXPONENTS)))
@pytest.mark.case("E13", "E02")
def test_an_amount_leaves_as_the_number_that_it_is(minor: int, currency: str) -> None:
    text = encode(to_decimal(minor, currency)).decode()
    assert to_minor(text, currency) == minor
    assert "e" not in text.lower() or minor == 0


COMPONENTS = st.lists(st.sampled_from(("vat20", "gst", "qst")), unique=True, max_size=2)
PRODUCTS = sorted(NAMES.products.items())


@st.composite
def said_lines(draw: st.DrawFn, currency: str) -> dict[str, Any]:
    """A line as a till says it: a number of things at a price, less a discount, with its taxes."""
    quantity, unit = draw(st.integers(1, 9)), draw(st.integers(0, 9_999))
    off = draw(st.one_of(st.just(0), st.integers(0, quantity * unit)))
    taxes = [(key, draw(st.integers(0, 999))) for key in draw(COMPONENTS)]
    net, tax = quantity * unit - off, sum(amount for _, amount in taxes)
    name, product = draw(st.sampled_from(PRODUCTS))

    def major(minor: int) -> Decimal:
        return to_decimal(minor, currency)

    return {
        "id": "x",
        "quantity": quantity,
        "unitPrice": major(unit),
        "totalAmount": major(net + tax),
        "totalTaxAmount": major(tax),
        "taxes": [
            {"taxComponentRef": {"id": key, "name": key.upper()}, "taxAmount": major(amount)} for key, amount in taxes
        ],
        "productRef": {"id": product, "name": name},
        "discountAllocations": [{"name": "Offer", "totalAmount": major(off)}] if off else [],
    }


@st.composite
def said_orders(draw: st.DrawFn) -> dict[str, Any]:
    """An order in the published shape that adds up, paid in any way, in part, or not at all; or a return."""
    currency = draw(st.sampled_from(("GBP", "JPY", "KWD")))
    lines = draw(st.lists(said_lines(currency), min_size=1, max_size=4))
    charge, tip = draw(st.integers(0, 500)), draw(st.integers(0, 500))
    tax = sum((line["totalTaxAmount"] for line in lines), Decimal(0))
    total = sum((line["totalAmount"] for line in lines), to_decimal(charge, currency))
    payments = [
        {
            "id": f"p{number}",
            "amount": to_decimal(draw(st.integers(1, 5_000)), currency),
            "currency": currency,
            "type": draw(st.sampled_from(("Card", "Cash", "Klarna", "Prepaid", "Swish", "OnlineCard", "Unknown"))),
            "status": "Paid",
            "createdDate": "2026-03-14T12:00:00Z",
            "paymentProvider": draw(st.sampled_from(("", "stripe"))),
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    return {
        "id": draw(st.text(min_size=1, max_size=12).filter(lambda text: "\0" not in text)),
        "orderNumber": "A1",
        "currency": currency,
        "createdDate": "2026-03-14T12:00:00Z",
        "closedDate": "2026-03-14T12:31:00Z",
        "sourceModifiedDate": "2026-03-15T00:00:00Z",
        "totalAmount": total,
        "totalTaxAmount": tax,
        "totalGratuity": to_decimal(tip, currency),
        "orderLineItems": lines,
        "serviceCharges": [
            {"description": "Courier", "totalAmount": to_decimal(charge, currency), "type": "Shipping", "taxAmount": 0}
        ] if charge else [],
        "payments": payments,
        "locationRef": {"id": "loc-1"},
        "customerRef": {"id": "somebody"},
    }  # fmt: skip


@given(said_orders())
def test_an_order_that_was_said_is_shown_as_it_was_said_and_means_the_same_again(row: dict[str, Any]) -> None:
    using = MapContext(row["currency"], "Europe/London", CONTEXT.settings, CONTEXT.references)
    (record,) = PARTNER.map("orders", encode(row), using)
    body = encode(order_shape(record, CAME, NAMES))  # type: ignore[arg-type]
    assert PARTNER.map("orders", body, using) == [record]
    found = json.loads(body, parse_float=Decimal)
    for name in ("id", "orderNumber", "currency", "closedDate", "sourceModifiedDate", "totalAmount", "totalTaxAmount",
                 "totalGratuity"):  # fmt: skip
        assert found[name] == row[name], name
    for shown_line, line in zip(found["orderLineItems"], row["orderLineItems"], strict=True):
        for name in ("quantity", "unitPrice", "totalAmount", "totalTaxAmount", "productRef"):
            assert shown_line[name] == line[name], name
    assert [each["amount"] for each in found["payments"]] == [each["amount"] for each in row["payments"]]
