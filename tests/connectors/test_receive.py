"""The way in: what is pushed becomes records row by row; a bad row is refused alone, and a repeat changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connectors import receive as way_in
from connectors.errors import MisconfiguredPlatform
from connectors.models import Connection, Page, Reference
from connectors.raw_pages import MAX_BODY_BYTES, decompress
from connectors.reading import ItemResult
from connectors.receive import BadPage
from connectors.services import NotPushed, connect_commerce, receive
from ledger.models import ProblemRow, RecordRow
from tests.ledger.cast import Merchant, london, outsider
from tests.platforms import hostile_sales

pytestmark = pytest.mark.django_db


@pytest.fixture
def link() -> Connection:
    return a_link(london())


def a_link(merchant: Merchant, **settings: Any) -> Connection:
    """The merchant's connection to the partner's own system."""
    found = connect_commerce(company=merchant.company, platform="partner", actor="test")
    found.settings = settings
    found.save()
    return found


def a_line(total: Any = 12.0, tax: Any = 2.0, **changes: Any) -> dict[str, Any]:
    """A line of the published shape with 20 % VAT in it."""
    taxes = [{"taxComponentRef": {"id": "vat20", "name": "VAT 20 %"}, "taxAmount": tax}]
    return {
        **{"id": "1", "quantity": 1, "unitPrice": 10, "totalAmount": total, "totalTaxAmount": tax, "taxes": taxes},
        **{"taxPercentage": 20, "productRef": {"id": "p1", "name": "Tea"}, **changes},
    }


def an_order(id: Any = "o1", total: Any = 12.0, *, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """A paid order of the published shape that changed ``minute`` minutes after noon."""
    at = "2026-03-02T12:00:00Z"
    tax = changes.pop("tax", 2.0)
    payment = {
        "id": f"pay-{id}",
        "amount": total,
        "currency": "GBP",
        "type": "Card",
        "status": "Paid",
        "createdDate": at,
    }
    return {
        **{"id": id, "orderNumber": f"N{id}", "currency": "GBP", "createdDate": at, "closedDate": at},
        **{"totalAmount": total, "totalRefund": 0, "totalTaxAmount": tax, "totalDiscount": 0, "totalGratuity": 0},
        **{"orderLineItems": [a_line(total, tax)], "payments": [payment], "serviceCharges": []},
        **{"sourceModifiedDate": f"2026-03-02T{12 + minute // 60:02}:{minute % 60:02}:00Z", **changes},
    }


def push(link: Connection, *rows: Any, dataset: str = "orders") -> list[ItemResult]:
    """Push rows as the partner does."""
    link.refresh_from_db()
    return receive(connection=link, dataset=dataset, body=json.dumps(rows).encode())


def words(results: list[ItemResult]) -> list[str]:
    return [result.status for result in results]


def totals() -> dict[str, int]:
    """Id → total of every current record."""
    return dict(RecordRow.objects.filter(superseded=False).values_list("external_id", "total"))


def open_problems() -> list[tuple[str, str, str]]:
    """(subject, code, path) of what is open."""
    found = ProblemRow.objects.filter(resolved_at=None).order_by("subject")
    return list(found.values_list("subject", "code", "path"))


# -- rows ----------------------------------------------------------------------------------------------------------


def test_a_page_becomes_records_and_is_kept_as_it_came(link: Connection) -> None:
    body = json.dumps([an_order("o1"), an_order("o2")]).encode()
    assert words(receive(connection=link, dataset="orders", body=body)) == ["new", "new"]
    page = Page.objects.get()
    assert (decompress(bytes(page.body)), page.rows, page.refused) == (body, 2, 0)
    assert list(RecordRow.objects.order_by("id").values_list("page", "page_row")) == [(page.pk, 0), (page.pk, 1)]


def test_a_malformed_row_is_refused_alone_with_its_path(link: Connection) -> None:
    bad = an_order("bad", orderLineItems=[a_line(), a_line(total={"value": 1})])
    results = push(link, an_order("o1"), bad, an_order("o3"))
    assert words(results) == ["new", "refused", "new"]
    (problem,) = results[1].problems
    assert (problem.code, problem.path) == ("malformed", "$.orderLineItems[1].totalAmount")
    assert set(totals()) == {"o1", "o3"}
    assert open_problems() == [("orders bad", "malformed", "$.orderLineItems[1].totalAmount")]
    assert Page.objects.get().refused == 1


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"currency": "GPB"}, "unknown_currency", "$.currency"),
        ({"closedDate": "2026-02-30T12:00:00Z"}, "bad_time", "$.closedDate"),
        ({"closedDate": "9999-12-31T12:00:00Z"}, "bad_time", "$.closedDate"),
        ({"totalAmount": 1e30}, "out_of_range", "$.totalAmount"),
        ({"totalAmount": 12.001}, "not_exact", "$.totalAmount"),
        ({"totalAmount": "twelve"}, "malformed", "$.totalAmount"),
        ({"supplementalData": {"content": {"state": "dreaming"}}}, "unknown_word", "$.supplementalData.content.state"),
        ({"payments": [{"id": "p", "amount": 12, "status": "Perhaps"}]}, "unknown_word", "$.payments[0].status"),
        ({"id": ""}, "malformed", "$.id"),
        ({"id": None}, "malformed", "$.id"),
        ({"id": "x" * 201}, "malformed", "$.id"),
        ({"orderNumber": "nul \x00"}, "malformed", "$"),
    ],
)
def test_what_we_cannot_understand_is_refused_with_the_place_where_it_stands(
    link: Connection, change: dict[str, Any], code: str, path: str
) -> None:
    results = push(link, an_order("good"), {**an_order("odd"), **change})
    assert words(results) == ["new", "refused"]
    assert [(problem.code, problem.path) for problem in results[1].problems] == [(code, path)]
    assert totals() == {"good": 1_200}


@pytest.mark.case("B27")
def test_totals_that_do_not_add_up_are_kept_as_a_record_with_a_problem(link: Connection) -> None:
    (result,) = push(link, {**an_order(), "totalAmount": 13.0})
    assert result.status == "new"
    (problem,) = result.problems
    assert (problem.code, problem.detail["difference"]) == ("lines_do_not_add_up", 100)
    assert [code for _, code, _ in open_problems()] == ["lines_do_not_add_up"]


@pytest.mark.parametrize("total", [0, 0.01, 9_999_999_999.99])
@pytest.mark.case("E13")
def test_zero_tiny_and_huge_amounts_are_amounts(link: Connection, total: Any) -> None:
    assert words(push(link, an_order(total=total, tax=0))) == ["new"]
    assert totals() == {"o1": round(total * 100)}
    assert open_problems() == []


def test_a_return_is_a_refund_with_positive_amounts(link: Connection) -> None:
    assert words(push(link, an_order(total=-12.0, tax=-2.0))) == ["new"]
    assert (row := RecordRow.objects.get()).kind == "refund"
    assert row.total == -1_200


@pytest.mark.case("E14")
def test_texts_of_all_peoples_arrive_as_they_were_sent(link: Connection) -> None:
    names = ["Bubble tea 🧋👩‍👩‍👧‍👦", "\u202eשלום\u202c", "e\u0301", "]]>", "=cmd|' /C calc'!A0", "\u2028", "x" * 5_000]
    rows = [
        an_order(f"o{n}", orderLineItems=[a_line(productRef={"id": "p", "name": name})]) for n, name in enumerate(names)
    ]
    assert set(words(push(link, *rows))) == {"new"}
    stored = RecordRow.objects.order_by("page_row")
    assert [row.record.lines[0].label for row in stored] == names  # type: ignore[union-attr]


@pytest.mark.parametrize("text", [rb'"\ud800"', rb'"\udc00\ud800"', b'"\xff"', b'"\xc3"', rb'"\u0000"', rb'"\x"'])
@pytest.mark.case("E14")
def test_a_text_that_is_none_is_refused_alone_or_with_the_whole_page_but_never_stored(
    link: Connection, text: bytes
) -> None:
    good, odd = json.dumps(an_order("good")).encode(), json.dumps(an_order("odd", orderNumber="HERE")).encode()
    body = b"[" + good + b"," + odd.replace(b'"HERE"', text) + b"]"
    try:
        results = receive(connection=link, dataset="orders", body=body)
    except BadPage:
        assert totals() == {}
    else:
        assert words(results) == ["new", "refused"]
        assert totals() == {"good": 1_200}


@pytest.mark.case("B22")
def test_an_order_of_ten_thousand_lines_is_one_record(link: Connection) -> None:
    lines = [a_line(1.2, 0.2, id=str(number)) for number in range(10_000)]
    assert words(push(link, an_order(total=12_000, tax=2_000, orderLineItems=lines))) == ["new"]
    assert open_problems() == []
    assert totals() == {"o1": 1_200_000}


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"{", b'{"id": 1}', b"[1,", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_list_of_rows_is_refused_whole(link: Connection, body: bytes) -> None:
    with pytest.raises(BadPage):
        receive(connection=link, dataset="orders", body=body)
    assert Page.objects.count() == 0


@pytest.mark.parametrize("row", ["null", "1", "[]", '"order"', "{}"])
def test_a_row_that_is_no_record_is_refused_alone(link: Connection, row: str) -> None:
    body = f"[{json.dumps(an_order())}, {row}]".encode()
    assert words(receive(connection=link, dataset="orders", body=body)) == ["new", "refused"]


def test_an_empty_list_is_no_mistake_and_leaves_nothing(link: Connection) -> None:
    assert push(link) == []
    assert Page.objects.count() == 0


def test_a_body_that_is_too_large_is_not_even_read(link: Connection) -> None:
    with pytest.raises(BadPage, match="bytes"):
        receive(connection=link, dataset="orders", body=b" " * (MAX_BODY_BYTES + 1))


def test_five_thousand_rows_are_a_page_and_one_more_is_not(link: Connection) -> None:
    rows = [{"id": str(number), "name": "Tea"} for number in range(5_001)]
    with pytest.raises(BadPage, match="5,001"):
        push(link, *rows, dataset="products")
    assert set(words(push(link, *rows[1:], dataset="products"))) <= {"new", "unchanged"}
    assert Reference.objects.count() == way_in.MAX_ROWS


def test_an_unknown_dataset_and_a_platform_that_is_pulled_say_so(link: Connection) -> None:
    with pytest.raises(MisconfiguredPlatform):
        push(link, an_order(), dataset="wishes")
    with hostile_sales.running():
        pulled = connect_commerce(company=link.company, platform="hostile_sales", actor="test")
        with pytest.raises(NotPushed):
            push(pulled, an_order(), dataset="sales")


# -- again ---------------------------------------------------------------------------------------------------------


def test_the_same_page_again_is_known_by_its_bytes_and_writes_nothing(link: Connection) -> None:
    rows = [an_order(f"o{number}") for number in range(50)]
    push(link, *rows)
    with CaptureQueriesContext(database) as asked:
        assert push(link, *rows) == [ItemResult(f"o{number}", "unchanged") for number in range(50)]
    assert not [query for query in asked.captured_queries if not query["sql"].lstrip().startswith("SELECT")]
    assert (RecordRow.objects.count(), Page.objects.count()) == (50, 1)


def test_the_same_rows_in_other_company_are_unchanged_and_the_page_is_not_kept(link: Connection) -> None:
    push(link, an_order("o1"), an_order("o2"))
    assert words(push(link, an_order("o2"), an_order("o1"))) == ["unchanged", "unchanged"]
    assert Page.objects.count() == 1


def test_only_what_changed_is_stored_again(link: Connection) -> None:
    push(link, an_order("o1"), an_order("o2"))
    assert words(push(link, an_order("o1"), an_order("o2", 18.0, minute=5, tax=3.0))) == ["unchanged", "changed"]
    assert totals() == {"o1": 1_200, "o2": 1_800}


@pytest.mark.case("B12")
def test_a_new_time_stamp_or_another_spelling_of_the_same_facts_is_unchanged(link: Connection) -> None:
    push(link, an_order())
    assert words(push(link, an_order(minute=9))) == ["unchanged"]
    assert words(push(link, an_order(total="12.00"))) == ["unchanged"]


def test_an_older_page_after_a_newer_one_is_stale_or_known_and_changes_nothing(link: Connection) -> None:
    push(link, an_order(minute=0))
    push(link, an_order(total=18.0, tax=3.0, minute=5))
    push(link, an_order(minute=0))
    assert words(push(link, an_order(minute=0), an_order("o2"))) == ["stale", "new"]
    assert totals() == {"o1": 1_800, "o2": 1_200}


def test_twice_in_one_page_ends_with_the_newer_one(link: Connection) -> None:
    results = push(link, an_order(minute=0), an_order(total=18.0, tax=3.0, minute=5), an_order(minute=0))
    assert words(results) == ["new", "changed", "stale"]
    assert totals() == {"o1": 1_800}


def test_the_same_page_is_read_again_while_a_row_of_it_is_refused(link: Connection) -> None:
    rows = [an_order("o1"), {**an_order("odd"), "currency": "GPB"}]
    push(link, *rows)
    assert words(push(link, *rows)) == ["unchanged", "refused"]
    assert (Page.objects.count(), len(open_problems())) == (1, 1)


def test_a_refused_row_that_was_corrected_upstream_closes_its_problem(link: Connection) -> None:
    push(link, an_order("o1"), {**an_order("odd"), "currency": "GPB"})
    assert words(push(link, an_order("o1"), an_order("odd"))) == ["unchanged", "new"]
    assert open_problems() == []


def test_a_refused_change_that_was_taken_back_upstream_closes_its_problem(link: Connection) -> None:
    push(link, an_order("o1"))
    push(link, {**an_order("o1", minute=5), "currency": "GPB"})
    assert len(open_problems()) == 1
    assert words(push(link, an_order("o1"), an_order("o2"))) == ["unchanged", "new"]
    assert open_problems() == []


def test_a_good_row_of_one_shop_closes_no_problem_of_another(link: Connection) -> None:
    other = connect_commerce(company=link.company, platform="partner", name="Web shop", actor="test")
    push(link, {**an_order("o1"), "currency": "GPB"})
    push(other, an_order("o1"))
    assert len(open_problems()) == 1


def test_a_purged_page_is_kept_anew_when_it_says_something_new(link: Connection) -> None:
    rows = [an_order("o1"), {**an_order("odd"), "currency": "GPB"}]
    push(link, *rows)
    Page.objects.update(body=None)
    push(link, *rows)
    assert Page.objects.get().body is not None


@pytest.mark.case("B24")
def test_a_merchant_s_rows_are_nobody_else_s(link: Connection) -> None:
    other = a_link(outsider())
    assert words(push(link, an_order())) == words(push(other, an_order(total=18.0, tax=3.0))) == ["new"]
    assert RecordRow.objects.get(source=link.source).total == 1_200


# -- deleted, and other kinds --------------------------------------------------------------------------------------


def deleted(id: str = "o1", minute: int = 5, **changes: Any) -> dict[str, Any]:
    return an_order(id, minute=minute, supplementalData={"content": {"deleted": True}}, **changes)


def test_a_deleted_order_weighs_nothing_and_can_come_back(link: Connection) -> None:
    push(link, an_order())
    assert words(push(link, deleted())) == ["changed"]
    assert totals() == {"o1": 0}
    assert words(push(link, an_order(minute=9))) == ["changed"]
    assert totals() == {"o1": 1_200}


def test_a_deleted_return_stays_the_refund_that_it_was(link: Connection) -> None:
    push(link, an_order(total=-12.0, tax=-2.0))
    push(link, deleted())
    assert list(RecordRow.objects.filter(superseded=False).values_list("kind", "total")) == [("refund", 0)]


@pytest.mark.parametrize(("first", "then"), [(12.0, -12.0), (-12.0, 12.0)])
def test_an_order_that_turns_into_a_return_is_counted_as_one_of_the_two(
    link: Connection, first: float, then: float
) -> None:
    push(link, an_order(total=first, tax=first / 6))
    assert words(push(link, an_order(total=then, tax=then / 6, minute=5))) == ["changed"]
    assert sum(RecordRow.objects.filter(superseded=False).values_list("total", flat=True)) == round(then * 100)
    assert words(push(link, an_order(total=first, tax=first / 6, minute=9))) == ["changed"]
    assert sum(RecordRow.objects.filter(superseded=False).values_list("total", flat=True)) == round(first * 100)


def test_a_return_that_was_an_order_is_deleted_as_what_it_is_now(link: Connection) -> None:
    push(link, an_order())
    push(link, an_order(total=-12.0, tax=-2.0, minute=5))
    push(link, deleted(minute=9))
    assert set(RecordRow.objects.filter(superseded=False).values_list("total", flat=True)) == {0}


def test_a_fee_that_turns_into_a_payment_is_no_fee_any_more(link: Connection) -> None:
    fee = {
        "id": "t1",
        "type": "PaymentFee",
        "totalAmount": 1.5,
        "currency": "GBP",
        "createdDate": "2026-03-02T12:00:00Z",
    }
    push(link, {**fee, "sourceModifiedDate": "2026-03-02T12:00:00Z"}, dataset="transactions")
    push(link, {**fee, "type": "Payment", "sourceModifiedDate": "2026-03-02T13:00:00Z"}, dataset="transactions")
    assert totals() == {"t1": 0}


def test_a_refund_inside_another_order_that_bears_an_order_s_id_is_left_alone(link: Connection) -> None:
    link.settings = {"refunds_from": "orders"}
    link.save()
    push(link, an_order("7", payments=paid_back(6.0, id="1")))
    assert words(push(link, an_order("1"))) == ["new"]
    push(link, an_order("1", 18.0, tax=3.0, minute=5))
    assert sorted(RecordRow.objects.filter(superseded=False).values_list("kind", "external_id", "total")) == [
        ("order", "1", 1_800),
        ("order", "7", 1_200),
        ("refund", "1", -600),
    ]


def paid_back(amount: float, id: str = "back") -> list[dict[str, Any]]:
    """A payment of 12.00, and one that gives some of it back."""
    at = "2026-03-02T12:00:00Z"
    paid = {"currency": "GBP", "type": "Card", "status": "Paid", "createdDate": at}
    return [{"id": "in", "amount": 12.0, **paid}, {"id": id, "amount": -amount, **paid}]


def test_money_given_back_inside_an_order_is_a_refund_of_its_own(link: Connection) -> None:
    link.settings = {"refunds_from": "orders"}
    link.save()
    assert words(push(link, an_order(payments=paid_back(6.0)))) == ["new"]
    assert totals() == {"o1": 1_200, "back": -600}
    assert words(push(link, an_order(payments=paid_back(3.0), minute=5))) == ["changed"]
    assert totals() == {"o1": 1_200, "back": -300}


# -- names ---------------------------------------------------------------------------------------------------------


def test_products_give_lines_their_category_and_tell_gift_cards(link: Connection) -> None:
    products = [
        {"id": "p1", "name": "Tea", "categorization": "Drinks"},
        {"id": "p2", "name": "Card", "isGiftCard": True},
    ]
    push(link, *products, dataset="products")
    lines = [a_line(), a_line(5.0, 0, id="2", taxes=[], taxPercentage=0, productRef={"id": "p2", "name": "Card"})]
    push(link, an_order(total=17.0, orderLineItems=lines))
    found = RecordRow.objects.get().record.lines  # type: ignore[union-attr]
    assert [(line.kind, line.category) for line in found] == [("product", "Drinks"), ("gift_card", "")]


def test_names_that_changed_hold_for_what_comes_after(link: Connection) -> None:
    for name in ("Drinks", "Beverages"):
        push(link, {"id": "p1", "name": "Tea", "categorization": name}, dataset="products")
        push(link, an_order(name))
        assert RecordRow.objects.get(external_id=name).record.lines[0].category == name  # type: ignore[union-attr]


def test_a_malformed_name_is_refused_alone(link: Connection) -> None:
    results = push(link, {"id": "p1", "name": "Tea"}, {"id": "p2", "name": 5}, dataset="products")
    assert [result.status == "refused" for result in results] == [False, True]
    assert list(Reference.objects.values_list("external_id", flat=True)) == ["p1"]
