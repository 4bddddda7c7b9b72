"""Purchase orders in draft at Xero: made once, found again by their number, named by what Xero knows."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.errors import RefusalReason, Refused, UnknownOutcome
from connectors.http import open_door
from connectors.options import kept_accounts
from connectors.purchasing import DraftLine, DraftOrder
from connectors.session import Session
from tests.platforms.folders import SPECIFICATIONS
from tests.platforms.judges import judge_of
from tests.platforms.targets import Linked
from tests.platforms.xero.fake import TENANT, Fake, guid, running

pytestmark = pytest.mark.django_db
SPECIFICATION = SPECIFICATIONS / "accounting" / "xero" / "xero_accounting.yaml"


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(Xero, "budget", Budget())
        yield state


@pytest.fixture
def session(fake: Fake) -> Iterator[Session]:
    shop = Linked("xero", fake)
    with open_door(shop.connection, shop.platform) as door:
        kept = kept_accounts(shop.connection.pk)
        yield Session(shop.connection.pk, shop.company.pk, shop.connection.settings, door, accounts=kept)


def an_order(*lines: DraftLine, note: str = "") -> DraftOrder:
    day = date(2026, 3, 5)
    return DraftOrder("CSO-20260305-1", "Tea & Co", "GBP", day, lines or (A_LINE,), note)


A_LINE = DraftLine("Tea, loose", "TEA", Decimal("12.5"), 240, guid("account/1300"))


def test_a_draft_is_there_once_under_our_number_with_what_is_known_of_it(fake: Fake, session: Session) -> None:
    unknown = DraftLine("Cups", "CUP-1", Decimal(6), None, None)
    made = Xero().draft_order(session, an_order(A_LINE, unknown, note="Runs out"))
    (row,) = fake.organisation.orders.values()
    assert made.remote_id == f"PurchaseOrders/{row['PurchaseOrderID']}"
    assert (row["Status"], row["PurchaseOrderNumber"], row["DeliveryInstructions"]) == (
        "DRAFT", "CSO-20260305-1", "Runs out",
    )  # fmt: skip
    tea, cups = row["LineItems"]
    assert (tea["ItemCode"], tea["Quantity"], tea["UnitAmount"]) == ("TEA", Decimal("12.5"), Decimal("2.40"))
    assert (cups["Description"], "ItemCode" in cups, "UnitAmount" in cups) == ("Cups (CUP-1)", False, False)
    assert fake.documents() == []
    assert Xero().find_order(session, "CSO-20260305-1") == made
    assert Xero().find_order(session, "CSO-20260305-2") is None


def test_a_lost_answer_is_unknown_and_the_draft_is_found(fake: Fake, session: Session) -> None:
    fake.fail("lose_answer_after_commit")
    with pytest.raises(UnknownOutcome):
        Xero().draft_order(session, an_order())
    assert Xero().find_order(session, "CSO-20260305-1") is not None
    again = Xero().draft_order(session, an_order())
    assert again == Xero().find_order(session, "CSO-20260305-1")
    assert len(fake.organisation.orders) == 1


def test_a_number_that_is_taken_is_a_duplicate(fake: Fake, session: Session) -> None:
    Xero().draft_order(session, an_order())
    with pytest.raises(Refused) as refused:
        Xero().draft_order(session, an_order(DraftLine("Other", "", Decimal(1), 1, None)))
    assert refused.value.reason is RefusalReason.DUPLICATE
    assert len(fake.organisation.orders) == 1


@pytest.mark.parametrize("code", ["1000", "1200"])
def test_an_account_that_no_order_may_name_is_refused_before_it_is_sent(
    fake: Fake, session: Session, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        Xero().draft_order(session, an_order(DraftLine("Tea", "", Decimal(1), 1, guid(f"account/{code}"))))
    assert (refused.value.reason, refused.value.status) == (RefusalReason.ACCOUNT_INACTIVE, None)
    assert fake.organisation.orders == {}


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the vendor's description is not at hand")
def test_the_vendors_description_judges_the_draft(fake: Fake, session: Session) -> None:
    made = Xero().draft_order(session, an_order(A_LINE, note="Runs out"))
    Xero().find_order(session, "CSO-20260305-1")
    judge = judge_of(SPECIFICATION)
    judged = [(seen, found) for seen, found in fake.organisation.asked if seen.path.startswith("/PurchaseOrders")]
    for seen, found in judged:
        # By number and by id are two paths of the description, which its reader cannot tell apart.
        path = seen.path if seen.method == "PUT" else f"/{made.remote_id}"
        asked: dict[str, Any] = {"method": seen.method, "path": path}
        if seen.body:
            asked["body"] = json.loads(seen.body)
        judge.judge({"request": asked, "response": found}, seen.headers)
    assert [seen.method for seen, _ in judged] == ["PUT", "GET"]


def test_the_vendors_own_library_reads_the_draft(fake: Fake, session: Session) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from xero_python.accounting import AccountingApi
        from xero_python.api_client import ApiClient
        from xero_python.api_client.configuration import Configuration
        from xero_python.api_client.oauth2 import OAuth2Token

    made = Xero().draft_order(session, an_order())
    token = {"access_token": fake.organisation.token, "expires_in": 1_800, "token_type": "Bearer", "scope": []}
    client = ApiClient(
        Configuration(oauth2_token=OAuth2Token(client_id="us", client_secret="x")),
        oauth2_token_getter=lambda: token,
        oauth2_token_saver=lambda _: None,
    )
    api = AccountingApi(client, base_url=fake.server.url)
    (order,) = api.get_purchase_order_by_number(TENANT, "CSO-20260305-1").purchase_orders
    assert f"PurchaseOrders/{order.purchase_order_id}" == made.remote_id
    assert (order.status, order.line_items[0].quantity, order.date) == ("DRAFT", Decimal("12.5"), date(2026, 3, 5))
