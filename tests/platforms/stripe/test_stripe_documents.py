"""Sales with their lines and taxes, where a Checkout session or an invoice stands behind a charge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import stripe as vendor

from connectors.commerce.stripe import Stripe
from connectors.errors import MappingProblem
from connectors.session import MapContext
from ledger.adding_up import check
from ledger.book import Mode
from ledger.commerce import Order
from ledger.models import Company
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer, running
from tests.platforms.stripe.fake import FakeStripe, Json
from tests.platforms.stripe.test_stripe_account import KEY, an_account, blocking, sync

SETTINGS = {"sales_from": "charges", "lines_from": "documents"}
STRIPE = Stripe()


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


def told(server: PlatformServer, fake: FakeStripe, mode: Mode = "journal", **settings: str) -> Company:
    server.otherwise = fake.answer
    company = an_account(server.url, mode, **{**SETTINGS, **settings})
    sync(company)
    return company


def orders(fake: FakeStripe, **settings: Any) -> list[Order]:
    """The sales of the fake's charges, each with what the pull puts beside its row."""
    found = []
    for row in fake.all("balance_transactions"):
        charge = fake.rows["charges"][row["source"]]
        beside: Json = {}
        for kind, name in (("checkout", "checkout/sessions"), ("invoice", "invoices")):
            for one in fake.all(name):
                paid = {each["payment"]: each["invoice"] for each in fake.all("invoice_payments")}
                intent = charge["payment_intent"]
                if one.get("payment_intent") == intent or paid.get(intent) == one["id"]:
                    beside[kind] = {**one, "lines": fake.lines[one["id"]]}
        body = json.dumps({**row, "source": charge, **beside}).encode()
        references = {"tax_rate": {rate["id"]: {"name": rate["display_name"]} for rate in fake.all("tax_rates")}}
        context = MapContext("USD", "UTC", {**SETTINGS, **settings}, references)
        found += [record for record in STRIPE.map("transactions", body, context) if isinstance(record, Order)]
    return found


def shape(order: Order) -> list[tuple[str, int, int, list[tuple[str, int]]]]:
    assert check(order) is None
    return [
        (line.kind, line.net, line.discount, [(tax.name, tax.amount) for tax in line.taxes or ()])
        for line in order.lines
    ]


@pytest.mark.django_db
def test_lines_taxes_and_shipping_of_checkout_and_invoices_are_in_the_books_as_the_vendor_s_library_reads_them(
    server: PlatformServer,
) -> None:
    fake = FakeStripe(page=2)
    state, city = fake.add_tax_rate("State tax", 4), fake.add_tax_rate("City tax", 4.875)
    shipping = {"amount_subtotal": 500, "amount_tax": 20, "amount_total": 520, "taxes": [{"amount": 20, "rate": state}]}
    fake.check_out(
        {"name": "Lamp", "price": 1_000, "quantity": 2, "off": 200, "taxes": [(state, 72), (city, 88)]},
        {"name": "Book", "price": 1_333},
        {"name": "Bulb", "price": 450, "taxes": [(state, 18), (city, 22)]},
        shipping=shipping,
    )
    fake.bill({"name": "Repair", "price": 10_888, "taxes": [(state, 400), (city, 488)]}, inclusive=True)
    fake.bill({"name": "Chair", "price": 5_000, "off": 500, "taxes": [(state, 180)]}, {"name": "Desk", "price": 100})
    company = told(server, fake)
    assert blocking() == []
    client = vendor.StripeClient(KEY, base_addresses={"api": server.url})
    taxes = 20
    for session in client.v1.checkout.sessions.list().data:
        lines = client.v1.checkout.sessions.line_items.list(session.id)
        taxes += sum(line.amount_tax for line in lines.auto_paging_iter())
    for invoice in client.v1.invoices.list().data:
        for item in client.v1.invoices.line_items.list(invoice.id).auto_paging_iter():
            taxes += sum(tax.amount for tax in item.taxes or [])
    found = trial_balance(company)
    sold = sum(row["amount"] for row in fake.all("balance_transactions"))
    assert taxes == 20 + 160 + 40 + 888 + 180
    assert found["2200"] == -taxes
    assert found["4100"] == -500
    assert found["4000"] + found.get("4020", 0) == -(sold - taxes - 500)


def test_a_discount_lowers_a_line_and_an_inclusive_tax_is_taken_out_of_it() -> None:
    fake = FakeStripe()
    vat = fake.add_tax_rate("VAT", 20)
    fake.bill({"name": "Lamp", "price": 12_000, "off": 1_200, "taxes": [(vat, 1_800)]}, inclusive=True)
    fake.check_out({"name": "Lamp", "price": 10_000, "off": 1_000, "taxes": [(vat, 1_800)]})
    inclusive, exclusive = orders(fake)
    assert shape(inclusive) == [("product", 9_000, 1_200, [("VAT", 1_800)])]
    assert shape(exclusive) == [("product", 9_000, 1_000, [("VAT", 1_800)])]


def test_what_was_paid_in_another_currency_is_spread_over_the_lines() -> None:
    fake = FakeStripe()
    vat = fake.add_tax_rate("VAT", 20)
    charge = fake.check_out({"name": "Lamp", "price": 1_001, "taxes": [(vat, 200)]}, {"name": "Bulb", "price": 99})
    row = fake.rows["balance_transactions"][charge["balance_transaction"]]
    row |= {"amount": 1_430, "fee": 0, "fee_details": [], "currency": "usd", "exchange_rate": 1.1}
    charge["currency"] = fake.all("checkout/sessions")[0]["currency"] = "eur"
    [order] = orders(fake)
    assert shape(order) == [("product", 1_101, 0, [("VAT", 220)]), ("product", 109, 0, [])]
    assert order.presentment is not None


@pytest.mark.parametrize("total", [999, 1_001])
def test_a_document_that_does_not_come_to_the_charge_does_not_speak_for_it(total: int) -> None:
    fake = FakeStripe()
    vat = fake.add_tax_rate("VAT", 20)
    fake.bill({"name": "Lamp", "price": 1_000, "taxes": [(vat, 200)]}, paid=total)
    [order] = orders(fake)
    assert [(line.net, line.taxes) for line in order.lines] == [(total, None)]


def test_a_credit_among_the_lines_leaves_the_charge_as_it_is() -> None:
    fake = FakeStripe()
    fake.bill({"name": "New plan", "price": 1_000}, {"name": "Rest of the old plan", "price": -400})
    [order] = orders(fake)
    assert [(line.net, line.taxes) for line in order.lines] == [(600, None)]


def test_a_tax_of_which_only_the_sum_is_told_has_no_name() -> None:
    fake = FakeStripe()
    fake.check_out({"name": "Lamp", "price": 1_000, "taxes": [({"id": "txr_x"}, 80)]})
    for lines in fake.lines.values():
        del lines[0]["taxes"]
    [order] = orders(fake)
    assert shape(order) == [("product", 1_000, 0, [("Tax", 80)])]


@pytest.mark.django_db
def test_nothing_more_is_asked_where_charges_are_enough_or_are_no_sales(server: PlatformServer) -> None:
    fake = FakeStripe()
    fake.check_out({"name": "Lamp", "price": 1_000})
    told(server, fake, lines_from="charges")
    told(server, fake, "invoice", sales_from="elsewhere")
    assert not [seen for seen in fake.asked if "checkout" in seen.path or "invoice" in seen.path]
    with pytest.raises(MappingProblem):
        orders(fake, lines_from="receipts")
