"""What people do with findings: each act is noted, touches only what it makes sense for, and never too much at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from commerce_sync.models import Job, Sync
from health.findings import mending, unattended, working
from health.findings.mending import mend
from health.findings.seen import Looked, Scope, Seen
from health.findings.settle import GONE, settle
from health.findings.working import Act, BadAct
from health.models import Finding, FindingEvent, Lookout
from ledger.models import AuditEntry, Company
from ledger.services import now
from tests.api.cast import make_company, make_partner

pytestmark = pytest.mark.django_db
SAM = Act("console:sam", "because")
ALL = Finding.objects.all()


def company(name: str = "Bell & Crumb") -> Company:
    return make_company(make_partner(f"partner of {name}"), name)


def find(where: Company, *subjects: str, code: str = "document_edited", amount: int = 1, root: str = "") -> None:
    seen = [Seen(code, where.pk, each, {"reference": each}, amount=amount, root=root) for each in subjects]
    settle({code}, Scope((where.pk,), now()), Looked(tuple(seen)))


def the_one() -> Finding:
    return Finding.objects.get()


def whats() -> list[tuple[str, str]]:
    return list(FindingEvent.objects.order_by("id").values_list("what", "words"))


def test_a_finding_is_taken_given_back_and_taken_by_another() -> None:
    shop, sam = company(), get_user_model().objects.create_user("sam")
    find(shop, "CS1")
    assert working.assign(findings=ALL, act=SAM, to=sam).done == 1
    assert (the_one().state, the_one().assignee, the_one().assigned_to) == ("assigned", sam, "sam")
    working.assign(findings=ALL, act=SAM, name="Alex of Till Systems")
    assert (the_one().assignee, the_one().assigned_to) == (None, "Alex of Till Systems")
    working.release(findings=ALL, act=SAM)
    assert (the_one().state, the_one().assigned_to) == ("open", "")
    assert whats() == [
        ("assigned", "to sam: because"), ("assigned", "to Alex of Till Systems: because"), ("released", "because"),
    ]  # fmt: skip
    entry = AuditEntry.objects.filter(code="finding.assigned").first()
    assert entry is not None
    assert (entry.company, entry.actor, entry.detail["why"]) == (shop, "console:sam", "to sam: because")


def test_an_act_without_its_reason_is_refused() -> None:
    find(company(), "CS1")
    for act in (working.comment, working.escalate, working.resolve, working.ignore):
        with pytest.raises(BadAct):
            act(findings=ALL, act=Act("console:sam", "  "))
    with pytest.raises(BadAct):
        working.assign(findings=ALL, act=SAM, name=" ")
    with pytest.raises(BadAct):
        working.ignore(findings=ALL, act=SAM, until=now().date())
    assert whats() == []


def test_resolving_closes_and_has_the_company_looked_at_again() -> None:
    shop = company()
    find(shop, "CS1", "CS2")
    Lookout.objects.all().delete()
    assert working.resolve(findings=Finding.objects.filter(subject="CS1"), act=SAM).done == 1
    closed = Finding.objects.get(subject="CS1")
    assert (closed.state, closed.resolved_by, closed.reason) == ("resolved", "console:sam", "because")
    assert Lookout.objects.get().company_id == shop.pk
    assert working.resolve(findings=Finding.objects.filter(subject="CS1"), act=SAM).done == 0
    find(shop, "CS1", "CS2")  # its cause is still there
    assert Finding.objects.filter(subject="CS1").count() == 2


def test_ignored_until_a_day_comes_back_on_that_day() -> None:
    find(company(), "CS1")
    until = now().date() + timedelta(days=7)
    working.ignore(findings=ALL, act=SAM, until=until)
    assert (the_one().state, the_one().ignored_until) == ("ignored", until)
    assert unattended.bring_back() == 0
    Finding.objects.update(ignored_until=now().date())
    assert unattended.bring_back() == 1
    assert (the_one().state, the_one().reason, the_one().ignored_until) == ("open", "", None)
    assert whats()[-1] == ("reopened", "The day until which it was ignored has come.")
    assert AuditEntry.objects.filter(code="finding.reopened", actor=GONE).exists()


def test_what_was_ignored_and_has_other_facts_comes_back_and_its_history_says_so() -> None:
    shop = company()
    find(shop, "CS1")
    working.ignore(findings=ALL, act=SAM, until=now().date() + timedelta(days=7))
    find(shop, "CS1")
    assert the_one().state == "ignored"
    find(shop, "CS1", amount=2)
    assert (the_one().state, the_one().ignored_until) == ("open", None)
    assert whats()[-1] == ("reopened", "Its facts are other than those that were ignored.")


def test_an_ignored_one_whose_cause_is_gone_is_over() -> None:
    shop = company()
    find(shop, "CS1")
    working.ignore(findings=ALL, act=SAM, until=now().date() + timedelta(days=7))
    find(shop)
    assert (the_one().state, the_one().resolved_by) == ("resolved", GONE)


def test_an_ignored_one_is_taken_up_again_by_a_person() -> None:
    find(company(), "CS1")
    working.ignore(findings=ALL, act=SAM)
    assert working.reopen(findings=ALL, act=SAM).done == 1
    assert (the_one().state, the_one().reason) == ("open", "")
    assert working.reopen(findings=ALL, act=SAM).done == 0


def test_a_partner_ignores_nothing_that_we_have_to_look_at() -> None:
    shop = company()
    find(shop, "CS1")
    find(shop, "CS2", code="record_twice")
    theirs = Act("api:till", "known to us", by_partner=True)
    assert working.ignore(findings=ALL, act=theirs).done == 1
    assert Finding.objects.get(state="ignored").code == "document_edited"


def test_what_is_passed_up_is_passed_up_once() -> None:
    find(company(), "CS1")
    assert working.escalate(findings=ALL, act=SAM).done == 1
    assert working.escalate(findings=ALL, act=SAM).done == 0
    assert the_one().escalated_at is not None


def test_a_comment_among_us_is_internal_and_one_of_a_partner_never() -> None:
    find(company(), "CS1")
    working.comment(findings=ALL, act=SAM, is_internal=True)
    working.comment(findings=ALL, act=Act("api:till", "hello", by_partner=True), is_internal=True)
    assert list(FindingEvent.objects.order_by("id").values_list("is_internal", flat=True)) == [True, False]


def test_a_grave_finding_that_nobody_takes_is_passed_up_by_itself(settings: Any) -> None:
    shop = company()
    find(shop, "CS1", "CS2")
    find(shop, "CS3", code="document_redated")  # a warning
    working.assign(findings=Finding.objects.filter(subject="CS2"), act=SAM, name="Sam")
    assert unattended.escalate_unattended() == 0
    Finding.objects.update(opened_at=now() - timedelta(hours=25))
    settings.COMMERCE_SYNC_ESCALATE_AFTER_HOURS = 0
    assert unattended.escalate_unattended() == 0
    settings.COMMERCE_SYNC_ESCALATE_AFTER_HOURS = 24
    assert unattended.pass_up(5) is False
    assert Finding.objects.get(escalated_at__isnull=False).subject == "CS1"
    assert whats()[-1] == ("escalated", "Nobody has taken it for 24 hours.")
    assert unattended.escalate_unattended() == 0


def test_only_so_many_are_taken_at_once_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "MOST_AT_ONCE", 3)
    find(company(), *(f"CS{n}" for n in range(8)))
    assert [working.resolve(findings=ALL, act=SAM) for _ in range(3)] == [
        working.Worked(3, 5), working.Worked(3, 2), working.Worked(2, 0),
    ]  # fmt: skip
    assert working.comment(findings=ALL, act=SAM) == working.Worked(3, 5)


def test_what_can_be_mended_by_a_sync_is_synced_company_by_company(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (company(name) for name in ("One", "Two", "Three"))
    for shop in (first, second, third):
        find(shop, "x", code="connection_lost", root="platform down: square")
    monkeypatch.setattr(mending, "MOST_COMPANIES", 2)
    done = mend(findings=ALL, act=SAM)
    assert (done.companies, done.syncs, done.running, done.left) == (2, 2, 0, 1)
    rest = mend(findings=ALL, act=SAM)  # first those that were not yet
    assert (rest.companies, rest.syncs, rest.running) == (2, 1, 1)
    assert Sync.objects.count() == Job.objects.filter(kind="sync").count() == 3
    assert whats()[0] == ("retried", "because")


def test_where_nothing_was_refused_a_retry_is_a_sync() -> None:
    shop = company()
    find(shop, "4000", code="account_archived")
    done = mend(findings=ALL, act=SAM)
    assert (done.documents, done.syncs) == (0, 1)


def test_what_nothing_can_mend_is_said() -> None:
    find(company(), "CS1")
    with pytest.raises(BadAct, match="nothing here"):
        mend(findings=ALL, act=SAM)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("finding_assigned_says_to_whom", {"state": "assigned"}),
        ("finding_until_is_of_ignored", {"ignored_until": "2026-12-01"}),
    ],
)
def test_postgresql_refuses_work_that_makes_no_sense(constraint: str, changes: dict[str, str]) -> None:
    find(company(), "CS1")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Finding.objects.update(**changes)
