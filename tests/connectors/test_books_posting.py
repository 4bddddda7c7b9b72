"""Posting into the built-in general ledger and taking back, through the platform's own verbs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from books_cast import BANK, CARD, DAY, SALES, TAX, a_connection, a_journal, session_of
from django.db import connection as database
from django.db import connections, transaction

from connectors.accounting.books import Books
from connectors.errors import RefusalReason, Refused
from connectors.general_ledger import accounts, periods, reports
from connectors.general_ledger.posting import push_many
from connectors.general_ledger.voiding import void_entry
from connectors.models.books_entry import BooksEntry
from connectors.models.books_line import BooksLine
from ledger.documents import Header, Invoice, Journal, Line, TaxPart

pytestmark = pytest.mark.django_db
BOOKS = Books()


@contextmanager
def refused(reason: RefusalReason) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.reason == reason, caught.value


def figures(connection_id: int) -> dict[str, int]:
    return {row.code: row.amount for row in reports.trial_balance(connection_id)}


def test_a_pushed_document_is_in_the_books_with_all_that_it_says() -> None:
    session = session_of(a_connection())
    accounts.add_tax_rate(
        connection_id=session.connection_id,
        code="vat20",
        name="VAT 20 %",
        rate_ppm=200_000,
        account_code=TAX,
        actor="amy",
    )
    line = Line(
        SALES,
        10_000,
        "Sales: Food",
        "sales:Food",
        tax_code="vat20",
        taxes=(TaxPart(TAX, 2_000),),
        tracking=(("Shop", "North"),),
    )
    invoice = Invoice(Header("k1", "CS1", DAY, "GBP", "sales of 31 March"), "Daily sales", "1200", (line,))
    pushed = BOOKS.push(session, invoice)
    entry = BooksEntry.objects.get(pk=int(pushed.remote_id))
    assert (entry.kind, entry.reference, entry.date, entry.currency) == ("invoice", "CS1", DAY, "GBP")
    assert (entry.total, entry.line_count, entry.narration) == (12_000, 3, "sales of 31 March")
    kept = [(row.account.code, row.debit, row.credit, row.role) for row in entry.lines.all()]
    assert kept == [("1200", 12_000, 0, "receivable"), (SALES, 0, 10_000, "sales:Food"), (TAX, 0, 2_000, "tax")]
    assert entry.lines.get(position=2).tracking == {"Shop": "North"}
    assert entry.lines.get(position=1).tracking is None
    assert BOOKS.read_back(session, pushed.remote_id, "invoice") == [tuple(each) for each in invoice.entries()]


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that go to PostgreSQL meanwhile, Django's own and those of `ledger.sql` alike."""
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def counting(self: psycopg.Cursor[Any], query: Any, *args: Any, **options: Any) -> Any:
        statements.append(str(query))
        return execute(self, query, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counting)
        yield statements


def test_pushing_costs_two_statements_for_one_document_and_for_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(a_connection())
    with counted(monkeypatch) as statements:
        BOOKS.push(session, a_journal())
    assert len(statements) == 2
    with counted(monkeypatch) as statements:
        outcomes = BOOKS.push_many(session, [a_journal(f"many{number}") for number in range(100)])
    assert len(statements) == 2
    assert len({outcome.remote_id for outcome in outcomes if not isinstance(outcome, Refused)}) == 100


def test_pushing_twice_makes_one_entry_and_answers_with_it() -> None:
    session = session_of(a_connection())
    first, second = BOOKS.push(session, a_journal()), BOOKS.push(session, a_journal(narration="other words"))
    assert first.remote_id == second.remote_id
    assert (first.answer["fresh"], second.answer["fresh"]) == (True, False)
    both = push_many(session.connection_id, [a_journal("k2"), a_journal("k2"), a_journal("k2", (CARD, 1), (SALES, -1))])
    assert both[0][0] == both[1][0]  # type: ignore[index]
    assert isinstance(both[2], Refused)
    assert both[2].reason == RefusalReason.DUPLICATE
    assert BooksEntry.objects.count() == 2


def test_the_same_key_with_other_amounts_is_refused_and_changes_nothing() -> None:
    session = session_of(a_connection())
    BOOKS.push(session, a_journal())
    with refused(RefusalReason.DUPLICATE):
        BOOKS.push(session, a_journal("k1", (CARD, 5), (SALES, -5)))
    with refused(RefusalReason.DUPLICATE):
        BOOKS.push(session, a_journal("other", reference=a_journal().header.reference))
    assert figures(session.connection_id) == {CARD: 12_000, SALES: -10_000, TAX: -2_000}


def test_two_documents_with_one_reference_in_one_batch_leave_the_second_out() -> None:
    first, second = push_many(a_connection().pk, [a_journal("a", reference="R"), a_journal("b", reference="R")])
    assert not isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert second.reason == RefusalReason.DUPLICATE


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (a_journal("x", (CARD, 5), ("8888", -5)), RefusalReason.ACCOUNT_INACTIVE),
        (a_journal("x", (CARD, 5), (SALES, -4)), RefusalReason.VALIDATION),
        (a_journal("x", (CARD, 0), (SALES, 0)), RefusalReason.VALIDATION),
        (a_journal("x", (CARD, 2**63), (SALES, -(2**63))), RefusalReason.VALIDATION),
        (a_journal("x", currency="XXX"), RefusalReason.VALIDATION),
        (a_journal("x" * 3_000, reference="R"), RefusalReason.VALIDATION),
        (a_journal("x\x00", reference="R"), RefusalReason.VALIDATION),
        (a_journal("x", reference="R" * 41), RefusalReason.VALIDATION),
        (a_journal("x", tax_code="vat99"), RefusalReason.TAX_RATE_GONE),
    ],
)
def test_a_refused_document_leaves_its_neighbours_alone(document: Journal, reason: RefusalReason) -> None:
    connection = a_connection()
    before, culprit, after = push_many(connection.pk, [a_journal("a"), document, a_journal("b")])
    assert isinstance(culprit, Refused)
    assert culprit.reason == reason
    assert not isinstance(before, Refused)
    assert not isinstance(after, Refused)
    assert figures(connection.pk) == {CARD: 24_000, SALES: -20_000, TAX: -4_000}


@pytest.mark.case("E14")
def test_hostile_text_is_kept_as_it_is_but_for_what_postgresql_cannot_store() -> None:
    session = session_of(a_connection())
    words = '☕\'; DROP TABLE books_line; -- %s {} \\ "q" \u202e\x00 {1,2} NULL'
    pushed = BOOKS.push(session, a_journal(narration=words, description=words, tracking=(("a,b", "}\x00"),)))
    entry = BooksEntry.objects.get(pk=int(pushed.remote_id))
    assert entry.narration == words.replace("\x00", "")
    assert entry.lines.all()[0].description == words.replace("\x00", "")
    assert entry.lines.all()[0].tracking == {"a,b": "}"}


@pytest.mark.case("E13")
def test_the_largest_amount_is_kept_to_the_unit() -> None:
    connection = a_connection()
    most = 2**63 - 1
    assert not isinstance(push_many(connection.pk, [a_journal("k", (CARD, most), (SALES, -most))])[0], Refused)
    push_many(connection.pk, [a_journal("k2", (CARD, most), (SALES, -most))])
    assert figures(connection.pk) == {CARD: 2 * most, SALES: -2 * most}


def test_a_locked_period_takes_nothing_until_it_is_opened_again() -> None:
    session = session_of(a_connection())
    periods.lock_period(connection_id=session.connection_id, through=DAY, author="amy")
    with refused(RefusalReason.PERIOD_LOCKED):
        BOOKS.push(session, a_journal())
    BOOKS.push(session, a_journal("next", day=date(2026, 4, 1)))
    periods.lock_period(connection_id=session.connection_id, through=None, author="amy", reason="a late invoice")
    BOOKS.push(session, a_journal())


def test_what_is_in_the_books_already_answers_even_when_its_period_is_locked_by_now() -> None:
    session = session_of(a_connection())
    first = BOOKS.push(session, a_journal())
    periods.lock_period(connection_id=session.connection_id, through=DAY, author="amy")
    assert BOOKS.push(session, a_journal()).remote_id == first.remote_id


def test_an_archived_account_or_tax_rate_takes_nothing_until_it_is_restored() -> None:
    session = session_of(a_connection())
    connection_id = session.connection_id
    accounts.archive_account(connection_id=connection_id, code=SALES, actor="amy")
    with refused(RefusalReason.ACCOUNT_INACTIVE):
        BOOKS.push(session, a_journal())
    accounts.restore_account(connection_id=connection_id, code=SALES, actor="amy")
    accounts.add_tax_rate(
        connection_id=connection_id, code="vat", name="VAT", rate_ppm=200_000, account_code=TAX, actor="amy"
    )
    BOOKS.push(session, a_journal("a", tax_code="vat"))
    accounts.archive_tax_rate(connection_id=connection_id, code="vat", actor="amy")
    with refused(RefusalReason.TAX_RATE_GONE):
        BOOKS.push(session, a_journal("b", tax_code="vat"))


def test_an_entry_is_found_by_its_document_and_only_in_its_own_books() -> None:
    session, other = session_of(a_connection()), session_of(a_connection("The Outsider"))
    assert BOOKS.find(session, a_journal()) is None
    pushed = BOOKS.push(session, a_journal())
    found = BOOKS.find(session, a_journal())
    assert found is not None
    assert found.remote_id == pushed.remote_id
    assert BOOKS.find(other, a_journal()) is None
    assert BOOKS.read_back(other, pushed.remote_id, "journal") == []
    with refused(RefusalReason.NOT_FOUND):
        BOOKS.void(other, pushed.remote_id, "journal")
    assert BOOKS.push(other, a_journal()).remote_id != pushed.remote_id


def test_voiding_leaves_nothing_and_a_second_void_answers_the_first() -> None:
    session = session_of(a_connection())
    pushed = BOOKS.push(session, a_journal())
    entry_id = int(pushed.remote_id)
    first = void_entry(session.connection_id, entry_id)
    assert void_entry(session.connection_id, entry_id) == first
    BOOKS.void(session, pushed.remote_id, "journal")
    reversal = BooksEntry.objects.get(pk=first.entry_id)
    assert (reversal.date, reversal.kind, reversal.reverses_id) == (DAY, "reversal", entry_id)
    assert BooksEntry.objects.get(pk=entry_id).voided_by == reversal
    assert BooksEntry.objects.count() == 2
    assert figures(session.connection_id) == {}
    found = BOOKS.find(session, a_journal())
    assert found is not None
    assert found.answer["voided_by"] == reversal.reference
    assert BOOKS.read_back(session, pushed.remote_id, "journal") == []


def test_a_void_in_a_locked_period_is_dated_on_the_first_open_day() -> None:
    session = session_of(a_connection())
    pushed = BOOKS.push(session, a_journal())
    periods.lock_period(connection_id=session.connection_id, through=date(2026, 4, 30), author="amy")
    assert void_entry(session.connection_id, int(pushed.remote_id)).date == date(2026, 5, 1)
    assert {row.code: row.amount for row in reports.trial_balance(session.connection_id, DAY)}[CARD] == 12_000


def test_a_reversal_a_stranger_and_nonsense_cannot_be_voided() -> None:
    session = session_of(a_connection())
    pushed = BOOKS.push(session, a_journal())
    reversal = void_entry(session.connection_id, int(pushed.remote_id))
    with refused(RefusalReason.VALIDATION):
        void_entry(session.connection_id, reversal.entry_id)
    for remote_id in ("999999999", "nonsense", "", "9" * 40, "²"):
        with refused(RefusalReason.NOT_FOUND):
            BOOKS.void(session, remote_id, "journal")


def test_a_void_that_touches_an_archived_account_is_refused() -> None:
    session = session_of(a_connection())
    pushed = BOOKS.push(session, a_journal())
    accounts.archive_account(connection_id=session.connection_id, code=SALES, actor="amy")
    with refused(RefusalReason.ACCOUNT_INACTIVE):
        BOOKS.void(session, pushed.remote_id, "journal")


def test_the_facts_and_options_are_those_of_the_company() -> None:
    session = session_of(a_connection(currency="JPY"))
    connection_id = session.connection_id
    periods.lock_period(connection_id=connection_id, through=DAY, author="amy")
    accounts.archive_account(connection_id=connection_id, code="6900", actor="amy")
    accounts.add_tax_rate(
        connection_id=connection_id, code="ct10", name="消費税", rate_ppm=100_000, account_code=TAX, actor="amy"
    )
    facts = BOOKS.facts(session)
    assert (facts.base_currency, facts.lock_through) == ("JPY", DAY)
    options = {(option.kind, option.id): option for option in BOOKS.options(session)}
    assert options["account", BANK].type == "bank"
    assert options["account", SALES].type == "income"
    assert not options["account", "6900"].active
    assert options["tax_rate", "ct10"].detail == {"rate_ppm": 100_000, "account": TAX}
    assert {kind for kind, _ in options} == {"account", "tax_rate", "customer", "supplier"}


def test_an_account_made_for_a_mapping_can_be_posted_to_at_once() -> None:
    session = session_of(a_connection())
    made = BOOKS.create_account(session, name="Savings", type="bank")
    assert (made.id, made.type) == ("1001", "bank")
    BOOKS.push(session, a_journal("k", (made.id, 5), (SALES, -5)))
    with refused(RefusalReason.VALIDATION):
        BOOKS.create_account(session, name="Savings", type="nonsense")
    with refused(RefusalReason.DUPLICATE):
        BOOKS.create_account(session, name="Savings", type="asset", code="1001")


@pytest.fixture
def may_truncate(transactional_db: None) -> None:
    """The test's rows are truncated at its end, which the books refuse unless this session says that they may."""
    with database.cursor() as cursor:
        cursor.execute("SET commerce_sync.allow_truncate = 'on'")


def in_another_connection(work: Any) -> threading.Thread:
    """Run ``work`` on a database connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("may_truncate")
def test_a_lock_waits_for_a_push_under_way_and_a_push_sees_a_lock_that_it_waited_for() -> None:
    connection = a_connection()
    through = {"through": DAY, "author": "amy", "connection_id": connection.pk}
    with transaction.atomic():
        push_many(connection.pk, [a_journal()])
        locking = in_another_connection(lambda: periods.lock_period(**through))
        locking.join(0.3)
        assert locking.is_alive()
    locking.join(10)
    assert periods.locked_through(connection.pk) == DAY
    outcomes: list[Any] = []
    late = a_journal("late", day=date(2026, 4, 1))
    with transaction.atomic():
        periods.lock_period(**(through | {"through": date(2026, 4, 30)}))
        pushing = in_another_connection(lambda: outcomes.extend(push_many(connection.pk, [late])))
        pushing.join(0.3)
        assert pushing.is_alive()
    pushing.join(10)
    assert outcomes[0].reason == RefusalReason.PERIOD_LOCKED


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("may_truncate")
def test_one_document_pushed_by_two_workers_at_once_is_one_entry() -> None:
    connection = a_connection()
    outcomes: list[Any] = []
    with transaction.atomic():
        first = push_many(connection.pk, [a_journal()])[0]
        pushing = in_another_connection(lambda: outcomes.extend(push_many(connection.pk, [a_journal()])))
        pushing.join(0.3)
        assert pushing.is_alive()
    pushing.join(10)
    assert outcomes[0].entry_id == first.entry_id  # type: ignore[union-attr]
    assert not outcomes[0].fresh
    assert BooksLine.objects.count() == 3
