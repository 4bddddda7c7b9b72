"""The installation is watched by the doctor's own checks, each trouble told of once; and who looks, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import override_settings
from django.utils import timezone
from django_q.models import Schedule as BellSchedule
from msgspec import structs

from commerce_sync.models import Heartbeat, Job, Schedule, Sync
from commerce_sync.services import pause, resume
from commerce_sync.tasks import ensure_schedules
from connectors.auth import Secrets
from connectors.credentials import store
from connectors.general_ledger.accounts import add_tax_rate, archive_account, archive_tax_rate
from connectors.models import Option
from connectors.services import connect_commerce, deauthorize
from health import doctor_machine
from health.findings import errand
from health.findings.overdue import ring
from health.findings.watching import look_at_house
from health.models import Finding, Lookout, Round, Watched, WebhookEndpoint
from health.watches import house
from health.webhooks.services import add_endpoint
from ledger import sql
from ledger.problem_rows import Subject, open_problems, resolve_problems
from ledger.problems import Problem
from ledger.services import save_book
from tests.api.cast import make_partner
from tests.commerce_sync.cast import a_merchant, books_of

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture(autouse=True)
def _every_watch_could_look(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelname == "ERROR"] == []


def looked() -> dict[str, Finding]:
    look_at_house()
    found = {row.code: row for row in Finding.objects.filter(resolved_at=None, company=None)}
    for finding in found.values():
        assert "?" not in finding.sentence + finding.remedy, finding.sentence
    return found


def test_a_healthy_house_has_no_findings() -> None:
    ensure_schedules()
    assert looked() == {}


def test_work_without_workers_is_found_as_that_and_as_nothing_else() -> None:
    ensure_schedules()
    Job.objects.create(company=a_merchant(), key="k", next_at=LONG_AGO, created_at=LONG_AGO)
    assert set(looked()) == {"workers_gone"}
    Heartbeat.objects.create(slot="here/0", at=timezone.now())
    assert set(looked()) == {"work_waiting"}
    Job.objects.all().delete()
    assert looked() == {}


def test_a_disk_that_fills_is_one_finding_that_becomes_graver(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, severity in (("DISK_WARNING_BYTES", "warning"), ("DISK_FAILURE_BYTES", "error")):
        monkeypatch.setattr(doctor_machine, limit, 2**62)
        assert looked()["disk_low"].severity == severity
    assert Finding.objects.count() == 1


def test_a_failing_check_is_found_with_the_doctor_s_remedy() -> None:
    BellSchedule.objects.all().delete()
    finding = looked()["check_failed"]
    assert (finding.subject, finding.severity) == ("schedules", "warning")
    assert "ensure_schedules()" in finding.remedy
    ensure_schedules()
    assert looked() == {}


def test_credentials_under_a_lost_key_are_found_without_opening_them() -> None:
    with override_settings(COMMERCE_SYNC_ENCRYPTION_KEYS=[Fernet.generate_key().decode()]):
        store(connection_id=books_of(a_merchant()).pk, secrets=Secrets(access_token="t"))
    assert looked()["check_failed"].severity == "error"


def test_a_check_that_cannot_be_made_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise OSError("no such clock\nmore")

    monkeypatch.setattr(house, "CHECKS", (("clock", broken),))
    assert looked()["check_failed"].sentence == "Clock: could not be checked: no such clock."


def test_a_webhook_address_that_does_not_answer_is_the_partner_s_to_see() -> None:
    partner = make_partner()
    add_endpoint(partner=partner, url="https://till.example/a?key=secret", description="", event_types=(), actor="t")
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(minutes=5), failures=1)
    assert looked() == {}
    WebhookEndpoint.objects.update(failing_since=LONG_AGO)
    finding = looked()["endpoint_failing"]
    assert (finding.partner, finding.turn, finding.company) == (partner, "partner", None)
    assert "secret" not in finding.sentence
    WebhookEndpoint.objects.update(disabled_at=timezone.now(), disabled_reason="It has failed for 5 days.")
    assert set(looked()) == {"endpoint_disabled"}


def test_one_process_looks_at_the_house_every_few_minutes() -> None:
    at = timezone.now()
    assert errand.is_due("house", errand.HOUSE_EVERY, at)
    assert not errand.is_due("house", errand.HOUSE_EVERY, at + timedelta(minutes=1))
    assert errand.is_due("another", errand.HOUSE_EVERY, at)
    assert errand.is_due("house", errand.HOUSE_EVERY, at + errand.HOUSE_EVERY)
    assert Round.objects.count() == 2


def test_every_company_has_its_night_and_then_rests_for_a_day() -> None:
    companies = [a_merchant(f"Shop {number}") for number in range(3)]
    assert Watched.objects.filter(nightly_at=None).count() == 3
    assert errand.look_at_night() == 3
    assert errand.look_at_night() == 0
    Watched.objects.filter(company=companies[1]).update(nightly_at=timezone.now() - timedelta(hours=24))
    assert errand.look_at_night() == 1


def rung() -> int:
    """How many companies are to be looked at; none of them any more."""
    found = Lookout.objects.values("company_id").distinct().count()
    Lookout.objects.all().delete()
    return found


def test_whatever_a_watch_reads_rings_when_it_changes() -> None:
    """company_is_watched, new_connection_is_looked_at, pause_is_looked_at, dead_job_is_looked_at,
    removed_job_is_looked_at, option_is_looked_at, account_is_looked_at, tax_rate_is_looked_at."""
    company = a_merchant()
    link = books_of(company)
    assert rung() == 1
    Schedule.objects.create(company=company, zone="UTC", next_due_at=timezone.now())
    Schedule.objects.update(next_due_at=timezone.now() + timedelta(days=1))
    assert rung() == 0  # moving on is nothing to look at
    pause(company=company, reason="holidays", actor="Sam")
    assert rung() == 1
    resume(company=company, start_on=timezone.now().date(), actor="Sam", accept=True)
    assert rung() == 1
    archive_account(connection_id=link.pk, code=company.book_versions.get().book.suspense, actor="test")
    assert rung() == 1
    add_tax_rate(connection_id=link.pk, code="VAT", name="VAT", rate_ppm=200_000, account_code="2100", actor="test")
    assert rung() == 0
    archive_tax_rate(connection_id=link.pk, code="VAT", actor="test")
    assert rung() == 1
    option = Option.objects.create(connection=link, kind="account", external_id="1", name="A", fetched_at=LONG_AGO)
    Option.objects.update(name="B")
    assert rung() == 0
    Option.objects.filter(pk=option.pk).update(active=False)
    assert rung() == 1
    job = Job.objects.create(company=company, key="dead:1", state="dead", next_at=LONG_AGO, created_at=LONG_AGO)
    assert rung() == 1
    job.delete()
    assert rung() == 1
    Job.objects.create(company=company, key="2", next_at=LONG_AGO, created_at=LONG_AGO).delete()
    assert rung() == 0
    connect_commerce(company=company, platform="partner", name="Another", actor="test")
    assert rung() == 1


def test_problems_books_connections_and_the_ends_of_syncs_ring() -> None:
    """problem_is_looked_at, cure_is_looked_at, book_is_looked_at, connection_is_looked_at, sync_end_is_looked_at."""
    company = a_merchant()
    rung()
    open_problems(company.pk, [Subject("order 1", Problem("unmapped_role", detail={"role": "sales"}))], timezone.now())
    assert rung() == 1
    resolve_problems(company.pk, [], ["order 1"], timezone.now())
    assert rung() == 1
    book = company.book_versions.get().book
    save_book(
        company=company, book=structs.replace(book, suspense=book.account("sales", "GBP")), author="t", reason="r"
    )
    assert rung() == 1
    deauthorize(connection_id=books_of(company).pk, actor="engine", reason="401")
    assert rung() == 1
    sync = Sync.objects.create(company=company, trigger="schedule", started_at=LONG_AGO)
    assert rung() == 0
    Sync.objects.filter(pk=sync.pk).update(code=2040, stage="done", finished_at=timezone.now())
    assert rung() == 1


def test_what_becomes_late_by_time_alone_rings_once_it_is() -> None:
    company = a_merchant()
    at = timezone.now()
    stuck = at - timedelta(hours=3, minutes=1)
    Sync.objects.create(company=company, trigger="schedule", stage="pull", started_at=stuck)
    Lookout.objects.all().delete()
    assert ring(at - timedelta(minutes=10)) == 0
    assert ring(at) == 1
    assert ring(at + timedelta(hours=1)) == 0
    assert rung() == 1


def test_the_night_s_claim_is_answered_by_an_index() -> None:
    sql.execute(
        """INSERT INTO ledger_company (public_id, partner_id, name, description, tags, currency, zone, created_at)
           SELECT gen_random_uuid(), %s, 'Shop ' || n, '', '{}', 'GBP', 'UTC', now()
           FROM generate_series(1, 20000) n""",
        (make_partner().pk,),
    )
    assert Watched.objects.count() == 20_000
    Watched.objects.update(nightly_at=timezone.now())
    sql.execute("ANALYZE health_watched")
    for query, parameters in ((errand._NIGHT, (50,)), (errand._NEXT_NIGHT, (LONG_AGO, 50))):
        plan = "\n".join(row[0] for row in sql.rows("EXPLAIN " + query, parameters))  # type: ignore[operator]
        assert "Seq Scan" not in plan, plan
