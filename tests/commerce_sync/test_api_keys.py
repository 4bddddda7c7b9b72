"""The keys of partners: shown once, stored as a hash, rotated without a gap, revoked at once."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from commerce_sync.api_keys import create_key, recognize, revoke_key, rotate_key
from commerce_sync.models import ApiKey
from ledger.models import AuditEntry, Partner

pytestmark = pytest.mark.django_db


def a_partner() -> Partner:
    return Partner.objects.create(name="Till Systems")


@pytest.mark.case("S04")
def test_a_key_is_recognized_and_only_its_hash_is_stored() -> None:
    partner = a_partner()
    key = create_key(partner=partner, name="till", actor="test")
    found = recognize(key.secret)
    assert found is not None
    assert (found.partner, found.last_used_at is not None) == (partner, True)
    row = ApiKey.objects.filter(pk=key.row.pk).values().get()
    assert all(key.secret not in str(value) for value in row.values())
    assert row["prefix"] == key.secret[:11]
    assert len(key.secret) >= 40


@pytest.mark.parametrize("secret", ["", "cs_wrong", "ключ", "\ud800", "x" * 10_000])
def test_anything_else_is_nobody(secret: str) -> None:
    create_key(partner=a_partner(), name="till", actor="test")
    assert recognize(secret) is None


@pytest.mark.case("S04")
def test_a_revoked_key_works_no_longer() -> None:
    key = create_key(partner=a_partner(), name="till", actor="test")
    revoke_key(key=key.row, actor="test")
    revoke_key(key=key.row, actor="test")
    assert recognize(key.secret) is None
    assert AuditEntry.objects.filter(code="api_key.revoked").count() == 1


def test_a_key_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    key = create_key(partner=a_partner(), name="till", actor="test", lasts=timedelta(hours=1))
    assert recognize(key.secret) is not None
    ApiKey.objects.update(created_at=key.row.created_at - timedelta(days=2), expires_at=key.row.created_at)
    assert recognize(key.secret) is None


def test_rotation_leaves_nobody_locked_out() -> None:
    former = create_key(partner=a_partner(), name="till", actor="test")
    fresh = rotate_key(key=former.row, actor="test", overlap=timedelta(days=1))
    assert recognize(former.secret) is not None
    assert recognize(fresh.secret) is not None
    assert former.row.expires_at is not None
    assert fresh.row.expires_at is None
    sooner = former.row.expires_at
    rotate_key(key=former.row, actor="test", overlap=timedelta(days=30))
    assert ApiKey.objects.get(pk=former.row.pk).expires_at == sooner


def test_the_audit_trail_never_holds_the_key() -> None:
    key = create_key(partner=a_partner(), name="till", actor="test")
    told = [f"{entry.subject} {entry.detail}" for entry in AuditEntry.objects.all()]
    assert told
    assert not any(key.secret in text for text in told)


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [("name", "", "api_key_has_names"), ("prefix", "", "api_key_has_names")],
)
def test_postgresql_refuses_a_key_without_names(field: str, value: str, constraint: str) -> None:
    key = create_key(partner=a_partner(), name="till", actor="test")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ApiKey.objects.filter(pk=key.row.pk).update(**{field: value})


def test_postgresql_refuses_a_key_that_ends_before_it_begins_and_the_same_key_twice() -> None:
    key = create_key(partner=a_partner(), name="till", actor="test").row
    with pytest.raises(IntegrityError, match="api_key_expires_after_creation"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(expires_at=key.created_at)
    with pytest.raises(IntegrityError, match="api_key_once"), transaction.atomic():
        ApiKey.objects.create(
            partner=key.partner, name="x", prefix="x", sha256=bytes(key.sha256), created_at=key.created_at
        )


def test_create_partner_prints_a_working_key_once() -> None:
    out, err = StringIO(), StringIO()
    call_command("create_partner", "Till Systems", stdout=out, stderr=err)
    key = recognize(out.getvalue().strip())
    assert key is not None
    assert key.partner.name == "Till Systems"
    assert out.getvalue().strip() not in err.getvalue()
    assert AuditEntry.objects.filter(code="partner.created").count() == 1


@pytest.mark.parametrize("name", ["Till Systems", "  Till Systems ", " ", "x" * 201])
def test_create_partner_says_why_it_cannot(name: str) -> None:
    a_partner()
    with pytest.raises(CommandError, match="another name|1 to 200") as raised:
        call_command("create_partner", name, stdout=StringIO(), stderr=StringIO())
    assert raised.value.returncode == 1
    assert (Partner.objects.count(), ApiKey.objects.count()) == (1, 0)


def test_create_partner_says_what_new_companies_start_from() -> None:
    err = StringIO()
    call_command(
        "create_partner", "Till", "--currency", "gbp", "--zone", "Europe/London", stdout=StringIO(), stderr=err
    )
    partner = Partner.objects.get()
    assert (partner.currency, partner.zone) == ("GBP", "Europe/London")
    assert "GBP, Europe/London" in err.getvalue()


@pytest.mark.parametrize(("option", "value"), [("--currency", "GBX"), ("--currency", ""), ("--zone", "Europe/Londn")])
def test_create_partner_refuses_what_no_company_can_start_from(option: str, value: str) -> None:
    with pytest.raises(CommandError, match=value or "currency"):
        call_command("create_partner", "Till", option, value, stdout=StringIO(), stderr=StringIO())
    assert (Partner.objects.count(), ApiKey.objects.count()) == (0, 0)
