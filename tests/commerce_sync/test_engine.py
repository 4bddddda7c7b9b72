"""A merchant's sales become balanced books: pull, post, push, conclude."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from commerce_sync import engine, services, work
from commerce_sync.models import Job, Schedule, Sync
from commerce_sync.schedule import FAILING_DAYS_LIMIT
from commerce_sync.selectors import present_code, unfinished_sync
from connectors.general_ledger import periods
from connectors.general_ledger.accounts import add_tax_rate
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.push_support import retry_items
from ledger.book import Policy, TaxCode
from ledger.models import AuditEntry, Company, Document
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, books_of, sell, trial_balance
from tests.platforms import hostile_books

pytestmark = pytest.mark.django_db


def run(company: Company, **asked: Any) -> Sync:
    """Ask for a sync, and work until nothing is due."""
    sync = services.request_sync(company=company, **asked)
    work.drain()
    sync.refresh_from_db()
    return sync


def test_sales_end_in_the_built_in_books() -> None:
    company = a_merchant()
    sell(company, *(an_order(n) for n in range(20)))
    sync = run(company)
    assert (sync.code, sync.stage, sync.failure_code) == (2000, "done", "")
    assert (sync.counts["records"], sync.counts["written"]) == (20, 1)
    assert trial_balance(company) == {"1100": 24_000, "4000": -20_000, "2200": -4_000}
    assert AuditEntry.objects.get(code="sync.succeeded").subject == str(sync.public_id)


def test_a_second_run_finds_nothing_to_write() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    run(company)
    before = trial_balance(company)
    assert run(company).code == 2040
    assert trial_balance(company) == before


@pytest.mark.case("B10")
def test_a_late_change_posts_its_difference() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    run(company)
    sell(company, an_order(1, amount=1_800, updated_at=datetime(2026, 3, 5, tzinfo=UTC)))
    assert run(company).code == 2000
    assert trial_balance(company) == {"1100": 1_800, "4000": -1_500, "2200": -300}


def test_today_waits_for_its_end_unless_the_run_is_during_the_day() -> None:
    company = a_merchant()
    today = datetime.now(UTC).date()
    sell(company, an_order(1, day=today - timedelta(days=3)), an_order(2, day=today))
    assert run(company).counts["records"] == 1
    services.note_event(company_id=company.pk)
    work.drain()
    sync = Sync.objects.latest("id")
    assert sync.through_day is not None
    assert sync.through_day > today - timedelta(days=1)


def test_a_run_covers_no_day_after_the_one_asked_for() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, day=FIRST_DAY + timedelta(days=1)))
    sync = run(company, through=FIRST_DAY, trigger="historic")
    assert (sync.counts["records"], sync.through_day) == (1, FIRST_DAY)


def test_one_unfinished_sync_at_a_time() -> None:
    company = a_merchant()
    first = services.request_sync(company=company)
    with pytest.raises(services.AlreadyRunning) as refused:
        services.request_sync(company=company)
    assert refused.value.code == 5080
    assert unfinished_sync(company.pk) == first
    assert Job.objects.count() == 1


def test_an_unfinished_sync_is_long_running_after_ten_minutes() -> None:
    sync = services.request_sync(company=a_merchant())
    assert present_code(sync, sync.started_at + timedelta(minutes=1)) == 1000
    assert present_code(sync, sync.started_at + timedelta(minutes=11)) == 1010
    work.drain()
    sync.refresh_from_db()
    assert present_code(sync, datetime.now(UTC)) == 2040


def test_a_locked_period_moves_late_sales_to_the_first_open_day() -> None:
    company = a_merchant()
    periods.lock_period(connection_id=books_of(company).pk, through=FIRST_DAY, author="bookkeeper")
    sell(company, an_order(1))
    assert run(company).code == 2000
    assert Document.objects.get().date == FIRST_DAY + timedelta(days=1)


def test_a_document_that_is_refused_fails_the_run_until_somebody_acts() -> None:
    # These books list no tax rates at all, so that nothing can be said of this one before it is sent.
    company = a_merchant(book=default_book("GBP", DAYS, "invoice", tax_codes=(TaxCode("vat20", "V20"),)))
    link = books_of(company)
    sell(company, an_order(1))
    sync = run(company)
    assert (sync.code, sync.failure_code, sync.failure_turn) == (5130, "tax_rate_gone", "merchant")
    assert run(company).code == 5130
    add_tax_rate(
        connection_id=link.pk, code="V20", name="VAT", rate_ppm=200_000, account_code="2200", actor="bookkeeper"
    )
    retry_items(connection_id=link.pk, actor="support")
    assert run(company).code == 2000


def test_a_record_that_does_not_add_up_is_counted_and_does_not_fail_the_run() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, stated=1_201))
    sync = run(company)
    assert (sync.code, sync.counts["refused"]) == (2000, 1)


def test_an_unmapped_role_is_a_matter_of_configuration_and_is_named() -> None:
    book = default_book("GBP", DAYS, policy=Policy(unmapped="hold"))
    accounts = {role: code for role, code in book.accounts.items() if not role.startswith("sales")}
    company = a_merchant(book=structs.replace(book, accounts=accounts))
    sell(company, an_order(1))
    sync = run(company)
    assert (sync.code, sync.failure_code) == (4000, "unmapped_role")
    assert "sales" in sync.failure_sentence
    save_book(company=company, book=default_book("GBP", DAYS), author="merchant", reason="mapped")
    assert run(company).code == 2000


def test_books_in_another_currency_are_a_matter_of_configuration() -> None:
    company = a_merchant(book=default_book("EUR", DAYS))
    sync = run(company)
    assert (sync.code, sync.failure_code) == (4000, "base_currency")


def test_no_accounting_software_is_a_matter_of_configuration_and_a_withdrawn_one_of_consent() -> None:
    company = a_merchant()
    Connection.objects.filter(company=company, kind="accounting").update(status="Deauthorized")
    assert run(company).code == 4220
    Connection.objects.filter(company=company, kind="accounting").update(status="Unlinked")
    assert (run(company).code, Sync.objects.latest("id").failure_code) == (4000, "no_accounting")


@pytest.mark.case("A25", "C12")
def test_a_platform_that_no_longer_lets_us_in_is_not_called_again(settings: Any) -> None:
    with hostile_books.running() as (server, _):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        company = a_merchant(platform="hostile")
        hostile_books.connect(books_of(company), server)
        sell(company, an_order(1))
        server.fail("e401", times=10)
        assert run(company).code == 4220
        assert books_of(company).status == "Deauthorized"
        told = AuditEntry.objects.get(code="connection.deauthorized")
        assert (told.company_id, told.detail["platform"]) == (company.pk, "hostile")
        calls = len(server.log)
        assert run(company).code == 4220
        assert len(server.log) == calls


@pytest.mark.case("A25")
def test_a_subscription_that_ended_has_its_own_code(settings: Any) -> None:
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        company = a_merchant(platform="hostile")
        hostile_books.connect(books_of(company), server)
        rules.refuse[FIRST_DAY.isoformat()] = "subscription_expired"
        sell(company, an_order(1))
        assert run(company).code == 4260


@pytest.mark.case("F01", "F03")
def test_a_platform_that_asks_for_patience_is_met_again_and_then_left_to_the_next_run(settings: Any) -> None:
    with hostile_books.running() as (server, _):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        company = a_merchant(platform="hostile")
        hostile_books.connect(books_of(company), server)
        sell(company, an_order(1))
        server.fail("rate429", header="900")
        assert (run(company).code, Job.objects.get().state) == (1000, "ready")
        Sync.objects.update(started_at=datetime.now(UTC) - timedelta(seconds=engine.PATIENCE_SECONDS))
        Job.objects.update(next_at=datetime(2026, 1, 1, tzinfo=UTC))
        company.queue.next_at = datetime(2026, 1, 1, tzinfo=UTC)
        company.queue.save()
        work.drain()
        assert Sync.objects.get().code == 5130


def test_a_failed_day_is_caught_up_by_the_next_run_and_31_in_a_row_pause_the_company() -> None:
    company = a_merchant()
    services.save_schedule(company=company, frequency="daily", hour=4, zone="UTC", actor="test")
    Schedule.objects.update(failing_days=FAILING_DAYS_LIMIT - 1, failing_through=date(2026, 1, 31))
    Connection.objects.filter(company=company, kind="accounting").update(status="Unlinked")
    sell(company, an_order(1))
    assert run(company, through=FIRST_DAY).code == 4000
    schedule = Schedule.objects.get()
    assert schedule.paused_at is not None
    assert AuditEntry.objects.filter(code="sync.paused", company=company).count() == 1
    assert work.sweep(datetime(2030, 1, 1, tzinfo=UTC)) == 0
    Connection.objects.filter(company=company, kind="accounting").update(status="Linked")
    services.resume(company=company, start_on=FIRST_DAY, actor="merchant")
    assert run(company).counts["records"] == 1
    schedule.refresh_from_db()
    assert (schedule.failing_days, schedule.paused_at) == (0, None)


def test_resuming_over_days_that_are_done_is_asked_about() -> None:
    company = a_merchant()
    services.save_schedule(company=company, frequency="daily", hour=4, zone="UTC", actor="test")
    run(company, through=FIRST_DAY)
    services.pause(company=company, reason="holiday", actor="merchant")
    with pytest.raises(services.CannotResume, match="overlap"):
        services.resume(company=company, start_on=FIRST_DAY, actor="merchant")
    with pytest.raises(services.CannotResume, match="gap"):
        services.resume(company=company, start_on=FIRST_DAY + timedelta(days=5), actor="merchant")
    services.resume(company=company, start_on=FIRST_DAY, actor="merchant", accept=True)
    assert Schedule.objects.get().paused_at is None


@pytest.mark.parametrize("bad", [{"hour": 24}, {"day_of_month": 29}, {"frequency": "yearly"}])
def test_a_schedule_that_cannot_be_is_refused(bad: dict[str, Any]) -> None:
    facts: dict[str, Any] = {"frequency": "daily", "hour": 4, "zone": "UTC", "actor": "test"}
    with pytest.raises(ValueError, match=r"hour|rhythm"):
        services.save_schedule(company=a_merchant(), **{**facts, **bad})
