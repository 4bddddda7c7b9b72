"""The partner platform: published shapes in, canonical records out.

The pages are in ``tests/platforms/partner/pages``, and what they must become in ``golden`` beside them, as
canonical JSON for people to read: amounts in minor units, instants in UTC.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.commerce._partner_figures import LONGEST_TEXT, MOST_FIGURES, Figure, Figures
from connectors.commerce._partner_plain import plain_order_records
from connectors.commerce.partner import PLANS, Partner, read_in_full
from connectors.errors import MappingProblem, MisconfiguredPlatform
from connectors.services import connect_commerce, receive
from connectors.session import MapContext
from ledger.adding_up import check
from ledger.commerce import KIND_OF, Deleted, Order, Record, Refund, encode
from ledger.models import ProblemRow
from ledger.money import EXPONENTS, allocate, to_decimal, to_minor
from ledger.post_due import post_due
from ledger.problems import CATALOG
from tests.ledger.cast import london

FOLDER = Path(__file__).parent.parent / "platforms" / "partner"
FACTS = ("orders", "payments", "transactions", "disputes")
NAMES = ("products", "productCategories", "taxComponents", "paymentMethods", "locations", "customers")
PARTNER = Partner()
# What of the pages the ledger must refuse, and why.
REFUSED = {"o-does-not-add-up": "lines_do_not_add_up", "o-taxes-unknown": "taxes_unknown"}


def page(dataset: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((FOLDER / "pages" / f"{dataset}.json").read_bytes())["results"]
    return rows


def references() -> dict[str, dict[str, Any]]:
    """The pages of names as the pull keeps them: kind → id → facts with the name."""
    kept: dict[str, dict[str, Any]] = {}
    for dataset in NAMES:
        for row in page(dataset):
            found = PARTNER.reference(dataset, json.dumps(row).encode())
            assert found is not None
            kept.setdefault(found.kind, {})[found.id] = {"name": found.name, **found.facts}
    return kept


def context(refunds_from: str = "transactions", **changes: Any) -> MapContext:
    settings_ = {"refunds_from": refunds_from}
    return MapContext(**{"currency": "GBP", "zone": "Europe/London", "settings": settings_, **changes})


CONTEXTS = {way: context(way, references=references()) for way in ("transactions", "orders")}


def mapped(dataset: str, row: Any, using: MapContext | None = None) -> list[Record]:
    return PARTNER.map(dataset, json.dumps(row).encode(), using or context())


def plain(record: Record) -> dict[str, Any]:
    kind = "deleted" if isinstance(record, Deleted) else KIND_OF[type(record)]
    return {"kind": kind, **json.loads(encode(record))}


def sale(**changes: Any) -> dict[str, Any]:
    """A plain sale of 12.00 with 2.00 of tax, paid by card."""
    row = {
        "id": "o-1",
        "currency": "GBP",
        "createdDate": "2026-03-14T12:30:00Z",
        "totalAmount": 12,
        "orderLineItems": [
            {
                "id": "l-1",
                "quantity": 1,
                "totalAmount": 12,
                "totalTaxAmount": 2,
                "taxes": [{"taxComponentRef": {"id": "vat20", "name": "VAT"}, "taxAmount": 2}],
            }
        ],
        "payments": [{"id": "pay-1", "amount": 12, "type": "Card", "status": "Paid"}],
    }
    return row | changes


def sold(row: Any, using: MapContext | None = None) -> Order:
    (record,) = mapped("orders", row, using)
    assert isinstance(record, Order)
    return record


@pytest.mark.parametrize("way", ["transactions", "orders"])
@pytest.mark.parametrize("dataset", FACTS)
def test_every_row_of_the_pages_maps_to_its_golden_records(dataset: str, way: str) -> None:
    golden = json.loads((FOLDER / "golden" / f"{dataset}.{way}.json").read_bytes())
    rows = page(dataset)
    assert list(golden) == [str(row["id"]) for row in rows]
    for row in rows:
        found = [plain(record) for record in mapped(dataset, row, CONTEXTS[way])]
        assert found == golden[str(row["id"])], row["id"]


@pytest.mark.parametrize("way", ["transactions", "orders"])
@pytest.mark.parametrize("dataset", FACTS)
def test_records_of_the_pages_add_up_except_those_that_say_they_do_not(dataset: str, way: str) -> None:
    for row in page(dataset):
        for record in mapped(dataset, row, CONTEXTS[way]):
            problem = check(record)
            assert (problem and problem.code) == REFUSED.get(record.id), record.id


def test_rows_of_names_become_references_and_no_records() -> None:
    golden = json.loads((FOLDER / "golden" / "references.json").read_bytes())
    assert references() == golden
    assert all(mapped(dataset, row) == [] for dataset in NAMES for row in page(dataset))
    assert "ann@example.com" not in json.dumps(references())


def test_a_row_of_facts_is_no_reference() -> None:
    assert PARTNER.reference("orders", json.dumps(sale()).encode()) is None


def test_identity_is_the_id_and_the_last_change_at_the_source() -> None:
    row = json.dumps(page("orders")[0]).encode()
    name, changed = PARTNER.identify("orders", row)
    assert (name, str(changed)) == ("o-plain", "2026-03-14 12:31:05+00:00")
    assert PARTNER.identify("locations", b'{"id": 7110701885}') == ("7110701885", None)


def test_an_unknown_dataset_is_our_mistake() -> None:
    with pytest.raises(MisconfiguredPlatform):
        mapped("invoices", sale())


# -- refunds are booked once -----------------------------------------------------------------------------


def test_a_refund_is_told_by_transactions_or_by_orders_never_by_both() -> None:
    order = next(row for row in page("orders") if row["id"] == "o-refunded-after")
    transaction = next(row for row in page("transactions") if row["id"] == "t-refund")
    for way in ("transactions", "orders"):
        told = [*mapped("orders", order, CONTEXTS[way]), *mapped("transactions", transaction, CONTEXTS[way])]
        refunds = [record for record in told if isinstance(record, Refund)]
        assert [refund.stated for refund in refunds] == [600], way
        assert refunds[0].order_id == "o-refunded-after"


def test_a_word_for_refunds_from_that_we_do_not_know_is_a_problem() -> None:
    assert problem_of("orders", sale(), context("guess")).code == "unknown_word"


@pytest.mark.case("E09")
def test_negative_lines_stay_when_orders_are_to_tell_of_a_refund_whose_money_is_not_there() -> None:
    row = next(row for row in page("orders") if row["id"] == "o-refund-lines")
    row["payments"] = row["payments"][:1]
    (order,) = mapped("orders", row, CONTEXTS["orders"])
    problem = check(order)
    assert problem is not None
    assert problem.code == "tenders_do_not_add_up"


@pytest.mark.case("E09")
def test_an_exchange_settled_by_the_difference_keeps_its_negative_lines_whatever_total_refund_says() -> None:
    row = next(row for row in page("orders") if row["id"] == "o-exchange")
    order = sold(row | {"totalRefund": -20}, CONTEXTS["transactions"])
    assert [line.net for line in order.lines] == [2000, -2000]
    assert check(order) is None


# -- amounts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "amount", "units"), [("JPY", "1200", 1200), ("GBP", 12.5, 1250), ("KWD", "1.234", 1234)]
)
@pytest.mark.case("E01")
def test_minor_units_follow_the_currency(currency: str, amount: Any, units: int) -> None:
    row = sale(currency=currency, totalAmount=amount, payments=[])
    row["orderLineItems"] = [{"id": "1", "totalAmount": amount, "totalTaxAmount": 0}]
    order = sold(row)
    assert (order.stated, order.lines[0].net, order.due) == (units, units, units)


def test_xxx_and_no_currency_mean_the_currency_of_the_company() -> None:
    assert sold(sale(currency="XXX")).currency == sold(sale(currency=None)).currency == "GBP"


amounts = st.integers(min_value=-10_000_000, max_value=10_000_000)


@given(
    st.sampled_from(["GBP", "JPY", "KWD", "CLF"]),
    st.lists(st.tuples(amounts, st.integers(0, 100_000), st.integers(0, 3)), min_size=1, max_size=8),
    st.booleans(),
    st.integers(0, 5_000),
)
@pytest.mark.case("E05")
def test_lines_taxes_and_tip_keep_every_unit(
    currency: str, lines: list[tuple[int, int, int]], as_text: bool, tip: int
) -> None:
    def said(units: int) -> Any:
        value = to_decimal(units, currency)
        return str(value) if as_text else msgspec.Raw(str(value).encode())

    items = []
    for number, (net, tax, components) in enumerate(lines):
        parts = allocate(tax, [1] * components) if components else []
        taxes = [
            {"taxComponentRef": {"id": f"c{index}", "name": "C"}, "taxAmount": said(part)}
            for index, part in enumerate(parts)
        ]
        item = {
            "id": str(number),
            "totalAmount": said(net + tax),
            "totalTaxAmount": said(tax),
            "taxes": taxes,
        }
        items.append(item)
    total = sum(net + tax for net, tax, _ in lines)
    row = {
        "id": "o",
        "currency": currency,
        "createdDate": "2026-03-14T12:30:00Z",
        "totalAmount": said(total),
        "totalGratuity": said(tip),
        "orderLineItems": items,
    }
    (record,) = PARTNER.map("orders", msgspec.json.encode(row), context())
    assert check(record) is None
    assert isinstance(record, Refund if total + tip < 0 else Order)
    assert record.stated == abs(total + tip)
    assert [sum(tax.amount for tax in line.taxes or ()) for line in record.lines or ()][: len(lines)] == [
        -tax if total + tip < 0 else tax for _, tax, _ in lines
    ]


def line_of(**changes: Any) -> Any:
    """The line of a sale that has this one line only, in the currency of the company."""
    item = {"id": "1", "totalTaxAmount": 0, **changes}
    (record,) = mapped("orders", sale(orderLineItems=[item], totalAmount=item["totalAmount"], payments=[]))
    assert isinstance(record, Order | Refund)
    assert record.lines
    return record.lines[0]


@pytest.mark.parametrize(
    ("quantity", "unit_price", "total", "allocation", "discount"),
    [
        (1, 10, 9, 1, 100),  # the contract's sign
        (1, 10, 9, -1, 100),  # the other sign, which list price and net disprove
        (1, 10, 11, -1, -100),  # a discount that raises the price
        (1, None, 9, 1, 100),
        (-1, 10, -9, 1, 100),  # a return: positive again in the refund
        (-1, 10, -9, -1, 100),
        (-1, None, -9, 1, 100),
    ],
)
def test_a_discount_is_what_list_price_and_net_prove(
    quantity: int, unit_price: int | None, total: int, allocation: int, discount: int
) -> None:
    line = line_of(
        quantity=quantity,
        unitPrice=unit_price,
        totalAmount=total,
        discountAllocations=[{"totalAmount": allocation}],
    )
    assert (line.net, line.discount) == (abs(total) * 100, discount)


@pytest.mark.parametrize("cost", ["3.20", "-3.20"])
def test_the_cost_of_goods_that_come_back_is_positive_in_the_refund(cost: str) -> None:
    content = {"content": {"cost": cost}}
    assert line_of(quantity=-1, totalAmount=-9, supplementalData=content).cost == 320
    assert line_of(quantity=1, totalAmount=9, supplementalData=content).cost == 320


def test_lines_that_are_silent_about_tax_are_untaxed_only_if_the_order_says_so() -> None:
    silent = [{"id": "1", "totalAmount": 12}]
    assert sold(sale(orderLineItems=silent)).lines[0].taxes is None
    assert sold(sale(orderLineItems=silent, totalTaxAmount=2)).lines[0].taxes is None
    assert sold(sale(orderLineItems=silent, totalTaxAmount=0)).lines[0].taxes == ()


def test_a_dispute_of_several_payments_names_the_first() -> None:
    sources = [{"id": "pay-1", "type": "Payment"}, {"id": "pay-2", "type": "Payment"}]
    (dispute,) = mapped("disputes", page("disputes")[1] | {"disputedTransactions": sources})
    assert plain(dispute)["tender_id"] == "pay-1"


def test_ten_thousand_lines_are_one_order() -> None:
    items = [{"id": str(n), "totalAmount": "0.03", "totalTaxAmount": "0.01"} for n in range(10_000)]
    order = sold(sale(orderLineItems=items, totalAmount=300, payments=[]))
    assert (len(order.lines), order.stated, check(order)) == (10_000, 30_000, None)


# -- what is wrong is said, with its path ----------------------------------------------------------------


def problem_of(dataset: str, row: Any, using: MapContext | None = None) -> MappingProblem:
    with pytest.raises(MappingProblem) as caught:
        mapped(dataset, row, using)
    assert caught.value.code in CATALOG
    assert "?" not in caught.value.detail, "the catalog's sentence lacks a fact"
    return caught.value


def changed(row: dict[str, Any], *path: str | int, to: Any) -> dict[str, Any]:
    row = copy.deepcopy(row)
    *parents, last = path
    level: Any = row
    for parent in parents:
        level = level[parent]
    level[last] = to
    return row


LINE = ("orderLineItems", 0)
AT_TAX = "$.orderLineItems[0].taxes[0].taxAmount"
AT_STATE = "$.supplementalData.content.state"


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        ((*LINE, "totalAmount"), "12.005", "not_exact", "$.orderLineItems[0].totalAmount"),
        ((*LINE, "totalAmount"), "NaN", "out_of_range", "$.orderLineItems[0].totalAmount"),
        ((*LINE, "totalAmount"), "sNaN", "out_of_range", "$.orderLineItems[0].totalAmount"),
        ((*LINE, "taxes", 0, "taxAmount"), "1e999999999", "out_of_range", AT_TAX),
        ((*LINE, "taxPercentage"), "sNaN", "out_of_range", "$.orderLineItems[0].taxPercentage"),
        ((*LINE, "quantity"), "1e-400", "out_of_range", "$.orderLineItems[0].quantity"),
        ((*LINE, "totalAmount"), None, "malformed", "$.orderLineItems[0]"),
        (("totalAmount",), 10**30, "out_of_range", "$.totalAmount"),
        (("totalGratuity",), 0.001, "not_exact", "$.totalGratuity"),
        (("payments", 0, "status"), "Perhaps", "unknown_word", "$.payments[0].status"),
        (("payments", 0, "currency"), "EUR", "wrong_currency", "$.payments[0].currency"),
        (("payments", 0, "createdDate"), "yesterday", "bad_time", "$.payments[0].createdDate"),
        (("serviceCharges",), [{"type": "Corkage"}], "unknown_word", "$.serviceCharges[0].type"),
        (("currency",), "gbp", "unknown_currency", "$.currency"),
        (("currency",), "XTS", "unknown_currency", "$.currency"),
        (("createdDate",), "2026-02-30T00:00:00", "bad_time", "$.createdDate"),
        (("createdDate",), "9999-12-31T23:59:59-12:00", "bad_time", "$.createdDate"),
        (("createdDate",), None, "bad_time", "$.createdDate"),
        (("supplementalData",), {"content": {"state": "half"}}, "unknown_word", AT_STATE),
        (("orderNumber",), "a\x00b", "malformed", "$"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_a_problem_with_its_path(
    path: tuple[str | int, ...], value: Any, code: str, where: str
) -> None:
    row = changed(sale(), *path, to=value)
    if path == (*LINE, "taxPercentage"):
        row["orderLineItems"][0]["taxes"] = []
    problem = problem_of("orders", row)
    assert (problem.code, problem.path) == (code, where)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("id",), "", "$.id"),
        (("id",), None, "$.id"),
        (("id",), "x" * 201, "$.id"),
        (("orderLineItems",), {"id": "1"}, "$.orderLineItems"),
        ((*LINE, "totalAmount"), "twelve", "$.orderLineItems[0].totalAmount"),
        ((*LINE, "totalAmount"), True, "$.orderLineItems[0].totalAmount"),
        ((*LINE, "taxes", 0, "taxAmount"), [], "$.orderLineItems[0].taxes[0].taxAmount"),
        (("payments", 0, "status"), 3, "$.payments[0].status"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_path(
    path: tuple[str | int, ...], value: Any, where: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        mapped("orders", changed(sale(), *path, to=value))
    assert f"`{where}`" in str(caught.value)


@pytest.mark.parametrize("field", ["type", "totalAmount", "id"])
def test_a_transaction_without_what_makes_it_one_is_refused(field: str) -> None:
    row = {name: value for name, value in page("transactions")[1].items() if name != field}
    with pytest.raises(msgspec.ValidationError, match=field):
        mapped("transactions", row)


@pytest.mark.parametrize(("dataset", "field"), [("transactions", "type"), ("disputes", "status")])
@pytest.mark.parametrize("word", ["Unknown", "Surprise"])
def test_a_word_on_which_accounting_depends_must_be_known(dataset: str, field: str, word: str) -> None:
    problem = problem_of(dataset, page(dataset)[1] | {field: word})
    assert (problem.code, problem.path) == ("unknown_word", f"$.{field}")
    assert word in problem.detail


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b'{"id": "\xff"}', b'{"id": "\\ud800"}', b'{"x": ' * 50_000],
    ids=["empty", "cut", "deep list", "no utf-8", "half a surrogate", "deep object"],
)
def test_what_is_no_json_is_a_problem(body: bytes) -> None:
    with pytest.raises((MappingProblem, msgspec.ValidationError)):
        PARTNER.map("orders", body, context())


def test_a_blank_amount_says_nothing_but_a_wrong_one_beside_it_is_still_refused() -> None:
    row = changed(sale(), *LINE, "taxes", 0, "taxAmount", to="")
    assert [tax.amount for tax in sold(row).lines[0].taxes or ()] == [200]
    with pytest.raises(msgspec.ValidationError, match="unitPrice"):
        mapped("orders", changed(row, *LINE, "unitPrice", to="cheap"))


hostile_text = st.sampled_from(["", " ", "💥", "NaN", "-Infinity", "1e5000", "9" * 400, "0001-01-01", "Paid", "\x00"])
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.just(10**400)
leaves = st.none() | st.booleans() | numbers | st.text(max_size=20) | hostile_text
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value below the top of a JSON tree."""
    children: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from places(value, (*path, key))


def read_without_surprise(dataset: str, body: bytes) -> None:
    for using in CONTEXTS.values():
        with suppress(msgspec.ValidationError, MappingProblem):
            for record in PARTNER.map(dataset, body, using):
                check(record)
                encode(record)
    for read in (PARTNER.identify, PARTNER.reference):
        with suppress(msgspec.ValidationError, MappingProblem):
            read(dataset, body)


@settings(max_examples=300)
@given(st.data())
def test_a_row_with_one_value_replaced_by_anything_is_mapped_or_refused(data: st.DataObject) -> None:
    dataset = data.draw(st.sampled_from(FACTS + NAMES))
    row = data.draw(st.sampled_from(page(dataset)))
    path = data.draw(st.sampled_from(list(places(row))))
    read_without_surprise(dataset, json.dumps(changed(row, *path, to=data.draw(anything))).encode())


@given(st.sampled_from(FACTS + NAMES), anything.map(lambda value: json.dumps(value).encode()) | st.binary())
@example("orders", b"NaN")
@example("orders", b'{"id": ' + b"9" * 5000 + b"}")
def test_anything_at_all_is_mapped_or_refused(dataset: str, body: bytes) -> None:
    read_without_surprise(dataset, body)


# -- quicker, and the same -------------------------------------------------------------------------------

# How amounts are written, and what stands in their place; `Decimal` reads some of them only with goodwill.
WRITTEN = [
    "0", "12", "-3", "0.00", "-0.00", "12.5", "12.50", "12.500", "-0.05", "12.005", "1.2345", "1e2", "1E400", "1.5e1",
    "1234567890123.45", "12345678901234.5", "99999999999999.99", "999999999999999", "0.0000000000000000000000000001",
    "null", "true", "[0, [1, 2], -2]", '""', '"12"', '"12.50"', '" 1"', '"1_0"', '"NaN"', '"Infinity"', '"cheap"', "{}",
]  # fmt: skip
AMOUNTS = {
    "totalAmount", "totalRefund", "totalTaxAmount", "totalDiscount", "totalGratuity", "quantity", "taxPercentage",
    "unitPrice", "taxAmount", "rate", "amount", "cost", "currency",
}  # fmt: skip


@st.composite
def altered_orders(draw: st.DrawFn) -> bytes:
    """An order of the pages with some of its values written otherwise, mostly its amounts."""
    row = draw(st.sampled_from(page("orders")))
    every = list(places(row))
    amounts = [path for path in every if path[-1] in AMOUNTS]
    chosen = draw(st.lists(st.sampled_from(amounts) | st.sampled_from(every), max_size=3, unique=True))
    literals: list[str] = []
    for path in sorted(chosen, key=len, reverse=True):
        row = changed(row, *path, to=f"@{len(literals)}@")
        word = st.sampled_from(WRITTEN + ['"JPY"', '"KWD"', '"EUR"']) | anything.map(json.dumps)
        literals.append(draw(word))
    text = json.dumps(row)
    for number, literal in enumerate(literals):
        text = text.replace(f'"@{number}@"', literal)
    return text.encode()


def outcome(mapping: Any, *arguments: Any) -> tuple[Any, ...]:
    """The records with their canonical bytes, or the refusal with all that it says."""
    try:
        records = mapping(*arguments)
    except (msgspec.ValidationError, MappingProblem) as refusal:
        return type(refusal), str(refusal), getattr(refusal, "path", "")
    return records, [encode(record) for record in records]


@settings(max_examples=600)
@given(altered_orders(), st.sampled_from(["GBP", "JPY", "KWD"]), st.sampled_from(["transactions", "orders"]))
def test_the_quick_reading_of_an_order_gives_what_the_full_reading_gives(body: bytes, currency: str, way: str) -> None:
    using = context(way, currency=currency, references=CONTEXTS[way].references)
    assert outcome(PARTNER.map, "orders", body, using) == outcome(read_in_full, *PLANS["orders"], body, using)


def amounts_everywhere() -> dict[str, Any]:
    """A plain sale of two lines, one with components of tax and one without, that says all amounts it can."""
    one = {
        "id": "l-1",
        "quantity": 2,
        "totalAmount": 12.5,
        "totalTaxAmount": 2.5,
        "unitPrice": 5.5,
        "taxPercentage": 25,
    }
    tax = {"taxComponentRef": {"id": "vat"}, "taxAmount": 2.5, "rate": 0.25}
    items = [
        one | {"taxes": [tax], "discountAllocations": [{"totalAmount": 1.0}]},
        one | {"id": "l-2", "taxes": [], "unitPrice": 5.0},
    ]
    row = sale(totalAmount=25.0, orderLineItems=items)
    row |= {"totalRefund": 0.0, "totalTaxAmount": 5.0, "totalDiscount": 1.0, "totalGratuity": 1.5}
    row["payments"][0]["amount"] = 26.5
    return row


@pytest.mark.parametrize(
    "path",
    [path for path in places(amounts_everywhere()) if path[-1] in AMOUNTS],
    ids=lambda path: ".".join(map(str, path)),
)
@pytest.mark.case("E02")
def test_every_amount_in_every_writing_is_read_quickly_as_it_is_in_full(path: tuple[str | int, ...]) -> None:
    text = json.dumps(changed(amounts_everywhere(), *path, to="@"))
    for written in [*WRITTEN, "2.50", "100000000000000"]:
        body = text.replace('"@"', written).encode()
        full = outcome(read_in_full, *PLANS["orders"], body, context())
        assert outcome(PARTNER.map, "orders", body, context()) == full, written


def test_a_price_times_a_quantity_beyond_what_an_amount_can_be_is_refused() -> None:
    item = {"id": "1", "quantity": 10**6, "unitPrice": 9999999999.99, "totalTaxAmount": 0}
    assert problem_of("orders", sale(orderLineItems=[item])).code == "out_of_range"


@pytest.mark.parametrize(
    ("line", "field"),
    [(0, "taxPercentage"), (1, "taxPercentage"), (2, "taxPercentage"), (1, "quantity"), (2, "quantity")],
)
def test_a_percentage_or_quantity_beyond_reason_is_refused_on_every_line(line: int, field: str) -> None:
    row = amounts_everywhere()
    row["orderLineItems"].append({"id": "l-3", "totalAmount": 1.5, "totalTaxAmount": 0.0})
    problem = problem_of("orders", changed(row, "orderLineItems", line, field, to=10**15))
    assert (problem.code, problem.path) == ("out_of_range", f"$.orderLineItems[{line}].{field}")


def test_tax_without_components_is_named_by_its_percentage_however_amounts_are_written() -> None:
    order = sold(amounts_everywhere())
    assert [[(tax.key, tax.amount, tax.rate_ppm) for tax in line.taxes or ()] for line in order.lines[:2]] == [
        [("vat", 250, 250_000)],
        [("25%", 250, 250_000)],
    ]
    assert check(order) is None


def test_plain_orders_are_read_quickly_and_only_they() -> None:
    assert plain_order_records(json.dumps(sale(totalAmount=12.0)).encode(), context()) == [sold(sale())]
    quick = [plain_order_records(json.dumps(row).encode(), CONTEXTS["orders"]) for row in page("orders")]
    assert sum(records is not None for records in quick) > len(quick) // 2
    for other in (
        sale(totalAmount="12.00"),
        sale(currency="JPY"),
        sale(totalDiscount=True),
        sale(orderNumber="a\x00b"),
        sale(supplementalData={"content": {"voided": True}}),
    ):
        assert plain_order_records(json.dumps(other).encode(), context()) is None


number_texts = st.from_regex(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?", fullmatch=True).filter(
    lambda text: len(text) <= LONGEST_TEXT
)


@given(number_texts, st.sampled_from(["GBP", "JPY", "KWD", "CLF"]))
@example("-0.00", "GBP")
@example("9999999999999.99", "GBP")
@example("12.5000", "GBP")
@example("1.5E3", "KWD")
def test_a_figure_is_its_number_and_its_minor_units(text: str, currency: str) -> None:
    figures = Figures(EXPONENTS[currency])
    value = figures[text]
    assert str(value) == str(Decimal(text))
    assert figures[text] is value
    if isinstance(value, Figure):
        assert value.units == to_minor(text, currency)


def test_the_memory_of_figures_has_an_end_and_takes_no_long_text() -> None:
    figures = Figures(2)
    for number in range(MOST_FIGURES + 5):
        assert isinstance(figures[f"{number}.50"], Figure)
    assert len(figures) <= MOST_FIGURES
    with pytest.raises(ValueError, match="too long"):
        figures["1" * 30 + ".0"]


@pytest.mark.parametrize("dataset", ["orders", "transactions", "disputes"])
def test_the_ids_of_a_page_are_those_of_its_rows(dataset: str) -> None:
    rows = page(dataset)
    assert ids_of(dataset, rows) == [PARTNER.identify(dataset, json.dumps(row).encode())[0] for row in rows]
    assert ids_of(dataset, [{"id": 7110701885}, {"id": "x"}]) == ["7110701885", "x"]


def ids_of(dataset: str, rows: list[Any]) -> list[str] | None:
    body = json.dumps(rows).encode()
    return PARTNER.identities(dataset, body, msgspec.json.decode(body, type=list[msgspec.Raw]))


@pytest.mark.parametrize(
    "bad",
    [
        {"id": ""},
        {"id": None},
        {},
        {"id": True},
        {"id": 1.5},
        {"id": 2**63},
        {"id": "a\x00"},
        {"id": "x" * 201},
        [],
        "x",
    ],
)
def test_a_page_with_one_doubtful_id_is_asked_row_by_row(bad: Any) -> None:
    assert ids_of("orders", [{"id": "good"}, bad]) is None
    with pytest.raises((msgspec.ValidationError, MappingProblem)):
        PARTNER.identify("orders", json.dumps(bad).encode())


def test_ids_are_told_at_once_only_where_the_mapping_holds_the_whole_row_to_its_rules() -> None:
    for dataset in (*NAMES, "payments"):
        assert ids_of(dataset, [{"id": "x"}]) is None
    body = b'[{"id": "x"}]'
    assert PARTNER.identities("orders", body, []) is None
    assert PARTNER.identities("orders", b'[{"id": "x"', []) is None
    with pytest.raises(MisconfiguredPlatform):
        PARTNER.identities("invoices", body, [])


@settings(max_examples=200)
@given(st.data())
def test_what_identify_refuses_is_refused_by_the_page_or_by_the_mapping(data: st.DataObject) -> None:
    dataset = data.draw(st.sampled_from(["orders", "transactions", "disputes"]))
    row = data.draw(st.sampled_from(page(dataset)))
    tops = [path for path in places(row) if len(path) == 1]
    row = changed(row, *data.draw(st.sampled_from(tops)), to=data.draw(anything))
    body = json.dumps(row).encode()
    ids = ids_of(dataset, [row])
    try:
        identity = PARTNER.identify(dataset, body)[0]
    except (msgspec.ValidationError, MappingProblem):
        if ids is not None:
            with pytest.raises((msgspec.ValidationError, MappingProblem)):
                PARTNER.map(dataset, body, context())
    else:
        assert ids in (None, [identity])


# The calendar of books ends with these years: their instants can be read, and not posted.
@pytest.mark.parametrize("at", ["1900-06-01T12:00:00Z", "2199-06-01T12:00:00Z"])
@pytest.mark.parametrize("amount", [12, "12.00"], ids=["read quickly", "read in full"])
@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("createdDate",), "$.createdDate"),
        (("closedDate",), "$.closedDate"),
        (("sourceModifiedDate",), "$.sourceModifiedDate"),
        (("payments", 0, "createdDate"), "$.payments[0].createdDate"),
        (("orderLineItems", 0, "supplementalData"), "$.orderLineItems[0].supplementalData.content.fulfilledAt"),
    ],
)
def test_an_instant_outside_of_the_calendar_is_a_problem_of_its_row(
    path: tuple[str | int, ...], told: str, amount: Any, at: str
) -> None:
    row = sale(totalAmount=amount, payments=[{"id": "p", "amount": amount, "type": "Card", "status": "Paid"}])
    row["payments"][0]["createdDate"] = row["createdDate"]
    if path != ("createdDate",):
        row |= {"closedDate": "2026-03-14T12:31:00Z", "sourceModifiedDate": "2026-03-14T12:32:00Z"}
    value = {"content": {"fulfilledAt": at}} if path[-1] == "supplementalData" else at
    assert len(mapped("orders", row)) == 1
    problem = problem_of("orders", changed(row, *path, to=value))
    assert (problem.code, problem.path, problem.facts) == ("bad_time", told, {"value": at})


@pytest.mark.parametrize("dataset", ["transactions", "disputes"])
def test_money_that_moved_outside_of_the_calendar_is_a_problem_of_its_row(dataset: str) -> None:
    kinds = [row for row in page(dataset) if mapped(dataset, row)]
    assert kinds
    for row in kinds:
        late = row | {"createdDate": "2199-06-01T12:00:00Z"}
        late |= {"sourceCreatedDate": None, "sourceModifiedDate": None, "modifiedDate": None}
        assert problem_of(dataset, late).code == "bad_time", row["id"]


@pytest.mark.django_db
def test_a_sale_outside_of_the_calendar_does_not_stop_the_posting_of_the_others() -> None:
    company = london().company
    link = connect_commerce(company=company, platform="partner", actor="test")
    rows = [sale(id="good"), sale(id="late", createdDate="2199-06-01T12:00:00Z")]
    results = receive(connection=link, dataset="orders", body=json.dumps(rows).encode())
    assert [(result.id, result.status) for result in results] == [("good", "new"), ("late", "refused")]
    assert [(row.subject, row.code) for row in ProblemRow.objects.all()] == [("orders late", "bad_time")]
    posted = post_due(company_id=company.pk, through=date(2198, 12, 31), act=uuid4())
    assert (posted.records, posted.documents) == (1, 1)
