"""The doctor on those who look: a watch that fails, a company that nobody looks at, a console left open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from health import doctor_findings
from health.findings import watching
from health.findings.seen import Looked, Scope
from health.findings.watching import Watch, look_at
from health.models import Authenticator, Lookout, Watched, WatchFailure
from ledger.models import Company
from ledger.services import now
from tests.api.cast import make_company, make_partner
from tests.health.people import a_person

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.now(UTC) - timedelta(days=3)


def breaks(scope: Scope) -> Looked:
    raise ValueError("token=abcdefgh is no number")


def sees(scope: Scope) -> Looked:
    return Looked()


def test_a_watch_that_fails_is_told_of_until_it_has_looked_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    company = make_company(make_partner())
    found = [Watch("a", frozenset(), sees), Watch("b", frozenset(), breaks)]
    monkeypatch.setattr(watching, "watches", lambda: tuple(found))
    for _ in range(2):
        look_at([company.pk])
    said = doctor_findings.findings()
    assert said.level == "failure"
    assert said.said == "the watch b has failed 2 times: ValueError: token=[redacted] is no number"
    found[1] = Watch("b", frozenset(), sees)
    look_at([company.pk])
    assert WatchFailure.objects.count() == 1  # it may fail for other companies only
    look_at([company.pk], at=now() + timedelta(hours=2))
    assert WatchFailure.objects.count() == 0
    assert doctor_findings.findings().level == "ok"


def test_companies_that_nobody_looks_at_are_told_of() -> None:
    company = make_company(make_partner())
    assert doctor_findings.findings().level == "ok"
    Company.objects.update(created_at=LONG_AGO)
    assert "1 of 1 companies were not looked at" in doctor_findings.findings().said
    Watched.objects.update_or_create(company=company, defaults={"looked_at": now(), "nightly_at": now()})
    assert doctor_findings.findings().level == "ok"


@pytest.mark.parametrize(("minutes", "level"), [(5, "ok"), (20, "warning"), (90, "failure")])
def test_what_happened_is_looked_at_soon(minutes: int, level: str) -> None:
    Lookout.objects.create(company_id=1, at=now() - timedelta(minutes=minutes))
    assert doctor_findings.findings().level == level


def test_who_has_no_second_factor_is_counted_where_it_is_required(settings: Any) -> None:
    a_person("", is_superuser=True)
    user = a_person(name="eve")
    Authenticator.objects.create(user=user, name="app", key_id="k", sealed_key=b"x")
    said = doctor_findings.console()
    assert (said.level, said.said[:60]) == ("ok", "2 people may log in, 1 of them to everything; 1 have no seco")
    settings.COMMERCE_SYNC_STAFF_SECOND_FACTOR = True
    assert doctor_findings.console().level == "warning"


def test_sessions_that_nobody_cleans_up_are_told_of() -> None:
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=LONG_AGO)
    assert "nobody cleans up" in doctor_findings.console().said


def test_alerts_are_looked_at() -> None:
    assert doctor_findings.alerts().level == "ok"


def test_a_failure_counts() -> None:
    """watch_failure_counts."""
    with pytest.raises(IntegrityError, match="watch_failure_counts"), transaction.atomic():
        WatchFailure.objects.create(watch="a", since=now(), last_at=now(), failures=0, error="x")
