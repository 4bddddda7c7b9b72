"""Findings open once, follow their facts, and close when their cause is gone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction

from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.settle import GONE, Settled, settle
from health.findings.watching import look_at
from health.models import Finding, FindingEvent, Lookout, Watched
from ledger.models import Company
from tests.api.cast import make_company, make_partner

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 3, 6, tzinfo=UTC)
CODES = frozenset({"document_edited", "number_gap"})


def company(name: str = "Bell & Crumb") -> Company:
    return make_company(make_partner(f"partner of {name}"), name)


def seen(where: Company, subject: str = "CS1", amount: int = 1, code: str = "document_edited") -> Seen:
    return Seen(
        code, where.pk, subject, {"reference": subject, "changes": f"by {amount}"}, currency="GBP", amount=amount,
        day=date(2026, 11, int(subject[-1])), causes=(Cause("document", "7", subject),),
    )  # fmt: skip


def look(where: Company, *what: Seen, at: datetime = AT, days: tuple[date, date] | None = None) -> Settled:
    return settle(CODES, Scope((where.pk,), at), Looked(what, {where.pk: days} if days else None))


def test_what_is_seen_twice_is_one_finding() -> None:
    shop = company()
    assert look(shop, seen(shop), seen(shop)).opened == 1
    again = look(shop, seen(shop), at=AT + timedelta(days=1))
    assert (again.opened, again.changed, again.closed) == (0, 0, 0)
    finding = Finding.objects.get()
    assert finding.partner_id == shop.partner_id
    assert finding.sentence == "CS1 was changed in the accounting software: by 1."
    assert (finding.opened_at, finding.changed_at, finding.seen_at) == (AT, AT, AT + timedelta(days=1))


def test_other_facts_change_the_finding_and_not_its_age() -> None:
    shop = company()
    look(shop, seen(shop))
    later = AT + timedelta(days=1)
    assert look(shop, seen(shop, amount=2), at=later).changed == 1
    finding = Finding.objects.get()
    assert (finding.amount, finding.opened_at, finding.changed_at) == (2, AT, later)


def test_a_finding_closes_when_its_cause_is_gone_and_opens_anew_when_it_is_back() -> None:
    shop, other = company(), company("Another")
    look(shop, seen(shop), seen(shop, "CS2"))
    look(other, seen(other))
    assert look(shop, seen(shop)).closed == 1
    closed = Finding.objects.get(subject="CS2")
    assert (closed.state, closed.resolved_by) == ("resolved", GONE)
    assert look(shop, seen(shop), seen(shop, "CS2")).opened == 1
    assert Finding.objects.filter(subject="CS2").count() == 2
    assert Finding.objects.get(company=other).state == "open"


def test_only_where_it_was_looked_is_anything_closed() -> None:
    shop = company()
    look(shop, seen(shop, "CS1"), seen(shop, "CS5"))
    assert look(shop, days=(date(2026, 11, 4), date(2026, 11, 6))).closed == 1
    assert Finding.objects.get(resolved_at=None).subject == "CS1"


def test_a_watch_of_other_codes_closes_nothing() -> None:
    shop = company()
    look(shop, seen(shop))
    assert settle({"number_gap"}, Scope((shop.pk,), AT), Looked()).closed == 0


def test_what_was_ignored_stays_so_until_its_facts_change() -> None:
    shop = company()
    look(shop, seen(shop))
    Finding.objects.update(state="ignored", reason="known")
    look(shop, seen(shop))
    assert Finding.objects.get().state == "ignored"
    look(shop, seen(shop, amount=9))
    assert (Finding.objects.get().state, Finding.objects.get().reason) == ("open", "")


def test_a_watch_speaks_only_for_its_codes_and_its_companies() -> None:
    shop, other = company(), company("Another")
    with pytest.raises(ValueError, match="cannot speak of"):
        look(shop, seen(other))
    with pytest.raises(ValueError, match="cannot speak of"):
        settle({"number_gap"}, Scope((shop.pk,), AT), Looked((seen(shop),)))


def test_what_is_of_no_company_is_settled_by_itself() -> None:
    shop = company()
    look(shop, seen(shop))
    gone = Seen("workers_gone", None, "workers", {"since": "03:00"})
    assert settle({"workers_gone"}, None, Looked((gone,)), AT).opened == 1
    assert settle({"workers_gone"}, None, Looked((gone,)), AT).opened == 0
    assert settle({"workers_gone"}, None, Looked(), AT).closed == 1
    assert Finding.objects.filter(resolved_at=None).count() == 1


def test_a_look_is_noted() -> None:
    shop = company()
    look_at([shop.pk], "sync", AT)
    assert Watched.objects.get().nightly_at is None
    look_at([shop.pk], "night", AT)
    assert Watched.objects.get().nightly_at == AT


def test_a_problem_asks_for_a_look() -> None:
    shop = company()
    Lookout.objects.all().delete()
    shop.problems.create(subject="x", code="malformed", opened_at=AT)
    assert list(Lookout.objects.values_list("company_id", flat=True)) == [shop.pk]


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("finding_severity_known", {"severity": "dire"}),
        ("finding_resolved_says_by_whom", {"state": "resolved"}),
        ("finding_ignored_says_why", {"state": "ignored"}),
        ("finding_has_root", {"root": ""}),
    ],
)
def test_postgresql_refuses_a_finding_that_makes_no_sense(constraint: str, changes: dict[str, str]) -> None:
    shop = company()
    look(shop, seen(shop))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Finding.objects.update(**changes)


def test_findings_and_what_was_said_of_them_are_kept() -> None:
    """finding_is_kept, finding_event_is_kept, finding_event_has_actor."""
    shop = company()
    look(shop, seen(shop), seen(shop, "CS2"))
    other = Finding.objects.get(subject="CS2")
    event = FindingEvent.objects.create(
        finding=Finding.objects.get(subject="CS1"), what="commented", actor="Sam", words="hm"
    )
    for act in (event.delete, other.delete, lambda: FindingEvent.objects.update(words="")):
        with pytest.raises((IntegrityError, InternalError), match="is kept"), transaction.atomic():
            act()
    with pytest.raises(IntegrityError, match="finding_event_has_actor"), transaction.atomic():
        FindingEvent.objects.create(finding=other, what="commented", actor="")
