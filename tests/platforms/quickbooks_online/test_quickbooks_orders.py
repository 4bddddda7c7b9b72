"""Purchase orders at QuickBooks: made once, found by their number, with what is known of each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.declare import Budget
from connectors.errors import RefusalReason, Refused, UnknownOutcome
from connectors.purchasing import DraftLine, DraftOrder
from tests.platforms.outgoing import Wire, judge_of, wired
from tests.platforms.quickbooks_online.fake import Fake, FakeQuickBooks, running

PLATFORM = QuickBooksOnline()


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with running() as company:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [company.place]
        yield company


@pytest.fixture
def wire(fake: Fake) -> Iterator[Wire]:
    company = fake.company
    cost, stock = company.account("5000")["Id"], company.account("1300")["Id"]
    both = {"ExpenseAccountRef": {"value": cost}, "AssetAccountRef": {"value": stock}}
    company.put("Item", "70", Name="Tea", Sku="TEA", Type="Inventory", **both)
    company.put("Item", "71", Name="Tasting", Sku="TASTE", Type="Service")
    company.put("Item", "72", Name="Cup", Sku="CUP", Type="Inventory", **both)
    company.put("Item", "73", Name="Cup, too", Sku="CUP", Type="Inventory", **both)
    fake.settings["purchase_account"] = cost
    with wired("quickbooks_online", fake) as found:
        yield found


TEA = DraftLine("Tea, loose", "TEA", Decimal("12.5"), 243, None)


def an_order(*lines: DraftLine, note: str = "Runs out on Friday") -> DraftOrder:
    return DraftOrder("CSO-20260305-1", "9", "GBP", date(2026, 3, 5), lines or (TEA,), note)


def orders(fake: Fake) -> dict[str, Any]:
    return fake.company.rows["PurchaseOrder"]


def test_an_order_is_there_once_and_books_nothing(fake: Fake, wire: Wire) -> None:
    made = PLATFORM.draft_order(wire.session, an_order())
    [(id, row)] = orders(fake).items()
    assert made.remote_id == f"PurchaseOrder/{id}"
    assert (row["DocNumber"], row["TxnDate"], row["POStatus"]) == ("CSO-20260305-1", "2026-03-05", "Open")
    assert row["VendorRef"] == {"value": "9"}
    assert row["PrivateNote"] == "CSO-20260305-1 Runs out on Friday"
    assert PLATFORM.find_order(wire.session, "CSO-20260305-1") == made
    assert PLATFORM.find_order(wire.session, "CSO-20260305-2") is None
    assert fake.documents() == []


def test_a_line_names_the_item_that_is_bought_under_its_sku_else_an_account(fake: Fake, wire: Wire) -> None:
    stock = wire.chart.accounts["1300"]
    unknown = (DraftLine("Tasting", "TASTE", Decimal(2), 500, None), DraftLine("Cup", "CUP", Decimal(6), None, stock))
    PLATFORM.draft_order(wire.session, an_order(TEA, *unknown, replace(TEA, unit_cost=None)))
    [row] = orders(fake).values()
    tea, tasting, cup, open_ = row["Line"]
    assert tea["ItemBasedExpenseLineDetail"] == {
        "ItemRef": {"value": "70"},
        "Qty": Decimal("12.5"),
        "UnitPrice": Decimal("2.43"),
    }
    assert (tea["Amount"], tea["Description"]) == (Decimal("30.38"), "Tea, loose")
    assert (tasting["Description"], tasting["Amount"]) == ("2 × Tasting (TASTE)", 10)
    assert tasting["AccountBasedExpenseLineDetail"] == {"AccountRef": {"value": wire.chart.accounts["5000"]}}
    assert (cup["Description"], cup["Amount"]) == ("6 × Cup (CUP), cost not known", 0)
    assert cup["AccountBasedExpenseLineDetail"] == {"AccountRef": {"value": stock}}
    assert (open_["Description"], open_["Amount"]) == ("Tea, loose, cost not known", 0)


def test_the_account_of_a_line_is_never_guessed(fake: Fake, wire: Wire) -> None:
    del fake.settings["purchase_account"]
    line = DraftLine("Cup", "", Decimal(6), 100, None)
    with pytest.raises(Refused, match="cost of goods sold") as refused:
        PLATFORM.draft_order(wire.session, an_order(line))
    assert (refused.value.reason, refused.value.whose_turn) == (RefusalReason.ACCOUNT_INACTIVE, "merchant")
    assert orders(fake) == {}


def test_an_order_whose_answer_is_lost_is_found_by_its_number(fake: Fake, wire: Wire) -> None:
    fake.fail("lose_answer_after_commit")
    with pytest.raises(UnknownOutcome):
        PLATFORM.draft_order(wire.session, an_order())
    [id] = orders(fake)
    found = PLATFORM.find_order(wire.session, "CSO-20260305-1")
    assert found is not None
    assert found.remote_id == f"PurchaseOrder/{id}"
    fake.company.put("PurchaseOrder", "999", DocNumber="CSO-20260305-1")
    with pytest.raises(Refused) as refused:
        PLATFORM.find_order(wire.session, "CSO-20260305-1")
    assert refused.value.reason is RefusalReason.DUPLICATE


def test_an_edition_without_purchase_orders_is_told_as_what_the_merchant_may_not_do(fake: Fake, wire: Wire) -> None:
    fake.company.orders = False
    with pytest.raises(Refused) as refused:
        PLATFORM.draft_order(wire.session, an_order())
    assert (refused.value.reason, refused.value.whose_turn) == (RefusalReason.PERMISSION, "merchant")


def test_a_supplier_that_is_gone_is_the_merchants_turn(fake: Fake, wire: Wire) -> None:
    with pytest.raises(Refused) as refused:
        PLATFORM.draft_order(wire.session, replace(an_order(), supplier="404"))
    assert refused.value.reason is RefusalReason.CONTACT_GONE


@pytest.mark.parametrize("country", ["GB", "US"])
def test_an_order_fits_the_schema(country: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    judge = judge_of("quickbooks_online")
    assert judge is not None
    with running(lambda: FakeQuickBooks(country=country)) as fake:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [fake.place]
        fake.company.put("Item", "70", Name="Tea", Sku="TEA", ExpenseAccountRef={"value": "1"})
        fake.settings["purchase_account"] = fake.company.account("5000")["Id"]
        with wired("quickbooks_online", fake) as wire:
            PLATFORM.draft_order(wire.session, an_order(TEA, DraftLine("Cup", "", Decimal(1), None, None)))
            [sent] = wire.recorder.writes
    assert ("GlobalTaxCalculation" in json.loads(sent.body or b"")) == (country == "GB")
    try:
        assert judge(sent) == []
    except LookupError as missing:
        pytest.skip(str(missing))
