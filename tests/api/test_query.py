"""The published query language, and lists of Django rows by it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from django.db.models import QuerySet
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.request import Request

from commerce_sync.api.errors import ApiError
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.query import DEEPEST, LONGEST, MOST_CLAUSES, MOST_ORDERS, parse, parse_order
from commerce_sync.api.query_tree import BadQuery, Clause, Node, Order
from commerce_sync.api.query_values import Kind, check, value_of
from connectors.services import connect_accounting, connect_commerce
from ledger.models import Company, Partner
from ledger.services import create_company

FIELDS = {
    "id": Field("public_id", "uuid"),
    "name": Field("name"),
    "created": Field("created_at", "instant"),
    "description": Field("description"),
    "dataConnections.status": Field("connections__status", many=True),
}


def shown(node: Node) -> str:
    """The tree with all its brackets."""
    if isinstance(node, Clause):
        return f"{node.path}{node.operator}{node.value}"
    return "(" + (" & " if node.every else " | ").join(map(shown, node.parts)) + ")"


def clause(text: str) -> Clause:
    node = parse(text)
    assert isinstance(node, Clause)
    return node


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("id=e3334455-1aed-4e71-ab43-6bccf12092ee", "id=e3334455-1aed-4e71-ab43-6bccf12092ee"),
        ("amountDue > 0 && totalAmount < 1000", "(amountDue>0 & totalAmount<1000)"),
        ("{total > 100 || total < 50} && status != paid", "((total>100 | total<50) & status!=paid)"),
        ("a=1||b=2&&c=3", "(a=1 | (b=2 & c=3))"),
        ("(a=1||b=2)&&c=3", "((a=1 | b=2) & c=3)"),
        ("customerRef.id=61", "customerRef.id=61"),
        ("name=Marks & Spencer | Co && a=1", "(name=Marks & Spencer | Co & a=1)"),
        ("(name=Till (old))", "name=Till (old)"),
        ("name='a && b' && c=1", "(name=a && b & c=1)"),
        (r'name="say \"hi\" \\ \n"', r'name=say "hi" \ \n'),
        ("name~'' ", "name~"),
        ("note=null", "note=None"),
        ("note='null'", "note=null"),
        ("a>=1&&b<=2&&c!=3&&d~x", "(a>=1 & b<=2 & c!=3 & d~x)"),
        ("  a  =  b c  ", "a=b c"),
        ("a=b=c", "a=b=c"),
    ],
)  # fmt: skip
def test_a_query_is_read_as_published(text: str, tree: str) -> None:
    assert shown(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "a property name"),
        ("&&", 0, "a property name"),
        ("a", 1, "one of = != > >= < <= ~"),
        ("a b", 2, "one of = != > >= < <= ~"),
        ("a=", 2, "a value"),
        ("a==1", 2, "a value"),
        ("a=1 &&", 6, "a property name"),
        ("{a=1", 4, "}"),
        ("a=1}", 3, "the end"),
        ("(a=1} && b=2)", 4, ")"),
        ("a='x", 4, "the closing '"),
        ("a='x' y", 6, "the end"),
        ("1a=2", 0, "a property name"),
        ("a..b=2", 1, "one of"),
        ("{}", 1, "a property name"),
    ],
)
def test_a_malformed_query_is_told_where_and_what_was_expected(text: str, position: int, expected: str) -> None:
    with pytest.raises(BadQuery) as refusal:
        parse(text)
    assert refusal.value.position == position
    assert str(refusal.value).startswith("Error parsing query - Malformed query. Expected ")
    assert expected in str(refusal.value)


def test_a_query_has_limits_of_length_depth_and_clauses() -> None:
    parse("a=" + "x" * (LONGEST - 2))
    parse("{" * DEEPEST + "a=1" + "}" * DEEPEST)
    parse("&&".join(["a=1"] * MOST_CLAUSES))
    for text in (
        "a=" + "x" * (LONGEST - 1),
        "{" * (DEEPEST + 1) + "a=1" + "}" * (DEEPEST + 1),
        "&&".join(["a=1"] * (MOST_CLAUSES + 1)),
        "{" * 2_000,
    ):
        with pytest.raises(BadQuery):
            parse(text)


@given(st.text(st.sampled_from("ab.=!<>~&|{}()'\"\\ 1-null\x00é"), max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    position: int | None = 0
    try:
        parse(text)
    except BadQuery as refusal:
        position = refusal.position
    assert position is not None
    assert 0 <= position <= len(text)


@given(st.text(max_size=40))
def test_a_quoted_value_is_any_text(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert clause(f'name="{quoted}"').value == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("a=12.50", "number", Decimal("12.50")),
        ("a>-3", "number", Decimal(-3)),
        ("a=2021-01-28", "instant", datetime(2021, 1, 28, tzinfo=UTC)),
        ("a>=2021-01-28T09:30:00Z", "instant", datetime(2021, 1, 28, 9, 30, tzinfo=UTC)),
        ("a<2021-01-28T09:30:00 02:00", "instant", datetime(2021, 1, 28, 7, 30, tzinfo=UTC)),
        ("a<2021-01-28T09:30:00.5", "instant", datetime(2021, 1, 28, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("a=True", "boolean", True),
        ("a!=false", "boolean", False),
        ("a=e3334455-1aed-4e71-ab43-6bccf12092ee", "uuid", UUID("e3334455-1aed-4e71-ab43-6bccf12092ee")),
        ("a~x y", "text", "x y"),
        ("a=null", "instant", None),
    ],
)
def test_a_value_is_what_its_property_is(text: str, kind: Kind, value: Any) -> None:
    assert value_of(clause(text), kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a=1e5", "number"),
        ("a=NaN", "number"),
        ("a=" + "9" * 40, "number"),
        ("a=yesterday", "instant"),
        ("a=0001-01-01T00:00:00+14:00", "instant"),
        ("a=1", "boolean"),
        ("a=x", "uuid"),
        ("a>x", "text"),
        ("a~1", "number"),
        ("a~null", "text"),
        ("a<null", "number"),
        ("a<true", "boolean"),
    ],
)
def test_a_value_that_is_none_of_its_property_is_refused(text: str, kind: Kind) -> None:
    with pytest.raises(BadQuery, match="Malformed query"):
        value_of(clause(text), kind)


def test_a_property_that_is_not_there_is_refused_in_the_published_words() -> None:
    kinds: dict[str, Kind] = {"id": "text"}
    with pytest.raises(BadQuery) as refusal:
        check(parse("id=1||{id=2&&isCompleted=true}"), kinds.get, "Dataset")
    assert str(refusal.value) == "Error parsing query - Could not resolve property isCompleted on Dataset"


def test_an_order_by_is_fields_with_minus_for_descending() -> None:
    assert parse_order("-modifiedDate") == (Order("modifiedDate", True),)
    assert parse_order(" name , -customerRef.id ") == (Order("name", False), Order("customerRef.id", True))
    for text in ("", "-", "a b", "a,,b", "a;drop", ",".join(["a"] * (MOST_ORDERS + 1))):
        with pytest.raises(BadQuery, match="Malformed orderBy"):
            parse_order(text)


def listed(rows: QuerySet[Company], **asked: str) -> list[str]:
    request = cast(Request, SimpleNamespace(query_params=asked))
    return [row.name for row in filtered(rows, FIELDS, request)]


@pytest.fixture
def companies(db: None) -> QuerySet[Company]:
    partner = Partner.objects.create(name="Till Systems")
    for name in ("Rose & Crown", "Café Noir", "Bakery"):
        company = create_company(partner=partner, name=name, currency="GBP", zone="UTC", actor="test")
        connect_commerce(company=company, platform="partner", actor="test", linked=name != "Bakery")
        if name == "Café Noir":
            connect_accounting(company=company, platform="books", actor="test")
            company.description = "by the sea"
            company.save()
    return Company.objects.filter(partner=partner)


def test_django_rows_are_narrowed_and_ordered(companies: QuerySet[Company]) -> None:
    assert listed(companies) == ["Bakery", "Café Noir", "Rose & Crown"]
    assert listed(companies, orderBy="-name") == ["Rose & Crown", "Café Noir", "Bakery"]
    assert listed(companies, query="name=Rose & Crown") == ["Rose & Crown"]
    assert listed(companies, query="name~CAFÉ||name=Bakery") == ["Bakery", "Café Noir"]
    assert listed(companies, query="description!='by the sea'") == ["Bakery", "Rose & Crown"]
    assert listed(companies, query=f"id={companies[0].public_id}") == ["Bakery"]
    assert listed(companies, query="created>2001-01-01&&created<2001-01-02") == []
    assert listed(companies, query="name='a\0b'") == []
    assert len(listed(companies, query="name!='a\0b'")) == 3


def test_a_row_with_several_neighbors_comes_once(companies: QuerySet[Company]) -> None:
    assert listed(companies, query="dataConnections.status=Linked") == ["Café Noir", "Rose & Crown"]
    assert listed(companies, query="dataConnections.status!=Linked") == ["Bakery"]


@pytest.mark.parametrize(
    "asked",
    [{"query": "partner.name~T"}, {"query": "name>a"}, {"orderBy": "zone"}, {"orderBy": "dataConnections.status"}],
)  # fmt: skip
def test_what_is_not_published_cannot_be_asked_of_django_rows(
    companies: QuerySet[Company], asked: dict[str, str]
) -> None:
    with pytest.raises(ApiError) as refusal:
        listed(companies, **asked)
    assert refusal.value.status == 400
