"""Every page of the merchant's, with something on it: one merchant in the middle of the set-up, one long at home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from msgspec import structs

from commerce_sync import services, work
from commerce_sync.documents import documents_of
from commerce_sync.models import Sync
from commerce_sync.services import save_schedule
from commerce_sync.undo import plan_undo, request_undo
from connectors.general_ledger.accounts import add_account, archive_account
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from ledger import commerce
from ledger.calendar import DayRule
from ledger.models import Company
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, an_order, sell
from tests.flow.cast import a_linked_merchant, a_new_merchant, inside

TODAY: Final = datetime(2026, 3, 5, 12, tzinfo=UTC)
FIRST: Final = date(2026, 2, 23)
YESTERDAY: Final = date(2026, 3, 4)
CARD: Final = "1100"


class House(NamedTuple):
    """A merchant, and the address of every page of its own by the name of its URL."""

    company: Company
    pages: dict[str, str]


def a_day_of_sales(day: date, first: int, count: int = 4) -> Iterator[commerce.Order]:
    """Card and cash, a little more each day."""
    for number in range(first, first + count):
        amount = 1_200 + 60 * (number % 37)
        order = an_order(number, day=day, amount=amount)
        if number % 3 == 0:
            (paid,) = order.tenders
            order = an_order(number, day=day, amount=amount, tenders=(structs.replace(paid, method="cash"),))
        yield order


def a_beginner(name: str = "Rose & Crown") -> House:
    """Linked on both sides, with a week of sales, and all stages chosen as they are suggested; nothing is in force."""
    company = a_linked_merchant(name)
    for index in range(7):
        sell(company, *a_day_of_sales(FIRST + timedelta(days=index + 3), index * 10))
    choose_all(company)
    browser = inside(company)
    browser.get("/flow/")
    posted = browser.post("/flow/preview/post", {"day": str(YESTERDAY)})["Location"]
    work.drain(10)
    names = ("", "sales-system", "accounting-software", "sales", "fees", "payments", "schedule", "preview")
    link = Connection.objects.get(company=company, kind="commerce")
    pages = {f"begun {name}": f"/flow/{name}" for name in names}
    return House(company, {**pages, "posted": posted, "connect": f"/flow/connect/{link.public_id}"})


def choose_all(company: Company) -> None:
    """Every stage of choosing, as it is suggested."""
    browser = inside(company)
    said: dict[str, dict[str, str]] = {
        "sales": {},
        "fees": {"keeps_fees": "1"},
        "payments": {},
        "schedule": {"start_on": str(FIRST), "frequency": "daily", "hour": "4", "zone": "Europe/London"},
    }
    for seen, (stage, values) in enumerate(said.items()):
        assert browser.post(f"/flow/{stage}", {"seen": str(seen), **values}).status_code == 302, stage


def in_force(company: Company) -> None:
    """The standard choices, every day at four."""
    save_book(company=company, book=default_book("GBP", DAYS), author="merchant", reason="Set-up")
    save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="merchant")


def a_settled_merchant(name: str = "Anchor Inn") -> House:
    """Days in the books, one that could not be posted, a sale that does not add up, and a change begun."""
    company = a_linked_merchant(name)
    in_force(company)
    for index in range(6):
        sell(company, *a_day_of_sales(FIRST + timedelta(days=index), index * 10, 3 + index))
    services.request_sync(company=company)
    work.drain(10)
    books = Connection.objects.get(company=company, kind="accounting")
    archive_account(connection_id=books.pk, code=CARD, actor="test")
    sell(company, *a_day_of_sales(date(2026, 3, 2), 100), an_order(200, day=date(2026, 3, 2), stated=99_999))
    services.request_sync(company=company)
    work.drain(10)
    assert inside(company).post("/flow/sales", {"seen": "0", "account:sales": "4100"}).status_code == 302
    return House(company, pages_of(company))


def pages_of(company: Company) -> dict[str, str]:
    """Every page of a merchant who has documents, a failed sync last, if any, and a change begun."""
    syncs = Sync.objects.filter(company=company).order_by("id")
    document = documents_of(company)[0]
    first, last = (syncs.first(), syncs.last())
    assert first is not None
    assert last is not None
    books = Connection.objects.get(company=company, kind="accounting")
    return {
        "overview": "/flow/",
        "history": "/flow/history",
        "sync": f"/flow/history/{first.public_id}",
        "last sync": f"/flow/history/{last.public_id}",
        "day": f"/flow/day/{document.posting.day}",
        "document": f"/flow/documents/{document.uuid}",
        "plan of a sync": f"/flow/undo/sync/{first.public_id}",
        "plan of a document": f"/flow/undo/document/{document.uuid}",
        "undos": "/flow/undo",
        "charts": "/flow/figures",
        "downloads": "/flow/downloads",
        "change": "/flow/change",
        "saved": "/flow/change/saved",
        "versions": "/flow/versions",
        "version": "/flow/versions/1",
        "pause": "/flow/pause",
        "connections": "/flow/connections",
        "notices": "/flow/notices",
        "disconnect": f"/flow/connections/{books.public_id}/disconnect",
        **{name: f"/flow/{name}" for name in ("sales", "fees", "payments", "schedule", "finished")},
        "missing": "/flow/history/00000000-0000-0000-0000-000000000000",
    }


def a_paused_merchant(name: str = "Harbour Bakery") -> House:
    """What was in the books was taken back, the sales system is no longer connected, and all of it is paused."""
    company = a_linked_merchant(name)
    in_force(company)
    sell(company, *a_day_of_sales(FIRST, 0))
    sync_id = services.request_sync(company=company).public_id
    work.drain(10)
    sync = Sync.objects.get(public_id=sync_id)
    undo = request_undo(
        company=company, sync=sync, plan_digest=plan_undo(company=company, sync=sync).digest, actor="merchant"
    )
    work.drain(10)
    services.pause(company=company, reason="Stock-taking", actor="merchant")
    pages = {
        "overview": "/flow/",
        "resume": "/flow/resume",
        "undos": "/flow/undo",
        "undo": f"/flow/undo/{undo.public_id}",
        "sync that was taken back": f"/flow/history/{sync_id}",
        "connections": "/flow/connections",
    }
    return House(company, pages)


def a_stranger() -> House:
    """A merchant of whom nothing is linked yet."""
    company = a_new_merchant("Bell & Whistle")
    return House(company, {"new": "/flow/", "new sales-system": "/flow/sales-system"})


def an_old_merchant(days: int, accounts: int = 0, name: str = "Old Ship") -> House:
    """So many days of five sales each in the books, a sync for each of them, and more accounts than the standard chart.

    A change is begun, so that its page has something to work out.
    """
    company = a_linked_merchant(name)
    first = YESTERDAY - timedelta(days=days - 1)
    book = default_book("GBP", (DayRule(first - timedelta(days=40), "Europe/London", 0),))
    save_book(company=company, book=book, author="merchant", reason="Set-up")
    save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="merchant")
    books = Connection.objects.get(company=company, kind="accounting")
    for number in range(accounts):
        kind = ("income", "expense", "asset", "liability")[number % 4]
        add_account(
            connection_id=books.pk, name=f"Account {number}", type=kind, code=str(10_000 + number), actor="test"
        )
    sell(company, *(order for day in range(days) for order in a_day_of_sales(first + timedelta(days=day), day * 5, 5)))
    sync = services.request_sync(company=company)
    while not Sync.objects.get(pk=sync.pk).finished_at:
        work.drain(20)
    at = TODAY - timedelta(hours=1)
    Sync.objects.bulk_create(
        Sync(
            company=company, trigger="schedule", started_at=at, finished_at=at, code=2000, stage="done", through_day=day
        )
        for day in (first + timedelta(days=index) for index in range(days))
    )
    assert inside(company).post("/flow/sales", {"seen": "0", "account:sales": "4100"}).status_code == 302
    return House(company, pages_of(company))
