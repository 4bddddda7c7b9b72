"""Purchase orders drafted in Odoo: one of them, whatever is lost, and a person is told what it lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import odoorpc
import pytest

from connectors.errors import RefusalReason, Refused, Turn, UnknownOutcome
from connectors.purchasing import DraftLine, DraftOrder
from tests.platforms.odoo.cast import a_shop, asked
from tests.platforms.odoo.fake import DATABASE, KEY, LOGIN, Fake
from tests.platforms.odoo.orm import CUSTOMER, EUR, SUPPLIER

pytestmark = pytest.mark.django_db

LINES = (
    DraftLine("Tea, 1 kg", "TEA", Decimal("12.5"), 310, None),
    DraftLine("Pot", "POT", Decimal(3), None, None),
)
ORDER = DraftOrder("PO261120-1", str(SUPPLIER), "GBP", date(2026, 11, 20), LINES, "Runs out")


def orders(fake: Fake) -> list[dict[str, Any]]:
    return list(fake.orm.rows["purchase.order"].values())


def test_an_order_is_left_as_a_draft_with_its_products_quantities_and_costs(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    made = asked(company, "draft_order", ORDER)
    [order] = orders(fake)
    shown = (order["state"], order["partner_id"], order["origin"], order["date_order"], order["notes"])
    assert shown == ("draft", SUPPLIER, "PO261120-1", "2026-11-20 12:00:00", "Runs out")
    lines = fake.orm.rows["purchase.order.line"].values()
    assert [(line["product_id"], line["product_qty"], line["price_unit"]) for line in lines] == [
        (61, 12.5, 3.1), (62, 3, 4.5)
    ]  # fmt: skip
    assert asked(company, "find_order", ORDER.reference).remote_id == made.remote_id == str(order["id"])
    assert asked(company, "find_order", "PO261120-2") is None


@pytest.mark.parametrize("kind", ["lose_answer_after_commit", "lose_before", "5xx"])
@pytest.mark.parametrize("method", ["load", "write"])
def test_whichever_answer_is_lost_there_is_one_order(fake: Fake, kind: str, method: str) -> None:
    company = a_shop(fake, days=0)
    fake.fail(kind, on=method)
    with pytest.raises(UnknownOutcome):
        asked(company, "draft_order", ORDER)
    found = asked(company, "find_order", ORDER.reference)
    assert (found is not None) == (kind == "lose_answer_after_commit" and method == "write")
    made = asked(company, "draft_order", ORDER)
    assert [str(order["id"]) for order in orders(fake)] == [made.remote_id]
    assert len(fake.orm.rows["purchase.order.line"]) == 2


def test_what_a_person_made_of_the_draft_stays(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    made = asked(company, "draft_order", ORDER)
    [order] = orders(fake)
    order["state"] = "cancel"
    fake.orm.rows["purchase.order.line"][order["order_line"][0]]["product_qty"] = 99
    assert asked(company, "draft_order", ORDER).remote_id == made.remote_id
    assert (order["state"], fake.orm.rows["purchase.order.line"][order["order_line"][0]]["product_qty"]) == (
        "cancel",
        99,
    )


def test_an_order_may_be_in_another_currency(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    asked(company, "draft_order", replace(ORDER, currency="EUR"))
    assert [order["currency_id"] for order in orders(fake)] == [EUR]
    with pytest.raises(Refused, match="JPY"):
        asked(company, "draft_order", replace(ORDER, reference="PO-2", currency="JPY"))


UNKNOWN = (replace(LINES[0], sku="CAKE"), replace(LINES[0], sku="", description="Cake"))


def test_what_odoo_has_no_product_of_is_a_note_in_the_draft(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    made = asked(company, "draft_order", replace(ORDER, lines=(*LINES, *UNKNOWN)))
    lines = list(fake.orm.rows["purchase.order.line"].values())
    assert [(line["product_id"], line["name"]) for line in lines[2:]] == [
        (False, "12.5 × Tea, 1 kg (CAKE)"), (False, "12.5 × Cake")
    ]  # fmt: skip
    assert asked(company, "find_order", ORDER.reference).remote_id == made.remote_id


@pytest.mark.parametrize(("line", "named"), [(UNKNOWN[0], "CAKE"), (UNKNOWN[1], "Cake")])
def test_an_order_of_nothing_that_odoo_has_is_the_merchants_turn(fake: Fake, line: DraftLine, named: str) -> None:
    company = a_shop(fake, days=0)
    with pytest.raises(Refused, match=named) as refused:
        asked(company, "draft_order", replace(ORDER, lines=(line,)))
    assert refused.value.whose_turn is Turn.MERCHANT
    assert orders(fake) == []


def test_without_the_app_the_merchant_is_told_to_install_it(fake: Fake) -> None:
    fake.orders.uninstall()
    company = a_shop(fake, days=0)
    for verb, given in (("draft_order", ORDER), ("find_order", ORDER.reference)):
        with pytest.raises(Refused) as refused:
            asked(company, verb, given)
        failure = refused.value
        assert (failure.reason, failure.whose_turn) == (RefusalReason.PERMISSION, Turn.MERCHANT)
        assert "app Purchase" in failure.remedy


def test_a_supplier_that_is_gone_and_a_second_order_with_the_reference_are_told(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    with pytest.raises(Refused) as refused:
        asked(company, "draft_order", replace(ORDER, supplier="999"))
    assert refused.value.reason is RefusalReason.CONTACT_GONE
    asked(company, "draft_order", ORDER)
    fake.orm.new("purchase.order", origin=ORDER.reference, partner_id=CUSTOMER)
    with pytest.raises(Refused) as twice:
        asked(company, "find_order", ORDER.reference)
    assert twice.value.reason is RefusalReason.DUPLICATE


def test_19_names_the_unit_differently(fake: Fake) -> None:
    fields = fake.orm.fields
    fields["purchase.order.line"] = {**fields["purchase.order.line"], "product_uom_id": False}
    fields["product.product"] = {name: each for name, each in fields["product.product"].items() if name != "uom_po_id"}
    fields["purchase.order"] = {**fields["purchase.order"], "note": False}
    company = a_shop(fake, days=0)
    with pytest.raises(Refused, match="accountable"):  # the fake's own rule is that of 16 to 18
        asked(company, "draft_order", ORDER)
    assert b'"product_uom_id":81' in fake.server.log[-1].body
    assert b'"product_uom"' not in fake.server.log[-1].body


@pytest.mark.parametrize("fake", ["jsonrpc"], indirect=True)
def test_odoorpc_reads_the_order_that_we_drafted(fake: Fake) -> None:
    company = a_shop(fake, days=0)
    made = asked(company, "draft_order", ORDER)
    client = odoorpc.ODOO("127.0.0.1", port=fake.server.port)
    client.login(DATABASE, LOGIN, KEY)
    order = client.env["purchase.order"].browse(int(made.remote_id))
    assert (order.origin, order.state, order.partner_id.name) == (ORDER.reference, "draft", "Payment processors")
    told = [(line.product_id.default_code, line.product_qty, line.price_unit) for line in order.order_line]
    assert told == [("TEA", 12.5, 3.1), ("POT", 3.0, 4.5)]
