"""`manage.py replay`: what is stored raw, mapped and posted again, shows what has changed and writes nothing."""

from __future__ import annotations

from contextlib import nullcontext
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from commerce_sync.replay import differences, read_only
from connectors.commerce.partner import Partner as PartnerPlatform
from connectors.models import Page, Reference
from ledger.models import Company, Posting, RecordRow
from ledger.rules import fees
from tests.commerce_sync.demo_cast import a_posted_shop, a_shop, tamper


def run(**options: Any) -> tuple[int, str]:
    """(exit code, output)."""
    out = StringIO()
    try:
        call_command("replay", stdout=out, stderr=StringIO(), **options)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


@pytest.fixture
def inside_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's transaction has begun to write, so it cannot become read-only; a test below proves that it does."""
    monkeypatch.setattr("commerce_sync.management.commands.replay.read_only", nullcontext)


@pytest.mark.django_db
@pytest.mark.usefixtures("inside_a_test")
class TestReplay:
    def test_what_has_not_changed_replays_without_a_difference(self) -> None:
        a_posted_shop(days=3)
        code, out = run()
        assert code == 0
        assert "0 records and 0 sums differ" in out
        assert f"{RecordRow.objects.count():,} records compared" in out

    def test_a_name_that_has_changed_shows_in_records_and_not_in_sums_of_one_account(self) -> None:
        shop = a_posted_shop()
        Reference.objects.filter(kind="product", detail__category="Bakery").update(detail={"category": "Bread"})
        type(shop.sales).objects.filter(pk=shop.sales.pk).update(references_version=99)
        code, out = run(list=5)
        assert code == 1
        assert ".category: Bakery → Bread" in out
        assert "0 sums differ" in out
        assert "more (--list prints more)" in out

    def test_a_rule_that_has_changed_shows_in_the_sums(self, monkeypatch: pytest.MonkeyPatch) -> None:
        a_posted_shop()
        monkeypatch.setattr(fees.roles, "clearing_role", lambda method, provider: "bank")
        code, out = run()
        assert code == 1
        assert "0 records and" in out
        assert "account 1100: the documents hold" in out

    def test_a_stored_record_that_differs_from_its_page_shows_with_its_path(self) -> None:
        a_posted_shop()
        order = RecordRow.objects.filter(kind="order", total__gt=0).earliest("id")
        tamper(
            "ledger_record",
            """UPDATE ledger_record SET body = convert_to(
                replace(convert_from(body, 'UTF8'), '"number":"', '"number":"X'), 'UTF8') WHERE id = %s""",
            order.pk,
        )
        code, out = run()
        assert code == 1
        assert f"order {order.external_id} (#{order.pk}) $.number: X" in out

    def test_a_row_that_was_refused_and_would_be_taken_today_shows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        a_posted_shop()
        original = PartnerPlatform.map

        def lenient(self: Any, dataset: str, row: Any, context: Any) -> Any:
            return original(self, dataset, bytes(row).replace(b'"ZZZ"', b'"GBP"'), context)

        monkeypatch.setattr(PartnerPlatform, "map", lenient)
        code, out = run()
        assert code == 1
        assert "order london-20260303-bad2 (row" in out
        assert "$: (nothing) → a record" in out

    def test_a_record_that_would_be_refused_today_shows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        a_posted_shop()
        fee = RecordRow.objects.filter(kind="fee").earliest("id")
        original = PartnerPlatform.map

        def strict(self: Any, dataset: str, row: Any, context: Any) -> Any:
            if fee.external_id.encode() in bytes(row):
                row = b'{"id": 1, "type": []}'
            return original(self, dataset, row, context)

        monkeypatch.setattr(PartnerPlatform, "map", strict)
        code, out = run()
        assert code == 1
        assert f"fee {fee.external_id} (#{fee.pk}) $: a record → refused" in out
        assert "sums differ" in out

    def test_purged_pages_are_counted_and_nothing_is_guessed_about_them(self) -> None:
        a_posted_shop()
        Page.objects.filter(dataset="orders").update(body=None)
        code, out = run()
        assert code == 0
        assert "of them purged and not read" in out

    def test_it_can_be_narrowed(self) -> None:
        shop = a_posted_shop()
        assert "1 pages" in run(company=shop.company.name, limit=1)[1]
        assert "0 pages" in run(connection=str(shop.sales.public_id), since="2100-01-01")[1]
        assert run(company="Nobody")[0] == 1
        assert run(connection="x")[0] == 1
        assert run(since="yesterday")[0] == 1


@pytest.mark.django_db(transaction=True)
def test_postgresql_itself_refuses_any_write_in_a_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    a_shop()
    before = (RecordRow.objects.count(), Posting.objects.count())
    assert run()[0] == 0
    original = PartnerPlatform.map

    def writing(self: Any, *args: Any) -> Any:
        Company.objects.update(name="Changed by a mapping")
        return original(self, *args)

    monkeypatch.setattr(PartnerPlatform, "map", writing)
    with pytest.raises(DatabaseError, match="read-only transaction"):
        run()
    assert (RecordRow.objects.count(), Posting.objects.count()) == before
    assert not Company.objects.filter(name="Changed by a mapping").exists()
    with pytest.raises(DatabaseError, match="read-only transaction"), read_only():
        Company.objects.update(name="Changed")


def test_differences_name_the_path_of_every_leaf() -> None:
    before = {"a": 1, "b": [1, {"c": 2}], "d": None}
    after = {"a": 1, "b": [1, {"c": 3}, 4], "e": 5}
    assert list(differences(before, after)) == [
        ("$.b[1].c", "2", "3"),
        ("$.b[2]", "(nothing)", "4"),
        ("$.d", "None", "(nothing)"),
        ("$.e", "(nothing)", "5"),
    ]
