"""The audit trail is sealed day by day: whoever changes it behind the guards is found out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from health import audit_trail, doctor_machine
from ledger.models import AuditEntry
from ledger.services import audit

pytestmark = pytest.mark.django_db
FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _a_process_that_has_just_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "_through", {})


@pytest.fixture
def three_days() -> Iterator[Any]:
    """Two entries on each of three days, seen from the fourth."""
    with time_machine.travel(FIRST, tick=False) as clock:
        for _ in range(3):
            for word in ("first", "second"):
                audit(code=f"test.{word}", actor="amy", detail={"amount": 1_200, "why": "Œuvre “x”"})
            clock.shift(timedelta(days=1))
        yield clock


def tamper(statement: str) -> None:
    """As the owner of the tables can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks to come is not altered
        cursor.execute("ALTER TABLE ledger_auditentry DISABLE TRIGGER audit_is_append_only")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE ledger_auditentry ENABLE TRIGGER audit_is_append_only")


def compared(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("audit_trail", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.case("H13")
def test_each_day_is_sealed_once_in_the_trail_and_in_the_log(three_days: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert audit_trail.seal_daily(8) is False
        audit_trail._through.clear()
        assert audit_trail.seal_daily(8) is False
    seals = audit_trail.kept_seals()
    assert [(seal.day.day, seal.entries) for seal in seals] == [(2, 2), (3, 2), (4, 2)]
    assert caplog.messages == [str(seal) for seal in seals]
    three_days.shift(timedelta(days=1))
    audit_trail.seal_daily(8)
    assert audit_trail.kept_seals()[-1].entries == 3  # the seals of the days before
    assert compared()[0] == 0
    assert audit_trail.trail().level == "ok"


@pytest.mark.case("H13")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_auditentry SET detail = jsonb_set(detail, '{amount}', '1201') WHERE at::date = '2026-03-03'",
        "UPDATE ledger_auditentry SET actor = 'bob' WHERE at::date = '2026-03-03' AND code = 'test.first'",
        "DELETE FROM ledger_auditentry WHERE at::date = '2026-03-03' AND code = 'test.second'",
        "UPDATE ledger_auditentry SET at = at - interval '1 day' WHERE at::date = '2026-03-03' AND code = 'test.first'",
    ],
)
def test_an_entry_that_somebody_changed_or_removed_is_found_out(three_days: Any, statement: str) -> None:
    audit_trail.seal_daily(8)
    tamper(statement)
    code, said = compared()
    assert code == 1
    assert "2026-03-03 is not as it was sealed" in said
    three_days.shift(timedelta(days=1))
    audit_trail.seal_daily(8)
    told = audit_trail.trail()
    assert (told.level, "2026-03-03" in told.said) == ("failure", True)


@pytest.mark.case("H13")
def test_who_forges_the_seals_too_is_found_out_by_what_was_kept_elsewhere(
    three_days: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.WARNING):
        audit_trail.seal_daily(8)
    log = tmp_path / "kept.log"
    log.write_text("\n".join(f"2026-03-05 02:00:00 WARNING health.audit_trail [-]: {said}" for said in caplog.messages))
    assert compared("--kept", str(log)) == (0, "3 days compared, 3 of them with the log; 0 differ\n")
    tamper("UPDATE ledger_auditentry SET actor = 'bob' WHERE code = 'test.first'")
    tamper("DELETE FROM ledger_auditentry WHERE code LIKE 'audit.%'")
    audit_trail._through.clear()
    audit_trail.seal_daily(8)
    assert compared()[0] == 0
    code, said = compared("--kept", str(log), "--since", "2026-03-04")
    assert (code, said.splitlines()[-1]) == (1, "1 days compared, 1 of them with the log; 1 differ")
    with pytest.raises(CommandError, match="cannot be read"):
        compared("--kept", str(tmp_path / "nowhere.log"))


def test_a_day_that_may_still_get_entries_is_not_sealed(three_days: Any) -> None:
    three_days.move_to(datetime(2026, 3, 5, 1, 59, tzinfo=UTC))
    audit_trail.seal_daily(8)
    assert [seal.day.day for seal in audit_trail.kept_seals()] == [2, 3]


def test_without_time_it_goes_on_the_next_time(three_days: Any) -> None:
    assert audit_trail.seal_daily(-1) is True
    assert audit_trail.seal_daily(8) is False
    assert len(audit_trail.kept_seals()) == 3


def test_a_trail_without_entries_has_nothing_to_seal() -> None:
    assert audit_trail.seal_daily(8) is False
    assert not AuditEntry.objects.exists()


@pytest.mark.case("H11")
def test_a_guard_that_is_switched_off_and_an_application_that_could_do_so_are_told(settings: Any) -> None:
    assert doctor_machine.guards().level == "ok"
    settings.PRODUCTION = True
    told = doctor_machine.guards()
    assert (told.level, told.said) == ("warning", "the application owns the tables and could switch their triggers off")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_document DISABLE TRIGGER document_is_immutable")
    told = doctor_machine.guards()
    assert (told.level, told.said) == ("failure", "1 triggers are switched off: document_is_immutable")
