"""Every question that we ask, and every page that stands for an answer, by the vendor's own schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLError, graphql_sync, parse, validate

from connectors.commerce import _shopify_balance as balance
from connectors.commerce import _shopify_lines as lines
from connectors.commerce import _shopify_orders as orders
from connectors.commerce import _shopify_queries as queries
from connectors.commerce.shopify import Shopify
from tests.platforms.folders import Folder
from tests.platforms.shopify.fake import SCHEMA, schema

pytestmark = pytest.mark.skipif(not SCHEMA.exists(), reason="the vendor's schema is not at hand")
QUERIES = {name: text for name, text in vars(queries).items() if name.isupper() and not name.startswith("_")}


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_is_one_that_the_schema_allows(name: str) -> None:
    assert validate(schema(), parse(QUERIES[name])) == []


def test_a_question_that_the_schema_does_not_allow_would_be_noticed() -> None:
    wrong = QUERIES["ORDERS"].replace("currentTotalPriceSet", "currentTotalPrise")
    assert [type(each) for each in validate(schema(), parse(wrong))] == [GraphQLError]


@pytest.mark.parametrize("stream", Shopify.streams)
def test_a_page_has_what_was_asked_for_in_the_types_of_the_schema(stream: str) -> None:
    for exchange in Folder("shopify").exchanges(stream):
        asked, said = exchange["request"]["body"], exchange["response"]
        assert asked["query"] in QUERIES.values()
        typed = json.loads(json.dumps(said["data"]), object_hook=_typed)
        found = graphql_sync(schema(), asked["query"], typed, variable_values=asked["variables"])
        assert (found.errors, found.data) == (None, said["data"])


def _typed(value: dict[str, Any]) -> dict[str, Any]:
    """The object with the name of its type, where the schema has several for its place."""
    if "lineType" in value:
        kind = {"PRODUCT": "ProductSale", "GIFT_CARD": "GiftCardSale", "ADDITIONAL_FEE": "AdditionalFeeSale"}
        return {**value, "__typename": kind.get(value["lineType"], "UnknownSale")}
    if "happenedAt" in value:
        return {**value, "__typename": "RefundAgreement" if "refund" in value else "OrderAgreement"}
    return {**value, "__typename": "BasicEvent"} if "subjectType" in value else value


@pytest.mark.parametrize(
    ("enum", "known"),
    [
        ("ShopifyPaymentsTransactionType", {**balance.OWN_FEES, **balance.MOVEMENTS}),
        ("ShopifyPaymentsPayoutStatus", balance._PAYOUTS),
        ("DisputeStatus", balance._DISPUTES),
        ("OrderTransactionKind", orders._KINDS),
        ("OrderTransactionStatus", lines._MOVED),
        ("OrderDisplayFinancialStatus", orders._PAID_BY_STATUS),
        ("OrderActionType", {**orders._REASONS, "UNKNOWN": None}),
        ("SaleActionType", {**lines._ACTIONS, "UNKNOWN": None}),
        ("SaleLineType", {**lines._KINDS, "UNKNOWN": None}),
    ],
)
def test_every_word_that_the_schema_has_is_known(enum: str, known: dict[str, Any]) -> None:
    found = schema().type_map[enum]
    assert isinstance(found, GraphQLEnumType)
    assert {word for word in found.values if balance._base(word) not in known} == set()
