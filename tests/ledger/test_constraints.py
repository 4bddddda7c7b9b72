"""What PostgreSQL itself refuses, whoever writes: each constraint and each guard is broken by plain SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction

from connectors.services import connect_accounting, connect_commerce
from ledger.models import BookVersion, Document, Posting, RecordRow
from tests.ledger.builders import an_order, deliver, post, standings
from tests.ledger.cast import Merchant, a_book, keep, london, without

pytestmark = pytest.mark.django_db

RECORD = """INSERT INTO ledger_record (source_id, kind, external_id, revision, superseded, deleted, incomplete,
    currency, total, happened_at, updated_at, received_at, digest, raw_digest, body)
    SELECT source_id, {kind}, external_id, {revision}, {superseded}, false, false, currency, total, happened_at,
    updated_at, received_at, {digest}, raw_digest, body FROM ledger_record WHERE external_id = 'o1' AND {of}"""
DOCUMENT = """INSERT INTO ledger_document (posting_id, company_id, key, reference, kind, date, currency, total,
    narration, body, created_at) SELECT posting_id, company_id, {key}, {reference}, {kind}, date, currency, total,
    narration, body, created_at FROM ledger_document ORDER BY id LIMIT 1"""
LINE = """INSERT INTO ledger_documentline (document_id, position, account, debit, credit)
    SELECT min(id), {position}, 'x', {debit}, {credit} FROM ledger_document"""
LINK = """INSERT INTO connectors_connection (public_id, company_id, platform, kind, name, status, source_id, settings,
    references_version, linked_at) SELECT gen_random_uuid(), id, 'x', {kind}, '', {status}, {source}, '{{}}', 0,
    {linked} FROM ledger_company"""
OF_CONNECTION = "FROM connectors_connection WHERE kind = 'commerce'"
REFERENCE = (
    """INSERT INTO connectors_reference (connection_id, kind, external_id, name, detail, first_seen_at,
    last_seen_at) SELECT id, 'product', {id}, '', '{{}}', now(), {seen} """
    + OF_CONNECTION
)
OPTION = (
    """INSERT INTO connectors_option (connection_id, kind, external_id, code, name, type, active, detail, fetched_at)
    SELECT id, 'account', {id}, '', 'x', '', true, '{{}}', now() """
    + OF_CONNECTION
)
PAGE = (
    """INSERT INTO connectors_page (connection_id, dataset, digest, body_bytes, rows, refused, received_at)
    SELECT id, 'orders', 'd', 1, 1, 0, now() """
    + OF_CONNECTION
)
MARK = (
    """INSERT INTO connectors_watermark (connection_id, dataset, reached_at, pulled_at)
    SELECT id, 'orders', now(), now() """
    + OF_CONNECTION
)
BOOKMARK = (
    """INSERT INTO connectors_bookmark (connection_id, dataset, act, began_at, asks, pages, began_anew)
    SELECT id, 'orders', gen_random_uuid(), now(), '', 1, false """
    + OF_CONNECTION
)
PROBLEM = """INSERT INTO ledger_problem (company_id, subject, code, path, detail, opened_at)
    SELECT id, 'order o1', 'malformed', '', '{}', now() FROM ledger_company"""
BINDING = """INSERT INTO connectors_binding (connection_id, document_id, kind, remote_id, url, answer, bound_at, agrees)
    SELECT connection.id, document.id, 'journal', {id}, '', '{{}}', now(), {agrees}
    FROM connectors_connection connection, (SELECT min(id) AS id FROM ledger_document) document
    WHERE connection.kind = 'accounting'"""
BOUND = BINDING.format(id="'1'", agrees="NULL")
BOOK = """INSERT INTO ledger_bookversion (company_id, number, body, difference, reason, author, created_at)
    SELECT company_id, number, body, difference, reason, author, created_at FROM ledger_bookversion LIMIT 1"""
STANDING = "UPDATE ledger_standing SET {} WHERE state = {}"

REFUSED = [
    ("company_currency_is_iso", "UPDATE ledger_company SET currency = 'gbp'"),
    (
        "company_name_once_per_partner",
        "INSERT INTO ledger_company (public_id, partner_id, name, currency, zone, created_at, description, tags) "
        "SELECT gen_random_uuid(), partner_id, upper(name), currency, zone, now(), '', '{}' FROM ledger_company",
    ),
    ("partner_currency_is_iso", "UPDATE ledger_partner SET currency = 'gbp'"),
    ("book_version_number_once", BOOK),
    (
        "record_kind_is_known",
        RECORD.format(kind="'wish'", revision=9, superseded="false", digest="digest", of="superseded"),
    ),
    (
        "record_revision_counts_from_one",
        RECORD.format(kind="'fee'", revision=0, superseded="false", digest="digest", of="superseded"),
    ),
    (
        "record_has_one_current_version",
        RECORD.format(kind="kind", revision=9, superseded="false", digest="'x'", of="superseded"),
    ),
    (
        "record_version_is_stored_once",
        RECORD.format(kind="kind", revision=9, superseded="true", digest="digest", of="superseded"),
    ),
    (
        "posting_group_revision_once",
        """INSERT INTO ledger_posting (company_id, day, currency, label, revision, act,
        book_version_id, created_at) SELECT company_id, day, currency, label, revision, act, book_version_id, created_at
        FROM ledger_posting""",
    ),
    ("document_key_once", DOCUMENT.format(key="key", reference="'r'", kind="kind")),
    ("document_reference_once", DOCUMENT.format(key="'k'", reference="reference", kind="kind")),
    ("document_kind_is_known", DOCUMENT.format(key="'k'", reference="'r'", kind="'letter'")),
    ("document_pushed_or_withdrawn", "UPDATE ledger_document SET pushed_at = now(), withdrawn_at = now()"),
    ("document_balances", DOCUMENT.format(key="'k'", reference="'r'", kind="kind")),
    ("document_line_position_once", LINE.format(position=0, debit=1, credit="NULL")),
    ("document_line_debit_or_credit", LINE.format(position=9, debit=1, credit=1)),
    ("document_line_debit_or_credit", LINE.format(position=9, debit="NULL", credit="NULL")),
    ("document_line_is_positive", LINE.format(position=9, debit=0, credit="NULL")),
    ("document_line_is_positive", LINE.format(position=9, debit="NULL", credit=-1)),
    ("document_lines_balance", LINE.format(position=9, debit=1, credit="NULL")),
    ("standing_in_books_has_posting", STANDING.format("posting_id = NULL", 1)),
    ("standing_in_books_has_posting", STANDING.format("state = 1", 0)),
    ("standing_left_is_left", STANDING.format("left_by_id = posting_id", 1)),
    ("standing_left_names_posting", STANDING.format("state = 2", 1)),
    ("standing_outside_has_no_posting", STANDING.format("state = 3", 1)),
    ("problem_is_open_once", PROBLEM + ";" + PROBLEM),
    ("page_once", PAGE + ";" + PAGE),
    ("watermark_once", MARK + ";" + MARK),
    ("bookmark_once", BOOKMARK + ";" + BOOKMARK),
    ("reference_once", REFERENCE.format(id="'p'", seen="now()") + ";" + REFERENCE.format(id="'p'", seen="now()")),
    ("reference_has_external_id", REFERENCE.format(id="''", seen="now()")),
    ("reference_seen_in_order", REFERENCE.format(id="'p'", seen="now() - interval '1 day'")),
    ("option_once", OPTION.format(id="'a'") + ";" + OPTION.format(id="'a'")),
    ("option_has_external_id", OPTION.format(id="''")),
    (
        "connection_one_linked_accounting",
        LINK.format(kind="'accounting'", status="'Linked'", source="NULL", linked="now()"),
    ),
    (
        "connection_source_iff_commerce",
        LINK.format(kind="'commerce'", status="'Unlinked'", source="NULL", linked="NULL"),
    ),
    ("connection_status_known", LINK.format(kind="'accounting'", status="'Maybe'", source="NULL", linked="NULL")),
    ("connection_linked_has_linked_at", "UPDATE connectors_connection SET linked_at = NULL"),
    (
        "credential_has_key_id",
        """INSERT INTO connectors_credential (connection_id, ciphertext, key_id)
        SELECT id, '', '' """
        + OF_CONNECTION,
    ),
    ("binding_has_remote_id", BINDING.format(id="''", agrees="NULL")),
    ("binding_agrees_when_verified", BINDING.format(id="'1'", agrees="true")),
    ("binding_document_once", BINDING.format(id="'1'", agrees="NULL") + ";" + BINDING.format(id="'2'", agrees="NULL")),
    ("binding_stays", f"{BOUND};UPDATE connectors_binding SET remote_id = '2'"),  # noqa: S608
    ("binding_stays", f"{BOUND};DELETE FROM connectors_binding"),  # noqa: S608
]

# Table → a change that nobody may make to one of its rows; the trigger that refuses it is named beside it.
IMMUTABLE = [
    ("record_is_immutable", "ledger_record", "total = total + 1"),
    ("record_is_immutable", "ledger_record", "superseded = NOT superseded"),
    ("posting_is_immutable", "ledger_posting", "day = day + 1"),
    ("document_is_immutable", "ledger_document", "total = total + 1"),
    ("document_is_immutable", "ledger_document", "date = date + 1"),
    ("document_line_is_immutable", "ledger_documentline", "account = 'elsewhere'"),
    ("book_version_is_immutable", "ledger_bookversion", "body = ''"),
    ("book_version_is_immutable", "ledger_bookversion", "author = 'mallory'"),
    ("audit_is_append_only", "ledger_auditentry", "actor = 'mallory'"),
    ("record_loses_persons_only", "ledger_record", "erased_at = now(), total = total + 1"),
    ("record_loses_persons_only", "ledger_record", "erased_at = now(), digest = 'x'"),
    ("record_loses_persons_only", "ledger_record", "erased_at = '-infinity', body = ''"),
    ("record_is_immutable", "ledger_record", "body = ''"),
]
KEPT = [  # of these, no row is ever deleted and no table emptied
    ("record_is_kept", "record_no_truncate", "ledger_record"),
    ("standing_is_kept", "standing_no_truncate", "ledger_standing"),
    ("posting_is_immutable", "posting_no_truncate", "ledger_posting"),
    ("document_is_immutable", "document_no_truncate", "ledger_document"),
    ("document_line_is_immutable", "document_line_no_truncate", "ledger_documentline"),
    ("book_version_is_kept", "book_version_no_truncate", "ledger_bookversion"),
    ("audit_is_append_only", "audit_no_truncate", "ledger_auditentry"),
    (None, "push_item_no_truncate", "connectors_pushitem"),
    (None, "binding_no_truncate", "connectors_binding"),
]


@pytest.fixture
def pub() -> Merchant:
    """A merchant with one order that was changed after posting, one new order, and both kinds of connection."""
    pub = london()
    connect_commerce(company=pub.company, platform="partner", actor="test")
    connect_accounting(company=pub.company, platform="books", actor="test")
    deliver(pub, an_order(v=10))
    post(pub)
    deliver(pub, an_order(gross=1_800, v=20))
    post(pub)
    deliver(pub, an_order("o2"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return pub


def run(statement: str) -> None:
    """Execute ``statement`` and what is deferred to its commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refusal(statement: str) -> Any:
    """PostgreSQL's own words about a statement that it refuses, now or at commit."""
    with pytest.raises(DatabaseError) as raised:
        run(statement)
    return raised.value.__cause__


@pytest.mark.parametrize(("name", "statement"), REFUSED, ids=[f"{n}-{i}" for i, (n, _) in enumerate(REFUSED)])
@pytest.mark.case("H11")
def test_the_constraint_refuses(pub: Merchant, name: str, statement: str) -> None:
    assert refusal(statement).diag.constraint_name == name


@pytest.mark.parametrize(("trigger", "table", "change"), IMMUTABLE)
@pytest.mark.case("H11")
def test_a_row_that_was_written_is_not_changed(pub: Merchant, trigger: str, table: str, change: str) -> None:
    assert table in str(found := refusal(" ".join(["UPDATE", table, "SET", change])))
    assert "append-only" in str(found) or "set once" in str(found)
    assert trigger in triggers()


@pytest.mark.case("S27")
@pytest.mark.parametrize(("trigger", "guard", "table"), KEPT)
@pytest.mark.case("H11")
def test_no_row_is_deleted_and_no_table_emptied(pub: Merchant, trigger: str | None, guard: str, table: str) -> None:
    if trigger:
        assert "append-only" in str(refusal(f"DELETE FROM {table}"))  # noqa: S608
    emptied = f"SET LOCAL commerce_sync.allow_truncate = 'off'; TRUNCATE {table} CASCADE"
    assert str(refusal(emptied)).startswith(f"{table} is append-only: it was to be truncated")
    assert {trigger or guard, guard} <= triggers()


def triggers() -> set[str]:
    """The triggers of our tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {name for (name,) in cursor.fetchall()}


def test_nothing_is_emptied_in_the_wake_of_another_table(pub: Merchant) -> None:
    statement = "SET LOCAL commerce_sync.allow_truncate = 'off'; TRUNCATE ledger_partner CASCADE"
    assert "append-only" in str(refusal(statement))


def test_each_mark_on_a_document_is_set_once(pub: Merchant) -> None:
    Document.objects.update(pushed_at="2026-03-03T00:00Z")
    assert "set once" in str(refusal("UPDATE ledger_document SET pushed_at = now()"))
    assert "set once" in str(refusal("UPDATE ledger_document SET pushed_at = NULL"))


def test_a_withdrawn_posting_stays_withdrawn(pub: Merchant) -> None:
    Posting.objects.update(withdrawn_at="2026-03-03T00:00Z")
    assert "set once" in str(refusal("UPDATE ledger_posting SET withdrawn_at = NULL"))


def test_a_document_at_the_platform_takes_no_more_lines(pub: Merchant) -> None:
    Document.objects.update(pushed_at="2026-03-03T00:00Z")
    pair = """INSERT INTO ledger_documentline (document_id, position, account, debit, credit)
        SELECT id, 90, 'x', 5, NULL FROM ledger_document UNION ALL SELECT id, 91, 'y', NULL, 5 FROM ledger_document"""
    assert refusal(pair).diag.constraint_name == "document_takes_no_more_lines"


def test_a_document_without_lines_is_refused_at_commit(pub: Merchant) -> None:
    found = refusal(DOCUMENT.format(key="'k'", reference="'r'", kind="kind"))
    assert "debits 0, credits 0" in str(found)


def test_two_versions_of_a_record_are_never_in_the_books(pub: Merchant) -> None:
    back = "UPDATE ledger_standing SET state = 1, left_by_id = NULL WHERE state = 2"
    assert refusal(back).diag.constraint_name == "standing_one_version_in_books"


def test_a_version_is_not_in_the_books_twice_under_two_books(pub: Merchant) -> None:
    again = """INSERT INTO ledger_standing (record_id, round, company_id, happened_at, state, posting_id)
        SELECT record_id, 1, company_id, happened_at, 1, posting_id FROM ledger_standing WHERE state = 1"""
    assert refusal(again).diag.constraint_name == "standing_one_version_in_books"
    assert "standing_one_version_in_books_at_once" in triggers()


def test_every_record_stands_somewhere_from_the_moment_that_it_is_stored(pub: Merchant) -> None:
    """The trigger record_stands: rows that come by plain SQL wait for their posting too."""
    with connection.cursor() as cursor:
        cursor.execute(RECORD.format(kind="'fee'", revision=1, superseded="false", digest="'x'", of="superseded"))
    assert RecordRow.objects.filter(standings=None).count() == 0
    assert standings(pub).count(("o1", 1, 0, "PENDING")) == 1


def test_a_log_in_can_be_deleted_and_its_book_versions_keep_their_author(pub: Merchant) -> None:
    user = get_user_model().objects.create(username="amy")
    version = BookVersion.objects.get()
    signed = BookVersion.objects.create(
        company=pub.company, number=2, body=version.body, reason="r", author="amy", user=user
    )
    user.delete()
    signed.refresh_from_db()
    assert (signed.author, signed.user_id) == ("amy", None)


def test_nobody_else_s_name_is_put_under_a_book_version(pub: Merchant) -> None:
    user = get_user_model().objects.create(username="mallory")
    assert "append-only" in str(refusal(f"UPDATE ledger_bookversion SET user_id = {user.pk}"))  # noqa: S608


def test_a_book_by_another_hand_is_a_version_and_not_a_change(pub: Merchant) -> None:
    keep(pub, without(a_book(), "tip"))
    assert list(BookVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


NAMES = """
    SELECT conname FROM pg_constraint
        WHERE contype IN ('c', 'u') AND conrelid::regclass::text ~ '^(ledger|connectors)_'
    UNION SELECT indexname FROM pg_indexes
        WHERE indexdef LIKE 'CREATE UNIQUE%WHERE%' AND tablename ~ '^(ledger|connectors)_'
    UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text ~ '^(ledger|connectors)_'
"""


def test_every_constraint_and_every_trigger_is_named_in_a_test() -> None:
    """Aside: those that Django names (…_key, …_check), and the general ledger's, which have tests of their own."""
    tests = "\n".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        named = {name for (name,) in cursor.fetchall() if not name.endswith(("_key", "_check"))}
    assert len(named) > 50
    assert {name for name in named if name not in tests} == set()


def test_a_source_stays_as_long_as_there_may_be_records_of_it(pub: Merchant) -> None:
    """The trigger source_stays: records have no foreign key of their own to hold it."""
    assert "append-only" in str(refusal("DELETE FROM ledger_source"))


def test_a_standing_names_postings_that_exist(pub: Merchant) -> None:
    """The trigger standing_names_postings (standing_names_posting), set by set in place of a foreign key."""
    for change in (STANDING.format("posting_id = 987654321", 1), STANDING.format("left_by_id = 987654321", 2)):
        assert refusal(change).diag.constraint_name == "standing_names_posting"


def test_a_record_has_a_source_that_exists(pub: Merchant) -> None:
    copied = """INSERT INTO ledger_record (source_id, kind, external_id, revision, superseded, deleted, incomplete,
            currency, total, happened_at, updated_at, received_at, digest, raw_digest, body)
        SELECT 987654321, kind, external_id, revision, false, deleted, incomplete, currency, total, happened_at,
            updated_at, received_at, digest, raw_digest, body FROM ledger_record LIMIT 1"""
    assert refusal(copied).diag.constraint_name == "record_has_source"


def test_a_confirmation_only_moves_forward(pub: Merchant) -> None:
    run("UPDATE ledger_record SET confirmed_at = '2026-03-05T00:00Z'")
    run("UPDATE ledger_record SET confirmed_at = '2026-03-06T00:00Z'")
    assert "confirmed_at" in str(refusal("UPDATE ledger_record SET confirmed_at = '2026-03-04T00:00Z'"))
