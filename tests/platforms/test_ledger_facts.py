"""What holds for every accounting platform that tells what its ledger holds: all of it, and what is whose is told."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from connectors import accounting, ledger_look_rows, ledger_looks, push_send, registry
from connectors.declare import Budget
from connectors.errors import NotAuthorized
from connectors.http import open_door
from connectors.ledger_facts import TellsBank, TellsLedger
from connectors.ledger_looks import look_daily
from connectors.models import BankLine, LedgerLook, TheirBalance, TheirEntry
from connectors.models import Option as OptionRow
from connectors.options import kept_accounts
from connectors.session import Session
from ledger.post_due import post_due
from tests.commerce_sync.cast import an_order, sell
from tests.platforms.targets import Linked, interfaces, running

pytestmark = pytest.mark.django_db
of_each_target = pytest.mark.parametrize("key", interfaces())
TODAY = timezone.now().date()
DAY = TODAY - timedelta(days=3)


@pytest.fixture
def shop(key: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Linked]:
    with running(key) as fake:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [fake.place]
        client = getattr(fake, "client", {"client_id": "us", "client_secret": "not-told"})
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {key: client}
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(ledger_looks, "_admit_at", 0.0)
        monkeypatch.setattr(type(registry.accounting(key)), "budget", Budget())
        yield Linked(key, fake)


def sold(shop: Linked, *amounts: int) -> None:
    """Card sales of a few days ago, in the books there."""
    sell(shop.company, *(an_order(n, day=DAY, amount=amount) for n, amount in enumerate(amounts)))
    post_due(company_id=shop.company.pk, through=TODAY, act=uuid4())
    assert shop.settle().undelivered == 0


def account(shop: Linked, code: str) -> str:
    return OptionRow.objects.get(connection=shop.connection, kind="account", code=code).external_id


def asked(shop: Linked) -> None:
    LedgerLook.objects.update(next_at=timezone.now())
    look_daily(30)
    assert LedgerLook.objects.get().said == ""


def kept() -> list[tuple[str, int, date, str]]:
    """(account, amount, day, reference) of the entries of others."""
    return [
        (row.account, row.amount, row.day, row.reference or row.text)
        for row in TheirEntry.objects.order_by("account", "day")
    ]


@of_each_target
def test_what_others_booked_is_told_and_ours_is_not(key: str, shop: Linked) -> None:
    sold(shop, 1_200, 600)
    clearing = account(shop, "1100")
    remote_id = shop.fake.enter(DAY, {"6900": 777, "1100": -777}, "MANUAL-7")
    asked(shop)
    assert kept() == [(clearing, -777, DAY, "MANUAL-7")]
    assert TheirEntry.objects.get().remote_id == remote_id


@of_each_target
@pytest.mark.case("A28")
def test_one_of_ours_that_is_there_a_second_time_is_told_as_somebody_elses(key: str, shop: Linked) -> None:
    sold(shop, 1_200, 600)
    ((reference, own),) = shop.fake.documents()
    second = shop.fake.enter(DAY, own, reference)
    asked(shop)
    clearing = account(shop, "1100")
    assert [(row.remote_id, row.account, row.amount) for row in TheirEntry.objects.filter(account=clearing)] == [
        (second, clearing, own["1100"])
    ]


@of_each_target
def test_balances_are_those_before_our_first_document_and_of_yesterday(key: str, shop: Linked) -> None:
    shop.fake.enter(DAY - timedelta(days=40), {"1100": 5_000, "3000": -5_000}, "OPENING")
    shop.fake.enter(TODAY, {"1100": 99, "3000": -99}, "TODAY")
    sold(shop, 1_200)
    asked(shop)
    clearing = account(shop, "1100")
    look = LedgerLook.objects.get()
    assert (look.opening_day, look.balance_day) == (DAY - timedelta(days=1), TODAY - timedelta(days=1))
    found = dict(TheirBalance.objects.filter(account=clearing).values_list("day", "amount"))
    assert found == {look.opening_day: 5_000, look.balance_day: 6_200}
    assert set(TheirBalance.objects.values_list("currency", flat=True)) == {"GBP"}


@of_each_target
def test_asking_again_replaces_what_is_kept(key: str, shop: Linked) -> None:
    sold(shop, 1_200)
    shop.fake.enter(DAY, {"6900": 777, "1100": -777}, "MANUAL-7")
    asked(shop)
    shop.fake.enter(DAY, {"6900": 5, "1100": -5}, "MANUAL-8")
    asked(shop)
    assert sorted(amount for _, amount, _, _ in kept()) == [-777, -5]


@of_each_target
def test_what_the_bank_brought_is_told(key: str, shop: Linked) -> None:
    sold(shop, 1_200)
    shop.fake.bank_brings(DAY, 1_170, "STRIPE PO-1")
    asked(shop)
    (line,) = BankLine.objects.all()
    assert (line.account, line.amount, line.day, line.currency) == (account(shop, "1000"), 1_170, DAY, "GBP")
    assert "STRIPE PO-1" in line.text


@of_each_target
def test_what_was_voided_or_is_a_draft_is_not_in_the_books(key: str, shop: Linked) -> None:
    """Ours, taken back there: neither an entry of others nor in the balance."""
    sold(shop, 1_200)
    binding = shop.connection.bindings.get()
    shop.void(binding.remote_id, binding.kind)
    asked(shop)
    assert kept() == []
    assert not TheirBalance.objects.filter(account=account(shop, "1100")).exists()


@of_each_target
def test_big_books_are_read_in_several_turns(key: str, shop: Linked) -> None:
    sold(shop, 1_200)
    ledger_look_rows.admit([shop.platform.key], timezone.now())
    look = LedgerLook.objects.get()
    ledger_looks.ask(look, time.monotonic())
    look.refresh_from_db()
    assert (look.reached_day, look.looked_at) == (DAY - timedelta(days=1), None)
    assert look.next_at <= timezone.now()
    ledger_looks.ask(look, time.monotonic() + 30)
    look.refresh_from_db()
    assert (look.reached_day, look.looked_at is not None) == (None, True)


@of_each_target
def test_an_access_that_ended_is_said_and_tried_again_later(key: str, shop: Linked) -> None:
    sold(shop, 1_200)
    shop.fake.revoke()
    look_daily(30)
    look = LedgerLook.objects.get()
    assert NotAuthorized("").message[:20] in look.said
    assert look.next_at > timezone.now() + timedelta(minutes=50)


@of_each_target
def test_all_entries_of_a_span_are_told_whatever_pages_they_come_in(key: str, shop: Linked) -> None:
    for number in range(1_050):
        shop.fake.enter(DAY, {"6900": 100 + number, "1100": -100 - number}, f"M-{number}")
    platform = shop.platform
    assert isinstance(platform, TellsLedger)
    clearing = account(shop, "1100")
    with open_door(shop.connection, platform) as door:
        session = Session(
            shop.connection.pk, shop.company.pk, shop.connection.settings, door,
            accounts=kept_accounts(shop.connection.pk),
        )  # fmt: skip
        found = list(platform.entries(session, frozenset({clearing}), DAY, DAY))
        assert list(platform.entries(session, frozenset({clearing}), TODAY, TODAY)) == []
    assert sorted(-each.amount for each in found) == [100 + number for number in range(1_050)]
    assert len({each.remote_id for each in found}) == 1_050
    assert {each.account for each in found} == {clearing}


def test_each_accounting_platform_that_is_called_tells_its_ledger() -> None:
    folder = Path(accounting.__file__).parent  # those of tests that ran before are registered too
    known = [registry.accounting(key) for key in registry.accounting_keys()]
    called = [each for each in known if not each.local and Path(inspect.getfile(type(each))).parent == folder]
    assert [each.key for each in called if not isinstance(each, TellsLedger)] == []
    assert [each.key for each in called if isinstance(each, TellsBank)] == ["odoo"]
