"""The role for the application: it can do all that the code does, and nothing that would undo a guard."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from commerce_sync import services, work
from commerce_sync.models import Sync
from health import doctor_machine
from ledger.models import AuditEntry
from tests.api.cast import Api, make_partner, ready_company, shop_of
from tests.api.cast import an_order as a_row
from tests.commerce_sync.database_place import elsewhere, place, superuser

pytestmark = [pytest.mark.django_db(transaction=True)]
REFUSED = (
    "UPDATE ledger_documentline SET debit = debit + 1",
    "UPDATE ledger_document SET total = total + 1",
    "UPDATE ledger_auditentry SET actor = 'somebody else'",
    "UPDATE books_line SET debit = debit + 1",
    "UPDATE django_migrations SET name = ''",
    "DELETE FROM ledger_auditentry",
    "DELETE FROM ledger_standing",
    "DELETE FROM connectors_binding",
    "DELETE FROM books_entry",
    "DELETE FROM health_finding",
    "SET commerce_sync.allow_truncate = 'on'; TRUNCATE ledger_auditentry",
    "TRUNCATE commerce_sync_heartbeat",
    "ALTER TABLE ledger_auditentry DISABLE TRIGGER ALL",
    "ALTER TABLE ledger_auditentry DISABLE TRIGGER audit_is_append_only",
    "DROP TRIGGER audit_is_append_only ON ledger_auditentry",
    "CREATE TRIGGER mine BEFORE INSERT ON ledger_document FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()",
    "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = 'replica'",
    "ALTER TABLE ledger_document DROP CONSTRAINT ledger_document_pkey CASCADE",
    "DROP TABLE ledger_document CASCADE",
    "CREATE TABLE mine (id int)",
)


@pytest.fixture
def role() -> Iterator[str]:
    """A role of this test's own: roles are the server's, and other tests run beside this one."""
    name = f"app_of_{connection.settings_dict['NAME']}"
    with superuser() as session:
        drop(session, name)
        session.execute(f"CREATE ROLE {name} LOGIN")
        try:
            call_command("database_role", name, stdout=StringIO())
            yield name
        finally:
            connection.close()
            drop(session, name)


def drop(session: psycopg.Connection, name: str) -> None:
    if session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        session.execute(f"DROP OWNED BY {name}")
        session.execute(f"DROP ROLE {name}")


@pytest.mark.case("H11", "H13")
def test_the_application_works_under_its_role_and_can_undo_no_guard(role: str) -> None:
    with elsewhere(USER=role):
        partner = make_partner()
        company = ready_company(partner)
        shop = shop_of(company)
        pushed = Api(partner).put(
            f"/companies/{company.public_id}/connections/{shop.public_id}/data/commerce-orders",
            [a_row(1), a_row(2, amount="24.00")],
        )
        assert pushed.status_code == 200
        services.request_sync(company=company)
        assert work.drain(5).ended == 1
        assert Sync.objects.get().code == 2000
        assert AuditEntry.objects.exists()
        assert doctor_machine.migrations().level == "ok"
    with psycopg.connect(**{**place(), "user": role}, autocommit=True) as session:
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
            session.execute("UPDATE ledger_record SET body = ''")
        session.execute("UPDATE ledger_document SET pushed_at = pushed_at")  # a mark that the code sets


@pytest.mark.case("H11")
def test_the_owner_cannot_be_the_application(role: str) -> None:
    for wrong in (connection.settings_dict["USER"], 'a"; DROP TABLE ledger_document', ""):
        with pytest.raises(CommandError, match="must be a plain name, other than"):
            call_command("database_role", wrong)
    with elsewhere(USER=role), pytest.raises(CommandError, match="run this as the owner of the tables"):
        call_command("database_role", "another")


def test_the_statements_can_be_shown_instead(role: str) -> None:
    told = StringIO()
    call_command("database_role", "another_role", "--sql", stdout=told)
    lines = told.getvalue().splitlines()
    assert lines[0].startswith('CREATE ROLE "another_role" LOGIN NOSUPERUSER')
    assert 'GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON "ledger_posting" TO "another_role";' in lines
    assert 'GRANT SELECT, INSERT, UPDATE ON "ledger_record" TO "another_role";' in lines  # a trigger has conditions
    assert 'GRANT SELECT, INSERT ON "ledger_auditentry" TO "another_role";' in lines
