"""Companies and their books: what writes several rows, and says who did it and why."""

from __future__ import annotations

from threading import Barrier

import msgspec
import pytest

from ledger.calendar import UnknownZone
from ledger.models import AuditEntry, BookVersion, Company
from ledger.money import UnknownCurrency
from ledger.services import InvalidBook, create_company, save_book
from tests.ledger.builders import an_order, balances, deliver, post, standings
from tests.ledger.cast import a_book, keep, london, outsider, the_partner, without
from tests.ledger.test_intake import at_once

pytestmark = pytest.mark.django_db


def codes() -> list[tuple[str, str]]:
    """(code, actor) of the audit trail."""
    return list(AuditEntry.objects.order_by("id").values_list("code", "actor"))


def test_a_new_company_is_written_down_with_who_made_it() -> None:
    company = create_company(partner=the_partner(), name="Pub", currency="GBP", zone="Europe/London", actor="amy")
    entry = AuditEntry.objects.get()
    assert (entry.code, entry.actor, entry.company, entry.partner) == ("company.created", "amy", company, the_partner())


@pytest.mark.parametrize(
    ("currency", "zone", "refusal"),
    [("GPB", "UTC", UnknownCurrency), ("gbp", "UTC", UnknownCurrency), ("GBP", "Europe/Londres", UnknownZone)],
)
def test_a_company_with_an_unknown_currency_or_zone_is_not_made(
    currency: str, zone: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        create_company(partner=the_partner(), name="Pub", currency=currency, zone=zone, actor="amy")
    assert (Company.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_each_change_of_a_book_is_a_version_with_author_reason_and_difference() -> None:
    pub = london()
    keep(pub, without(a_book(), "tip"), "No tips here")
    version = BookVersion.objects.get(number=2)
    assert (version.author, version.reason, version.book) == ("amy", "No tips here", without(a_book(), "tip"))
    assert version.difference == [{"field": "accounts.tip", "before": "tip", "after": ""}]
    assert codes()[-1] == ("book.changed", "amy")


def test_saving_the_book_in_force_makes_no_version() -> None:
    pub = london()
    before = codes()
    same = save_book(company=pub.company, book=a_book(), author="bob", reason="again")
    assert (same.number, BookVersion.objects.count(), codes()) == (1, 1, before)


def test_a_book_that_contradicts_itself_is_refused_and_names_the_fields() -> None:
    pub = london()
    book = a_book()
    same_account = msgspec.structs.replace(book, accounts=book.accounts | {"tip": "sales"}, suspense="")
    with pytest.raises(InvalidBook) as refused:
        keep(pub, same_account)
    assert {conflict.field for conflict in refused.value.conflicts} == {"accounts.tip", "suspense"}
    assert BookVersion.objects.count() == 1


def test_a_new_account_queues_only_what_went_to_suspense_and_only_here() -> None:
    pub, other = london(), outsider()
    for merchant in (pub, other):
        keep(merchant, without(a_book(), "tax"))
        deliver(merchant, an_order("o1"), an_order("plain", lines=(), tenders=(), gross=0))
        post(merchant)
    keep(pub, a_book())
    assert ("o1", 1, 1, "PENDING") in standings(pub)
    assert [row for row in standings(other) if row[3] != "IN_BOOKS"] == []
    post(other)
    assert balances(other)["suspense"] == -200


def test_a_version_that_was_overtaken_is_not_queued() -> None:
    pub = london()
    keep(pub, without(a_book(), "tax"))
    deliver(pub, an_order(v=10))
    post(pub)
    deliver(pub, an_order(gross=1_800, v=20))
    keep(pub, a_book())
    assert standings(pub) == [("o1", 1, 0, "IN_BOOKS"), ("o1", 2, 0, "PENDING")]


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_make_two_versions() -> None:
    pub = london()
    meet = Barrier(2)

    def save(role: str) -> None:
        meet.wait(10)
        keep(pub, without(a_book(), role))

    assert at_once(lambda: save("tip"), lambda: save("shipping")) == []
    assert sorted(BookVersion.objects.values_list("number", flat=True)) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_book_saved_while_sales_come_in_stops_nobody() -> None:
    pub = london()
    orders = [an_order(f"o{number}") for number in range(200)]
    works = [lambda part=part: deliver(pub, *orders[part::3]) for part in range(3)]
    assert at_once(*works, lambda: keep(pub, without(a_book(), "tip")), lambda: post(pub)) == []
    post(pub)
    assert balances(pub)["sales"] == -200_000
