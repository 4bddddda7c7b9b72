"""What stands wrong at a company is found once, under its right name, and is over when its cause is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from msgspec import structs

from commerce_sync.models import Job, Schedule, Sync, Undo
from commerce_sync.services import pause
from connectors.auth import Secrets
from connectors.credentials import store as store_credential
from connectors.general_ledger.accounts import archive_account
from connectors.models import Binding, Call, Connection, Option, PushItem, Reference
from connectors.services import connect_commerce, deauthorize
from health.findings.kinds import KINDS
from health.findings.watching import house_watches, look_at, watches
from health.models import Finding
from ledger.book import TaxCode
from ledger.models import Company, Document
from ledger.problem_rows import Subject, open_problems, resolve_problems
from ledger.problems import Problem
from ledger.services import audit, save_book
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, books_of, sell
from tests.commerce_sync.demo_cast import settle, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _every_watch_could_look(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelname == "ERROR"] == []


def open_findings(company: Company | None = None) -> dict[str, Finding]:
    """Code → the open finding; each code once."""
    rows = Finding.objects.filter(resolved_at=None)
    if company is not None:
        rows = rows.filter(company=company)
    found = list(rows)
    codes = [row.code for row in found]
    assert len(codes) == len(set(codes)), codes
    return {row.code: row for row in found}


def looked(company: Company, depth: Any = "night", at: datetime | None = None) -> dict[str, Finding]:
    """What is open once the company has been looked at; every sentence is whole."""
    look_at([company.pk], depth, at)
    found = open_findings(company)
    for finding in found.values():
        assert "?" not in finding.sentence + finding.remedy, finding.sentence
        assert finding.root
    return found


def codes(company: Company, **options: Any) -> set[str]:
    return set(looked(company, **options))


def ended(company: Company, code: int, ago: timedelta = timedelta(hours=2), **changes: Any) -> Sync:
    at = timezone.now() - ago
    facts = {"trigger": "schedule", "code": code, "stage": "done", "started_at": at, "finished_at": at, **changes}
    return Sync.objects.create(company=company, **facts)


def scheduled(company: Company, **changes: Any) -> Schedule:
    facts = {"zone": "Europe/London", "next_due_at": timezone.now() + timedelta(hours=3), **changes}
    return Schedule.objects.create(company=company, **facts)


def posted(company: Company | None = None, orders: int = 2) -> Company:
    company = company or a_merchant()
    sell(company, *(an_order(number) for number in range(1, orders + 1)))
    settle(company, FIRST_DAY)
    return company


def refuse(company: Company, code: str, sentence: str, turn: str = "support") -> Document:
    """A document of the company stays here, refused."""
    tamper("connectors_pushitem", "DELETE FROM connectors_pushitem WHERE company_id = %s", company.pk)
    tamper("connectors_binding", "DELETE FROM connectors_binding WHERE connection_id = %s", books_of(company).pk)
    tamper("ledger_document", "UPDATE ledger_document SET pushed_at = NULL WHERE company_id = %s", company.pk)
    document = Document.objects.filter(company=company)[0]
    PushItem.objects.create(
        document=document, company=company, connection=books_of(company), state="refused", failure_code=code,
        failure_sentence=sentence.replace("REF", document.reference), failure_remedy="Do something.",
        failure_turn=turn, updated_at=timezone.now(),
    )  # fmt: skip
    return document


def test_every_kind_has_one_watch() -> None:
    owned = [code for watch in (*watches(), *house_watches()) for code in watch.codes]
    assert len(owned) == len(set(owned))
    assert set(owned) <= KINDS.keys()
    assert KINDS.keys() == set(owned)


def test_a_merchant_without_trouble_has_no_findings() -> None:
    company = posted()
    scheduled(company, last_success_through=FIRST_DAY)
    ended(company, 2000)
    assert codes(company) == set()
    assert codes(company, depth="sync") == set()


def test_refused_documents_are_one_finding_for_each_answer() -> None:
    company = posted()
    document = refuse(company, "validation", "REF: the line 3 has no item, at 2026-11-03T10:00:00Z.")
    finding = looked(company)["delivery_refused"]
    assert (finding.count, finding.turn, finding.causes[0]["id"]) == (1, "support", str(document.pk))
    assert finding.root == "books refuses validation: …: the line 3 has no item, at …"
    assert document.reference in finding.sentence
    tamper("connectors_pushitem", "UPDATE connectors_pushitem SET state = 'prepared', failure_code = ''")
    assert codes(company) == set()


def test_an_archived_account_is_told_of_instead_of_the_documents_that_it_refuses() -> None:
    company = posted()
    book = company.book_versions.get().book
    account = book.account("sales", "GBP")
    archive_account(connection_id=books_of(company).pk, code=account, actor="test")
    document = refuse(company, "account_inactive", f"The account {account} is archived.", "merchant")
    ended(company, 5130, failure_code="account_inactive", failure_sentence="no")
    found = looked(company)
    assert set(found) == {"account_archived"}
    assert [cause["id"] for cause in found["account_archived"].causes] == [str(document.pk)]
    assert "is archived in" in found["account_archived"].sentence
    assert "sales" in found["account_archived"].params["roles"]


def test_an_archived_account_is_found_before_anything_is_refused() -> None:
    company = posted()
    account = company.book_versions.get().book.account("sales", "GBP")
    archive_account(connection_id=books_of(company).pk, code=account, actor="test")
    ended(company, 4000, failure_code="choice_unavailable", failure_sentence="It is archived.", failure_turn="merchant")
    assert codes(company, depth="sync") == {"account_archived"}


def test_options_that_are_gone_at_other_software_are_found_by_what_is_kept_of_them() -> None:
    company = a_merchant(platform="xero")
    link = books_of(company)
    tax = TaxCode("vat20", "OUTPUT2")
    book = structs.replace(company.book_versions.get().book, tax_codes=(tax,))
    save_book(company=company, book=book, author="test", reason="taxes")
    for account in {*book.accounts.values(), book.suspense}:
        Option.objects.create(
            connection=link, kind="account", external_id=account, name=account, fetched_at=timezone.now()
        )
    Option.objects.create(connection=link, kind="tax_rate", external_id="OUTPUT2", name="T", fetched_at=timezone.now())
    assert codes(company) == set()
    Option.objects.filter(kind="tax_rate", external_id="OUTPUT2").update(active=False)
    Option.objects.filter(kind="account", external_id=book.suspense).delete()
    found = looked(company)
    assert set(found) == {"account_archived", "tax_rate_archived"}
    assert "does not exist in" in found["account_archived"].sentence


def in_the_dark(company: Company, ago: timedelta) -> None:
    refuse(company, "x", "x")
    at = timezone.now() - ago
    tamper(
        "connectors_pushitem",
        """UPDATE connectors_pushitem SET state = 'unknown', failure_code = '', claimed_at = %s, deadline_at = %s,
           updated_at = %s""",
        at, at, at,
    )  # fmt: skip


def test_an_outcome_that_is_not_known_for_an_hour_is_found() -> None:
    company = posted()
    in_the_dark(company, timedelta(minutes=10))
    assert codes(company) == set()
    in_the_dark(company, timedelta(hours=2))
    assert codes(company) == {"delivery_unknown"}


def test_documents_that_nobody_sends_are_found_where_nothing_else_explains_them() -> None:
    company = posted()
    scheduled(company)
    refuse(company, "x", "x")
    tamper("connectors_pushitem", "DELETE FROM connectors_pushitem")
    ended(company, 2040, timedelta(0))
    assert codes(company) == set()
    tamper("ledger_posting", "UPDATE ledger_posting SET created_at = created_at - interval '2 days'")
    assert codes(company) == {"delivery_waiting"}
    Schedule.objects.update(paused_at=timezone.now(), pause_reason="a while")
    assert codes(company) == set()


def test_a_lost_connection_is_one_finding_and_not_a_failing_sync() -> None:
    company = posted()
    deauthorize(connection_id=books_of(company).pk, actor="engine", reason="401 at 2026-11-03T10:00:00Z")
    ended(company, 4220, failure_code="NotAuthorized", failure_sentence="no", failure_turn="merchant")
    found = looked(company)
    assert set(found) == {"connection_lost"}
    assert "401 at …" in found["connection_lost"].sentence
    Connection.objects.update(status="Linked", linked_at=timezone.now())
    assert codes(company) == set()


def in_days(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)


@pytest.mark.case("C13")
def test_an_access_that_ends_soon_is_found_unless_we_renew_it() -> None:
    company = a_merchant()
    link = books_of(company)
    store_credential(connection_id=link.pk, secrets=Secrets(access_token="t", expires_at=in_days(3)))
    assert codes(company) == {"connection_expiring"}
    store_credential(connection_id=link.pk, secrets=Secrets(access_token="t", refresh_token="r", expires_at=in_days(3)))
    assert codes(company) == set()
    store_credential(connection_id=link.pk, secrets=Secrets(access_token="t", expires_at=in_days(30)))
    assert codes(company) == set()


@pytest.mark.case("C13")
def test_an_access_that_we_cannot_renew_much_longer_is_found() -> None:
    company = a_merchant()
    link = company.connections.get(kind="commerce")
    Connection.objects.filter(pk=link.pk).update(platform="shopify", settings={"shop": "x.myshopify.com"})
    held = Secrets(access_token="t", refresh_token="r", expires_at=in_days(0))
    for days, expected in ((30, set()), (6, {"connection_expiring"})):
        store_credential(connection_id=link.pk, secrets=structs.replace(held, refresh_expires_at=in_days(days)))
        assert codes(company) == expected


def test_a_source_that_is_not_read_for_days_though_syncs_run_is_found() -> None:
    company = posted()
    scheduled(company)
    ended(company, 2040)
    Connection.objects.filter(kind="commerce").update(platform="square", linked_at=timezone.now() - timedelta(days=5))
    assert codes(company) == {"connection_stale"}
    Sync.objects.update(code=5120)
    assert codes(company) == {"sync_failing"}


@pytest.mark.case("D13")
def test_a_bell_that_is_switched_off_is_found() -> None:
    company = a_merchant()
    link = company.connections.get(kind="commerce")
    at = timezone.now()
    Reference.objects.create(
        connection=link, kind="webhook", external_id="1", name="Order created", first_seen_at=at, last_seen_at=at,
        detail={"status": "paused", "url": f"https://here.example/{link.public_id}"},
    )  # fmt: skip
    assert "“Order created”" in looked(company)["webhooks_off"].sentence


def test_a_sync_that_fails_is_found_with_the_platform_that_is_down_as_its_root() -> None:
    company = a_merchant()
    ended(company, 2040, timedelta(days=9))
    first = ended(company, 5120, timedelta(days=4), failure_code="PlatformDown", failure_turn="nobody")
    last = ended(company, 5120, failure_code="PlatformDown", failure_turn="nobody", failure_sentence="HTTP 503 0xabc")
    link = company.connections.get(kind="commerce")
    Call.objects.create(
        connection=link, platform="square", method="GET", url="u", failure="PlatformDown", duration_ms=1,
        started_at=timezone.now(), correlation=str(last.public_id),
    )  # fmt: skip
    finding = looked(company)["sync_failing"]
    assert (finding.root, finding.severity, finding.turn) == ("square: PlatformDown", "error", "support")
    assert f"{first.finished_at:%Y-%m-%d %H:%M}" in finding.sentence
    assert "HTTP 503 …" in finding.sentence
    ended(company, 2000, timedelta(0))
    assert codes(company) == set()


def test_a_platform_that_has_just_gone_down_is_a_warning_only() -> None:
    company = a_merchant()
    ended(company, 5120, failure_code="PlatformDown", failure_turn="nobody")
    assert looked(company)["sync_failing"].severity == "warning"


def test_a_pause_of_ours_is_found_and_a_merchant_s_only_after_long() -> None:
    company = a_merchant()
    scheduled(company)
    pause(company=company, reason="Holidays.", actor="merchant")
    assert codes(company) == set()
    assert codes(company, at=timezone.now() + timedelta(days=40)) == {"company_paused"}
    audit(code="sync.paused", actor="engine", company=company)
    ended(company, 5120, failure_sentence="They are down.")
    Schedule.objects.update(pause_reason="31 days in a row failed.")
    finding = looked(company)["company_paused"]
    assert finding.severity == "error"
    assert "31 days in a row failed. They are down." in finding.sentence


def test_a_sync_that_does_not_begin_or_does_not_end_is_found() -> None:
    company, other = a_merchant(), a_merchant("Another")
    scheduled(company, next_due_at=timezone.now() - timedelta(hours=7))
    Sync.objects.create(company=other, trigger="schedule", stage="pull", started_at=timezone.now() - timedelta(hours=4))
    assert codes(company) == {"sync_overdue"}
    assert codes(other) == {"sync_stuck"}
    Sync.objects.update(trigger="historic")
    assert codes(other) == set()


def test_a_job_that_was_given_up_is_found_until_a_sync_succeeds() -> None:
    company = a_merchant()
    sync = ended(company, 5000)
    at = timezone.now() - timedelta(hours=3)
    Job.objects.create(
        company=company, sync=sync, key="dead:7", state="dead", attempts=8, next_at=at, created_at=at,
        last_error="Traceback\n  File x\nValueError: 0xdead",
    )  # fmt: skip
    found = looked(company)
    assert set(found) == {"job_dead"}
    assert found["job_dead"].root == "given up: ValueError: …"
    ended(company, 2040, timedelta(0))
    assert codes(company) == set()


def test_an_undo_that_hangs_is_found() -> None:
    company = posted()
    run = ended(company, 2040, trigger="undo")
    posting = company.postings.get()
    Undo.objects.create(
        company=company, posting=posting, run=run, state="running", plan={"postings": []}, actor="Sam",
        requested_at=timezone.now() - timedelta(hours=2), failure_sentence="The period is closed.",
    )  # fmt: skip
    assert "The period is closed." in looked(company)["undo_stuck"].sentence


def test_problems_are_one_finding_for_each_thing_that_is_wrong() -> None:
    company = a_merchant()
    problems = [
        *(Subject(f"order {number}", Problem("unmapped_role", detail={"role": "sales:Food"})) for number in range(30)),
        Subject("order 99", Problem("held_by_neighbor", detail={"code": "unmapped_role", "day": "2026-11-03"})),
        Subject("order 98", Problem("before_start", detail={"day": "2026-11-03", "start": "2026-11-04"})),
    ]
    open_problems(company.pk, problems, timezone.now())
    finding = looked(company)["unmapped_role"]
    assert set(open_findings(company)) == {"unmapped_role"}
    assert (finding.count, finding.turn, len(finding.causes)) == (30, "merchant", 20)
    assert "“sales:Food”" in finding.sentence
    resolve_problems(company.pk, [], [each.name for each in problems], timezone.now())
    assert codes(company) == set()


def test_two_words_that_are_not_known_are_two_findings() -> None:
    company = a_merchant()
    words = [Subject(word, Problem("unknown_word", detail={"word": word, "field": "tender"})) for word in ("a", "b")]
    open_problems(company.pk, words, timezone.now())
    look_at([company.pk])
    assert Finding.objects.filter(code="unknown_word").count() == 2


def test_books_that_cannot_be_are_found_and_stay_found_until_they_are_right() -> None:
    company = posted()
    tamper("ledger_documentline", "UPDATE ledger_documentline SET debit = debit + 1 WHERE debit IS NOT NULL")
    at = datetime(2026, 3, 4, tzinfo=UTC)
    assert "document_unbalanced" in codes(company, at=at)
    assert "document_unbalanced" in codes(company, depth="sync", at=at + timedelta(days=300))
    tamper("ledger_documentline", "UPDATE ledger_documentline SET debit = debit - 1 WHERE debit IS NOT NULL")
    assert "document_unbalanced" not in codes(company, depth="sync", at=at + timedelta(days=300))


def test_a_record_that_is_in_the_books_twice_is_found() -> None:
    company = posted()
    tamper(
        "ledger_standing",
        """INSERT INTO ledger_standing (record_id, round, company_id, happened_at, state, posting_id)
           SELECT record_id, 1, company_id, happened_at, 1, posting_id FROM ledger_standing LIMIT 1""",
    )
    assert "record_twice" in codes(company, at=datetime(2026, 3, 4, tzinfo=UTC))


def test_a_version_and_its_successor_both_in_the_books_are_found() -> None:
    company = posted()
    tamper("ledger_record", "UPDATE ledger_record SET superseded = true WHERE external_id = 'o1'")
    sell(company, an_order(1, amount=1_500, updated_at=datetime(2026, 3, 3, tzinfo=UTC)))
    tamper(
        "ledger_standing",
        """UPDATE ledger_standing SET state = 1, posting_id = (SELECT max(id) FROM ledger_posting) WHERE state = 0""",
    )
    assert "record_twice" in codes(company)


def test_a_delivery_without_its_binding_is_found() -> None:
    company = posted()
    tamper("connectors_pushitem", "DELETE FROM connectors_pushitem")
    tamper("connectors_binding", "DELETE FROM connectors_binding")
    assert Binding.objects.count() == 0
    assert codes(company, at=datetime(2026, 3, 4, tzinfo=UTC)) == {"binding_missing"}


def test_the_same_sales_from_two_systems_are_found_once() -> None:
    company = a_merchant()
    first = company.sources.get()
    sell(company, *(an_order(number, amount=1_000 + 7 * number) for number in range(1, 9)))
    second = connect_commerce(company=company, platform="partner", name="Shop", actor="test").source
    at = timezone.now()
    assert second is not None
    tamper(
        "ledger_record",
        "UPDATE ledger_record SET happened_at = %s - substr(external_id, 2)::int * interval '1 hour'",
        at,
    )
    assert codes(company) == set()
    tamper(
        "ledger_record",
        """INSERT INTO ledger_record (source_id, kind, external_id, revision, superseded, deleted, incomplete, currency,
               total, happened_at, updated_at, received_at, digest, raw_digest, body)
           SELECT %s, kind, 'shop-' || external_id, revision, superseded, deleted, incomplete, currency, total,
               happened_at + interval '20 seconds', updated_at, received_at, digest, raw_digest, body FROM ledger_record
           WHERE source_id = %s""",
        second.pk, first.pk,
    )  # fmt: skip
    finding = looked(company)["sources_overlap"]
    assert finding.count == 8
    assert finding.amount == sum(1_000 + 7 * number for number in range(1, 9))
