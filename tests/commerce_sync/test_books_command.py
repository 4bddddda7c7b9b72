"""`manage.py books`: what the services of the built-in books do, for a person at a terminal."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from cast import FIRST_DAY, a_merchant, an_order, sell
from django.core.management import CommandError, call_command

from commerce_sync import services, work
from commerce_sync.models import Job, Schedule
from connectors.models import BooksAccount, BooksEntry, Connection
from connectors.services import connect_commerce
from ledger.models import Company

pytestmark = pytest.mark.django_db(transaction=True)


def books(company: Company, *arguments: str) -> str:
    out = StringIO()
    call_command("books", company.name, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def company() -> Company:
    merchant = a_merchant()
    sell(merchant, an_order(1))
    services.request_sync(company=merchant)
    work.drain(20)
    assert BooksEntry.objects.exists()
    return merchant


def test_the_reports_tell_the_same_sale(company: Company) -> None:
    through = f"--through={FIRST_DAY}"
    assert "Total" in books(company, "trial-balance")
    shown = {"trial-balance": "12.00", "profit-and-loss": "10.00", "balance-sheet": "12.00"}  # 2.00 of it is tax
    for report, amount in shown.items():
        assert amount in books(company, report, through), report
    sales = books(company, "account", "4000")
    reference = BooksEntry.objects.get().reference
    assert (reference in sales, "-10.00" in sales) == (True, True)


@pytest.mark.parametrize("form", ["csv", "trial-balance-csv", "hledger", "beancount"])
def test_the_books_leave_as_a_file_and_overwrite_none(company: Company, form: str, tmp_path: Path) -> None:
    target = tmp_path / "books"
    assert "Written" in books(company, "export", form, "--output", str(target))
    assert target.read_bytes().decode() == books(company, "export", form)
    with pytest.raises(CommandError, match="cannot be written"):
        books(company, "export", form, "--output", str(target))


def test_the_chart_is_edited(company: Company) -> None:
    assert "4999 Pop-up sales added" in books(
        company, "add-account", "Pop-up sales", "--type", "income", "--code", "4999"
    )
    books(company, "rename-account", "4999", "Market stall")
    books(company, "archive-account", "4999")
    assert "Market stall  (archived)" in books(company, "chart")
    books(company, "restore-account", "4999")
    books(company, "add-tax-rate", "QST", "Québec", "9.975", "2200")
    assert "tax QST: Québec, 9.975 % on 2200" in books(company, "chart")
    books(company, "archive-tax-rate", "QST")
    books(company, "delete-account", "4999")
    assert not BooksAccount.objects.filter(code="4999").exists()
    with pytest.raises(CommandError, match="in use"):
        books(company, "delete-account", "4000")


def test_a_period_is_locked_and_opened_with_a_reason(company: Company) -> None:
    assert f"Locked through {FIRST_DAY}" in books(company, "lock", str(FIRST_DAY))
    with pytest.raises(CommandError, match="why"):
        books(company, "unlock")
    assert "No period is locked" in books(company, "unlock", "--reason", "the accountant asked")


@pytest.mark.parametrize(
    "arguments",
    [("account", "1234"), ("lock", "yesterday"), ("add-tax-rate", "A", "B", "twenty", "2200"), ("nonsense",), ()],
)
def test_what_cannot_be_done_is_refused_in_words(company: Company, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        books(company, *arguments)


def test_a_company_without_such_books_is_told_so() -> None:
    merchant = a_merchant("Elsewhere")
    Connection.objects.filter(company=merchant, platform="books").update(platform="hostile")
    with pytest.raises(CommandError, match="does not keep"):
        books(merchant, "chart")


def test_a_push_is_the_event_that_a_sync_on_each_event_waits_for() -> None:
    merchant = a_merchant()
    shop = connect_commerce(company=merchant, platform="partner", actor="test")
    order = b"""[{"id": "o1", "currency": "GBP", "createdDate": "2026-03-02T12:00:00Z", "modifiedDate":
        "2026-03-02T12:00:00Z", "totalAmount": 5, "totalTaxAmount": 0, "orderLineItems": [{"id": "l", "quantity": 1,
        "totalAmount": 5, "totalTaxAmount": 0}], "payments": [{"id": "p", "amount": 5, "type": "Cash",
        "status": "Paid", "createdDate": "2026-03-02T12:00:00Z"}]}]"""
    services.save_schedule(company=merchant, frequency="daily", hour=4, zone="Europe/London", actor="test")
    assert [r.status for r in services.receive_sales(connection=shop, dataset="orders", body=order)] == ["new"]
    assert not Job.objects.exists()
    Schedule.objects.update(frequency="event", next_due_at=None)
    services.receive_sales(connection=shop, dataset="orders", body=order)
    assert not Job.objects.exists()  # the same again is no event
    services.receive_sales(connection=shop, dataset="orders", body=order.replace(b"5", b"6"))
    assert Job.objects.get().key == f"event:{merchant.pk}"
