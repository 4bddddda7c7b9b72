"""`manage.py import_sales`: a file of sales comes in through the same door as pushes."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from commerce_sync import sales_file
from commerce_sync.demo.merchants import LONDON
from commerce_sync.demo_sales import demo_pages
from connectors.models import Page, Reference
from connectors.services import connect_commerce
from ledger.commerce import Order, decode
from ledger.models import Company, Partner, RecordRow
from ledger.services import create_company
from tests.commerce_sync.cast import a_merchant

pytestmark = pytest.mark.django_db
LINES = [
    {"dataset": dataset, "data": row}
    for dataset, body in demo_pages(LONDON, date(2026, 3, 4), 2)
    for row in json.loads(body)
]
GOOD = [line for line in LINES if "-bad" not in str(line["data"]["id"])]
ORDERS = [line["data"] for line in GOOD if line["dataset"] == "orders"]


def a_file(folder: Path, lines: list[Any]) -> str:
    path = folder / "sales.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("\n".join(texts), encoding="utf-8", errors="surrogateescape")
    return str(path)


def run(name: str, company: Company | str, **options: Any) -> tuple[int, str, str]:
    """(exit code, output, errors)."""
    out, err = io.StringIO(), io.StringIO()
    said = company if isinstance(company, str) else str(company.public_id)
    try:
        call_command("import_sales", name, company=said, stdout=out, stderr=err, **options)
    except CommandError as error:
        return error.returncode, out.getvalue(), err.getvalue() + str(error)
    return 0, out.getvalue(), err.getvalue()


def test_a_file_becomes_records_and_twice_changes_nothing(tmp_path: Path) -> None:
    company = a_merchant()
    path = a_file(tmp_path, GOOD)
    code, out, err = run(path, company)
    assert (code, err) == (0, "")
    assert f"{len(GOOD):,} rows: " in out
    assert " new" in out
    stored = RecordRow.objects.count()
    assert RecordRow.objects.filter(kind="order").exists()
    assert Reference.objects.filter(kind="product").exists()
    code, out, _ = run(path, company)
    assert code == 0
    assert " new" not in out
    assert RecordRow.objects.count() == stored


def test_bad_lines_are_listed_with_their_number_path_and_reason(tmp_path: Path) -> None:
    company = a_merchant()
    wrong = {"dataset": "orders", "data": ORDERS[1] | {"id": "w", "totalAmount": "many"}}
    lines = [
        GOOD[-1],
        "{ not json",
        {"dataset": "ordres", "data": {}},
        "",
        '"text"',
        wrong,
        {"dataset": "orders", "data": ORDERS[0]},
    ]
    code, out, err = run(a_file(tmp_path, lines), company)
    assert code == 1
    listed = [line for line in err.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in listed] == ["line 2", "line 3", "line 5", "line 6"]
    assert "$.totalAmount" in listed[3]
    assert "'ordres' is no dataset" in listed[1]
    assert "4 refused" in out
    assert RecordRow.objects.filter(external_id=ORDERS[0]["id"]).exists()


def test_a_record_that_does_not_add_up_is_kept_and_told(tmp_path: Path) -> None:
    company = a_merchant()
    off = next(line for line in LINES if "-bad1" in str(line["data"]["id"]))
    code, _, err = run(a_file(tmp_path, [off]), company)
    assert code == 1
    assert "kept, but not for the books" in err
    assert "a difference of GBP 0.01" in err
    assert RecordRow.objects.count() == 1


def test_plain_rows_need_a_dataset(tmp_path: Path) -> None:
    company = a_merchant()
    path = a_file(tmp_path, ORDERS[:3])
    code, _, err = run(path, company)
    assert code == 1
    assert "say with --dataset" in err
    assert not RecordRow.objects.exists()
    assert run(path, company, dataset="orders")[0] == 0
    assert RecordRow.objects.count() >= 3


def test_a_broken_encoding_costs_only_its_line(tmp_path: Path) -> None:
    company = a_merchant()
    path = tmp_path / "sales.jsonl"
    good = json.dumps(ORDERS[0]).encode()
    path.write_bytes(good + b"\n" + json.dumps(ORDERS[1]).encode().replace(b'"id": "', b'"id": "\xff', 1) + b"\n")
    code, _, err = run(str(path), company, dataset="orders")
    assert code == 1
    assert "line 2" in err
    assert RecordRow.objects.filter(external_id=ORDERS[0]["id"]).exists()


def test_a_line_that_is_far_too_long_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales_file, "LINE_BYTES", 10_000)
    company = a_merchant()
    lines = [ORDERS[0], ORDERS[1] | {"note": "x" * 50_000}, ORDERS[2]]
    code, out, err = run(a_file(tmp_path, lines), company, dataset="orders")
    assert code == 1
    assert "line 2: refused" in err
    assert "3 rows" in out
    assert RecordRow.objects.filter(external_id=ORDERS[2]["id"]).exists()


def test_rows_go_in_by_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales_file, "BATCH_ROWS", 10)
    assert run(a_file(tmp_path, GOOD), a_merchant())[0] == 0
    assert all(page.rows <= 10 for page in Page.objects.all())
    assert Page.objects.filter(dataset="orders").count() >= len(ORDERS) // 10


def test_names_go_in_before_the_sales_that_mention_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales_file, "BATCH_ROWS", 30)
    names = [line for line in GOOD if line["dataset"] == "products"]
    sales = [line for line in GOOD if line["dataset"] == "orders"][:30]
    assert len(names) < 30
    assert run(a_file(tmp_path, [*sales[:29], *names, sales[29]]), a_merchant())[0] == 0
    orders = [decode("order", bytes(row.body)) for row in RecordRow.objects.filter(kind="order", deleted=False)]
    goods = [line for order in orders if isinstance(order, Order) for line in order.lines if line.kind == "product"]
    assert goods
    assert all(line.category for line in goods)


def test_the_list_of_problems_ends_at_its_limit(tmp_path: Path) -> None:
    code, _, err = run(a_file(tmp_path, ["{"] * 5), a_merchant(), limit=2)
    assert code == 1
    assert err.count("line ") == 2
    assert "and 3 more" in err


def test_what_cannot_be_read_at_all_ends_with_2(tmp_path: Path) -> None:
    company = a_merchant("Rose")
    path = a_file(tmp_path, GOOD[:1])
    assert run(str(tmp_path / "none.jsonl"), company)[0] == 2
    assert run(str(tmp_path), company)[0] == 2
    assert run(path, "Nobody")[0] == 2
    assert run(path, company, dataset="ordres")[0] == 2
    code, _, err = run(path, "Ros")
    assert (code, "Near it: Rose" in err) == (2, True)


def test_two_connections_or_two_companies_of_one_name_must_be_told_apart(tmp_path: Path) -> None:
    company = a_merchant("Rose")
    path = a_file(tmp_path, GOOD[:1])
    other = connect_commerce(company=company, platform="partner", actor="test")
    code, _, err = run(path, company)
    assert (code, str(other.public_id) in err) == (2, True)
    assert run(path, company, connection=str(other.public_id))[0] == 0
    create_company(partner=Partner.objects.create(name="Other Tills"), name="Rose", currency="GBP", actor="test")
    code, _, err = run(path, "Rose")
    assert (code, str(company.public_id) in err) == (2, True)


def test_the_input_can_be_piped_and_begin_with_a_byte_order_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    company = a_merchant()
    piped = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + json.dumps(GOOD[0]).encode()))
    monkeypatch.setattr("sys.stdin", piped)
    assert run("-", company)[0] == 0


def test_an_empty_file_is_no_error(tmp_path: Path) -> None:
    code, out, _ = run(a_file(tmp_path, []), a_merchant())
    assert (code, "nothing to import" in out) == (0, True)
