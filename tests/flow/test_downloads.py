"""Files to take along: complete, exact, harmless to open, and of nobody else."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from commerce_sync import services, work
from commerce_sync.flow import extracts
from commerce_sync.flow.downloads import FILES
from commerce_sync.flow.files import Column, written
from ledger import commerce
from ledger.models import Company, Document, DocumentLine
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.flow.cast import inside

TODAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
cells = st.one_of(st.none(), st.text())
tables = st.lists(st.lists(st.tuples(cells, cells), max_size=3), max_size=3)
COLUMNS = (Column("a"), Column("b"))


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def synced(*records: commerce.Record) -> Company:
    company = a_merchant()
    sell(company, *records)
    services.request_sync(company=company)
    work.drain(5)
    return company


def asked(browser: Client, file: str, kind: str = "csv", **changes: str) -> Any:
    said = {"what": file, "form": kind, "from": "2026-03-01", "to": "2026-03-10", **changes}
    return browser.get("/flow/downloads/file", said)


def text_of(answered: Any) -> str:
    assert answered.status_code == 200
    return b"".join(answered.streaming_content).decode()


def rows_of(browser: Client, file: str, **changes: str) -> list[dict[str, str]]:
    text = text_of(asked(browser, file, **changes))
    assert text[0] == "\ufeff"  # else Excel breaks accents
    return list(csv.DictReader(io.StringIO(text[1:])))


@pytest.mark.django_db
def test_documents_are_there_with_their_amounts_and_where_they_stand() -> None:
    company = synced(an_order(1), an_order(2, day=date(2026, 3, 4), amount=123_456))
    found = rows_of(inside(company), "documents")
    assert [(row["date"], row["total"], row["currency"], row["state"]) for row in found] == [
        ("2026-03-02", "12.00", "GBP", "pushed"),
        ("2026-03-04", "1234.56", "GBP", "pushed"),
    ]


@pytest.mark.django_db
def test_the_lines_add_up_to_those_that_are_stored() -> None:
    company = synced(an_order(1), an_order(2, amount=777))
    found = rows_of(inside(company), "lines")
    stored = DocumentLine.objects.filter(document__company=company)
    assert len(found) == stored.count()
    pence = [round(float(row[side]) * 100) for row in found for side in ("debit", "credit") if row[side]]
    assert sorted(pence) == sorted(
        amount for pair in stored.values_list("debit", "credit") for amount in pair if amount
    )
    assert {row["account_name"] for row in found} >= {"1100 Card clearing"}


@pytest.mark.django_db
def test_every_record_of_the_days_is_there_once_with_where_it_stands() -> None:
    company = synced(an_order(1), an_order(2, stated=99_900))
    sell(company, an_order(3, day=date(2026, 3, 9)), an_order(4, day=date(2026, 2, 27)))
    found = rows_of(inside(company), "records")
    [document] = Document.objects.filter(company=company)
    assert [(row["business_day"], row["id"], row["state"], row["documents"]) for row in found] == [
        ("2026-03-02", "o1", "in_books", document.reference),
        ("2026-03-02", "o2", "problem", ""),
        ("2026-03-09", "o3", "waiting", ""),
    ]
    assert [row["total"] for row in found] == ["12.00", "999.00", "12.00"]


@pytest.mark.django_db
def test_problems_are_told_in_the_merchants_words() -> None:
    found = rows_of(inside(synced(an_order(2, stated=99_900))), "problems")
    assert [(row["code"], row["record_id"], row["total"], row["resolved_at"]) for row in found] == [
        ("lines_do_not_add_up", "o2", "999.00", "")
    ]
    assert found[0]["what"] == "The lines add up to £12.00, but your sales system says £999.00."


@pytest.mark.django_db
def test_the_mapping_names_what_is_chosen() -> None:
    found = rows_of(inside(synced(an_order(1))), "mapping")
    [card] = [row for row in found if row["key"] == "card"]
    assert (card["section"], card["chosen_id"], card["chosen_name"]) == ("payments", "1100", "Card clearing")


@pytest.mark.django_db
@pytest.mark.parametrize("what", FILES)
def test_every_file_says_the_same_as_json(what: str) -> None:
    browser = inside(synced(an_order(1), an_order(2, stated=99_900)))
    answered = asked(browser, what, "json")
    assert answered["Content-Type"] == "application/json; charset=utf-8"
    found = json.loads(text_of(answered))
    told = rows_of(browser, what)
    assert found
    assert [{name: value or "" for name, value in row.items()} for row in found] == told
    assert list(found[0]) == [column.name for column in FILES[what].columns]


@pytest.mark.django_db
@pytest.mark.parametrize("what", FILES)
def test_a_file_without_rows_is_a_file(what: str) -> None:
    browser = inside(synced(an_order(1)))
    changes = {"from": "2020-01-01", "to": "2020-01-02"}
    found = json.loads(text_of(asked(browser, what, "json", **changes)))
    assert what == "mapping" or found == []


@pytest.mark.django_db
@pytest.mark.parametrize("what", [what for what in FILES if what != "mapping"])
def test_another_companys_rows_are_in_no_file(what: str) -> None:
    synced(an_order(1), an_order(2, stated=99_900))
    assert rows_of(inside(a_merchant("Anchor Inn")), what) == []


@pytest.mark.case("S16")
@pytest.mark.django_db
@pytest.mark.case("E14")
def test_what_a_sales_system_said_begins_no_formula() -> None:
    company = synced(an_order(1))
    sell(company, commerce.Order(**{**_fields(an_order(5)), "id": '=HYPERLINK("//x")'}))
    found = rows_of(inside(company), "records")
    assert [row["id"] for row in found] == ["o1", '\'=HYPERLINK("//x")']


def _fields(order: commerce.Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in order.__struct_fields__}


@pytest.mark.case("S14", "S16")
@pytest.mark.django_db
def test_an_answer_is_a_download_that_nobody_keeps() -> None:
    answered = asked(inside(synced(an_order(1))), "documents")
    assert answered["Content-Disposition"] == 'attachment; filename="documents-2026-03-01-2026-03-10.csv"'
    assert answered["Content-Type"] == "text/csv; charset=utf-8"
    assert answered["Cache-Control"] == "no-store"
    assert answered["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"what": "passwords"}, "Choose what you want to have."),
        ({"form": "exe"}, "Choose a kind of file."),
        ({"from": "never"}, "“never” is no date."),
        ({"to": "0001-01-01"}, "“0001-01-01” is no date."),
        ({"from": "2026-03-11"}, "The last day is before the first."),
        ({"from": "2024-01-01"}, "A file holds a year at most."),
    ],
)
def test_what_cannot_be_had_is_told_and_what_was_chosen_stays(changes: dict[str, str], words: str) -> None:
    answered = asked(inside(a_merchant()), "lines", **changes)
    assert answered.status_code == 400
    page = unescape(answered.content.decode())
    assert words in page
    assert 'value="2026-03-10"' in page or "to" in changes
    assert 'value="lines" checked' in page or "what" in changes


@pytest.mark.django_db
def test_more_rows_than_a_file_holds_are_refused_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = inside(synced(an_order(1), an_order(2, stated=99_900)))
    monkeypatch.setattr(extracts, "MOST_ROWS", 0)
    for what in ("documents", "lines", "records", "problems"):
        answered = asked(browser, what)
        assert answered.status_code == 400
        assert "Choose fewer days." in answered.content.decode()


@pytest.mark.django_db
def test_rows_of_many_batches_are_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = inside(synced(*(an_order(number, day=date(2026, 3, 1 + number)) for number in range(1, 8))))
    whole = {what: text_of(asked(browser, what, form)) for what in FILES for form in ("csv", "json")}
    monkeypatch.setattr(extracts, "BATCH", 2)
    monkeypatch.setattr(extracts, "BATCH_OF_LINES", 2)
    assert {what: text_of(asked(browser, what, form)) for what in FILES for form in ("csv", "json")} == whole
    assert len(rows_of(browser, "documents")) == 7


@pytest.mark.django_db
def test_words_of_a_file_are_in_the_language_of_the_page() -> None:
    company = synced(an_order(2, stated=99_900))
    [row] = rows_of(inside(company, "fr-fr"), "problems")
    assert "999,00\N{NO-BREAK SPACE}£" in row["what"]


@given(tables)
def test_a_csv_reads_back_as_what_was_written(batches: list[list[tuple[str | None, str | None]]]) -> None:
    text = "".join(written("csv", COLUMNS, batches))
    read = list(csv.reader(io.StringIO(text[1:], newline="")))
    starts = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    plain = [[cell or "" for cell in row] for batch in batches for row in batch]
    expected = [[f"'{cell}" if cell.startswith(starts) else cell for cell in row] for row in plain]
    assert read == [["a", "b"], *expected]


@given(tables)
def test_json_reads_back_as_what_was_written(batches: list[list[tuple[str | None, str | None]]]) -> None:
    found = json.loads("".join(written("json", COLUMNS, batches)))
    assert found == [{"a": row[0], "b": row[1]} for batch in batches for row in batch]
