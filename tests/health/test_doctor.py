"""`manage.py doctor`: healthy when all is well, and each illness is named with its remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import override_settings
from django_q.models import Schedule as BellSchedule

from commerce_sync.models import Heartbeat, Job, Schedule, Sync
from commerce_sync.tasks import ensure_schedules
from connectors.auth import Secrets
from connectors.credentials import store
from connectors.models import Binding, Call, Connection, Credential
from health import doctor, doctor_machine
from health.checkup import Check
from health.doctor_work import minute_bell
from health.reconcile import off_days
from ledger import commerce
from ledger.models import Company, Document
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import a_posted_shop, settle, tamper

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.now(UTC) - timedelta(hours=2)


def found(name: str) -> Check:
    return next(check for check in doctor.examine() if check.name == name)


def run(**options: Any) -> tuple[int, str]:
    """(exit code, output)."""
    out = StringIO()
    try:
        call_command("doctor", stdout=out, stderr=StringIO(), **options)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def a_company() -> Company:
    """A company with two sales in its books."""
    company = a_merchant()
    sell(company, an_order(1), an_order(2, amount=2_400))
    settle(company, FIRST_DAY)
    return company


def test_a_healthy_installation_is_called_healthy() -> None:
    a_posted_shop()
    ensure_schedules()
    code, out = run()
    assert [line for line in out.splitlines() if not line.startswith("ok ")] == []
    assert code == 0
    assert len(out.splitlines()) == len(doctor.CHECKS)


def test_it_speaks_json_for_watchdogs() -> None:
    ensure_schedules()
    code, out = run(json=True)
    told = json.loads(out)
    assert (code, told["verdict"]) == (0, "ok")
    assert {check["name"] for check in told["checks"]} == {name for name, _ in doctor.CHECKS}


def unbalance() -> None:
    a_company()
    tamper("ledger_documentline", "UPDATE ledger_documentline SET debit = debit + 1 WHERE debit IS NOT NULL")


def unbind() -> None:
    a_company()
    tamper("connectors_pushitem", "DELETE FROM connectors_pushitem")
    tamper("connectors_binding", "DELETE FROM connectors_binding")


def post_twice() -> None:
    a_company()
    tamper(
        "ledger_standing",
        """INSERT INTO ledger_standing (record_id, round, company_id, happened_at, state, posting_id)
           SELECT record_id, 1, company_id, happened_at, 1, posting_id FROM ledger_standing LIMIT 1""",
    )


def lose_a_record() -> None:
    a_company()
    tamper(
        "ledger_standing",
        """UPDATE ledger_standing SET state = 3, posting_id = NULL
           WHERE record_id = (SELECT max(record_id) FROM ledger_standing)""",
    )


def leave_work() -> None:
    company = a_merchant()
    Job.objects.create(company=company, key="k", next_at=LONG_AGO, created_at=LONG_AGO)


def leave_the_due() -> None:
    company = a_merchant()
    Schedule.objects.create(company=company, zone="UTC", next_due_at=LONG_AGO)


def lose_the_key() -> None:
    company = a_merchant()
    link = Connection.objects.filter(company=company)[0]
    with override_settings(COMMERCE_SYNC_ENCRYPTION_KEYS=[Fernet.generate_key().decode()]):
        store(connection_id=link.pk, secrets=Secrets(access_token="t"))


@pytest.mark.parametrize(
    ("illness", "name", "words"),
    [
        (unbalance, "balance", "do not balance"),
        (unbind, "bindings", "have no binding"),
        (post_twice, "once", "more than once"),
        (lose_a_record, "reconciliation", "sales are stated as"),
        (leave_work, "work", "2 hours"),
        (leave_work, "workers", "none has been seen"),
        (leave_the_due, "schedules", "not claimed"),
        (lose_the_key, "credentials", "cannot be read"),
    ],
)
def test_each_illness_is_a_failure_with_a_remedy(illness: Callable[[], None], name: str, words: str) -> None:
    ensure_schedules()
    assert found(name).level == "ok"
    illness()
    check = found(name)
    assert check.level == "failure"
    assert words in check.said
    assert check.remedy
    code, out = run()
    assert code == 1
    assert f"FAILURE  {name}" in out


def test_what_can_wait_is_a_warning_and_does_not_ring_the_watchdog() -> None:
    assert found("schedules").level == "ok"  # a migration made it
    BellSchedule.objects.all().delete()
    assert found("schedules").level == "warning"
    ensure_schedules()
    company = a_company()
    Job.objects.create(company=company, key="d", state="dead", next_at=LONG_AGO, created_at=LONG_AGO, last_error="Boom")
    Sync.objects.create(company=company, trigger="request", code=4000, started_at=LONG_AGO, finished_at=LONG_AGO)
    held = {"state": "running", "lease_until": LONG_AGO, "lease_token": uuid4()}
    Job.objects.create(company=company, key="r", next_at=LONG_AGO, created_at=LONG_AGO, **held)
    levels = {check.name: check.level for check in doctor.examine() if check.level != "ok"}
    assert levels == {"dead jobs": "warning", "syncs": "warning", "workers": "warning"}
    assert run()[0] == 0
    assert "Boom" in found("dead jobs").said


@pytest.mark.case("G09")
def test_a_schedule_of_the_queue_that_nobody_here_made_is_named() -> None:
    ensure_schedules()
    assert minute_bell().level == "ok"
    with connection.cursor() as cursor:  # as who owns the tables can
        cursor.execute("ALTER TABLE django_q_schedule DROP CONSTRAINT queue_rings_our_bell_only")
    BellSchedule.objects.create(name="theirs", func="os.system", schedule_type="O")
    told = minute_bell()
    assert (told.level, "“theirs” (os.system)" in told.said) == ("warning", True)
    assert found("schedules").level == "warning"


def test_a_credential_under_a_former_key_is_a_warning() -> None:
    company = a_merchant()
    link = Connection.objects.filter(company=company)[0]
    store(connection_id=link.pk, secrets=Secrets(access_token="t"))
    assert found("credentials").level == "ok"
    Credential.objects.update(key_id="former")
    assert found("credentials").level == "warning"


@pytest.mark.case("B26")
def test_a_platform_that_announces_the_end_of_what_we_ask_is_a_warning_with_its_words() -> None:
    call = {"platform": "shopify", "method": "POST", "url": "https://x.example", "duration_ms": 1, "status": 200}
    old = Call.objects.create(**call, started_at=LONG_AGO, detail="announced: sunset: Sat, 31 Oct 2026")
    Call.objects.create(**call, started_at=datetime.now(UTC), failure="Refused", detail="announced: by a refusal")
    assert found("interfaces").level == "ok"
    Call.objects.filter(pk=old.pk).update(started_at=datetime.now(UTC))
    check = found("interfaces")
    assert (check.level, check.said) == ("warning", "shopify says “sunset: Sat, 31 Oct 2026”")
    assert check.remedy


def test_work_under_way_with_a_living_worker_is_well() -> None:
    leave_work()
    Job.objects.update(next_at=datetime.now(UTC) - timedelta(seconds=10))
    Heartbeat.objects.create(slot="here/0", at=datetime.now(UTC))
    assert (found("work").level, found("workers").level) == ("ok", "ok")


@pytest.mark.case("E24")
def test_a_clock_that_is_off_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Behind(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) - timedelta(seconds=seconds)

    monkeypatch.setattr(doctor_machine, "datetime", Behind)
    seconds = 10
    assert found("clock").level == "warning"
    seconds = 100
    assert found("clock").level == "failure"


def test_unsafe_queue_settings_and_unusable_keys_are_failures() -> None:
    with override_settings(Q_CLUSTER={"workers": 1, "queue_limit": 1}):
        assert found("queue settings").level == "failure"
    for keys in ([], ["not a key"]):
        with override_settings(COMMERCE_SYNC_ENCRYPTION_KEYS=keys):
            assert found("encryption").level == "failure"


@pytest.mark.case("H04")
def test_a_full_disk_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, level in (("DISK_WARNING_BYTES", "warning"), ("DISK_FAILURE_BYTES", "failure")):
        monkeypatch.setattr(doctor_machine, limit, 2**62)
        assert found("disk").level == level


def test_a_check_that_cannot_be_made_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Check:
        raise DatabaseError("relation is gone\nmore")

    checks = (("balance", broken), *doctor.CHECKS[:1])
    monkeypatch.setattr(doctor, "CHECKS", checks)
    first, second = doctor.examine()
    assert (first.level, first.said, second.level) == ("failure", "could not be checked: relation is gone", "ok")
    monkeypatch.setattr(doctor, "_answers", lambda: False)
    assert len(doctor.examine()) == 1


def test_an_off_day_names_the_company_and_the_records_to_look_at_first() -> None:
    company = a_company()
    assert off_days() == []
    document = Document.objects.get()
    tamper(
        "ledger_document",
        """UPDATE ledger_document SET body = convert_to(
            replace(convert_from(body, 'UTF8'), '-3000', '-1800'), 'UTF8') WHERE id = %s""",
        document.pk,
    )
    [day] = off_days(company.pk)
    assert (day.company, day.totals.day, day.totals.off) == (company.name, FIRST_DAY, 1_200)
    assert [(each.external_id, each.reason) for each in day.suspects] == [
        ("o1", "its amount is the difference"),
    ]


def test_an_off_day_names_the_documents_that_read_back_different() -> None:
    company = a_company()
    reference = Document.objects.get().reference
    tamper("books_line", "UPDATE books_line SET credit = credit - 1 WHERE credit > 0")
    [day] = off_days(company.pk)
    assert day.references == (reference,)
    assert Binding.objects.count() == 1


def test_a_record_with_every_kind_of_text_can_be_reconciled() -> None:
    company = a_merchant()
    order = an_order(1)
    line = commerce.Line("product", "NUL \x00 and \\u0000 and \\", 1_200, ())
    sell(company, commerce.Order(**{n: getattr(order, n) for n in order.__struct_fields__} | {"lines": (line,)}))
    settle(company, FIRST_DAY)
    assert off_days(company.pk) == []
