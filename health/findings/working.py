"""What people do with findings: take them, talk about them, pass them up, close them, put them aside.

Each act is for any number of findings (a whole group of one root cause), of which at most `MOST_AT_ONCE` are taken at a
time: the answer says how many are left for another time. Each is one transaction with an event on every finding and an
entry in the audit trail, and touches only findings in a state in which it makes sense. Rows that a watch is writing to
are left to it, unless one finding alone is meant: nobody waits holding what another waits for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from msgspec import Struct

from health.models import Finding, FindingEvent, Lookout
from ledger.models import AuditEntry
from ledger.services import now

MOST_AT_ONCE: Final = 500
MOST_WORDS: Final = 2_000
MOST_REASON: Final = 500
MOST_COUNTED: Final = 5_000  # of those that are left

_OPEN: Final = (Finding.State.OPEN, Finding.State.ASSIGNED)
_UNSOLVED: Final = (*_OPEN, Finding.State.IGNORED)
_NOT_THE_PARTNERS: Final = ("support",)  # turns of ours: what a partner ignored, we would never see


class BadAct(Exception):
    """What was asked for cannot be done so; the sentence says why, to whoever asked."""


class Worked(Struct, frozen=True):
    """How many findings an act was done to, and how many are left to which it could be done (at least; bounded)."""

    done: int
    left: int = 0


class Act(Struct, frozen=True):
    """Who does something, why, and whether that is one of a partner's people (or programs)."""

    actor: str
    words: str = ""
    by_partner: bool = False


def assign(*, findings: QuerySet[Finding], act: Act, to: User | None = None, name: str = "") -> Worked:
    """Give them to somebody: a person of the console, or whoever is called ``name``. Raises `BadAct`."""
    called = to.get_username() if to is not None else " ".join(name.split())
    if not called:
        raise BadAct("Say who takes it.")
    changes = {"state": Finding.State.ASSIGNED, "assignee": to, "assigned_to": called[:200]}
    said = f"to {called}" + (f": {act.words}" if act.words else "")
    return _act(findings, _OPEN, FindingEvent.What.ASSIGNED, act, changes, words=said)


def release(*, findings: QuerySet[Finding], act: Act) -> Worked:
    """Give them back: they are open, and nobody's."""
    changes = {"state": Finding.State.OPEN, "assignee": None, "assigned_to": ""}
    return _act(findings, (Finding.State.ASSIGNED,), FindingEvent.What.RELEASED, act, changes)


def comment(*, findings: QuerySet[Finding], act: Act, is_internal: bool = False) -> Worked:
    """Say something about them, whatever their state. Raises `BadAct` for no words."""
    _insist(act, "Write what there is to say.")
    states = tuple(Finding.State)
    return _act(findings, states, FindingEvent.What.COMMENTED, act, {}, is_internal=is_internal and not act.by_partner)


def escalate(*, findings: QuerySet[Finding], act: Act) -> Worked:
    """Pass them up: they come first in everybody's queue. Raises `BadAct` without a reason."""
    _insist(act, "Say why it is to be passed up.")
    rows = findings.filter(escalated_at=None)
    return _act(rows, _UNSOLVED, FindingEvent.What.ESCALATED, act, {"escalated_at": now()})


def resolve(*, findings: QuerySet[Finding], act: Act) -> Worked:
    """Close them. The companies are looked at again at once: what is still there is a new finding. Raises `BadAct`
    without a reason."""
    _insist(act, "Say how it was resolved.")
    changes = {
        "state": Finding.State.RESOLVED,
        "resolved_at": now(),
        "resolved_by": act.actor,
        "reason": act.words[:MOST_REASON],
        "ignored_until": None,
    }
    return _act(findings, _UNSOLVED, FindingEvent.What.RESOLVED, act, changes, looks_again=True)


def ignore(*, findings: QuerySet[Finding], act: Act, until: date | None = None) -> Worked:
    """Put them aside until their facts change, or until the day ``until``. A partner ignores what is the partner's or
    the merchant's turn, not what we have to look at. Raises `BadAct` without a reason, and for a day that has been."""
    _insist(act, "Say why it can be ignored.")
    if until is not None and until <= now().date():
        raise BadAct("The day until which it is ignored must be to come.")
    rows = findings.exclude(turn__in=_NOT_THE_PARTNERS) if act.by_partner else findings
    changes = {
        "state": Finding.State.IGNORED,
        "reason": act.words[:MOST_REASON],
        "ignored_until": until,
        "assignee": None,
        "assigned_to": "",
    }
    said = act.words + (f" (until {until})" if until else "")
    return _act(rows, _OPEN, FindingEvent.What.IGNORED, act, changes, words=said)


def reopen(*, findings: QuerySet[Finding], act: Act) -> Worked:
    """Take ignored ones up again. What was resolved is not: if its cause is there, the watch opens a new one."""
    changes = {"state": Finding.State.OPEN, "reason": "", "ignored_until": None}
    return _act(findings, (Finding.State.IGNORED,), FindingEvent.What.REOPENED, act, changes)


def _insist(act: Act, words: str) -> None:
    if not act.words.strip():
        raise BadAct(words)


@transaction.atomic
def _act(
    findings: QuerySet[Finding],
    states: Sequence[str],
    what: FindingEvent.What,
    act: Act,
    changes: Mapping[str, Any],
    *,
    words: str = "",
    is_internal: bool = False,
    looks_again: bool = False,
) -> Worked:
    rows = findings.filter(state__in=states)
    alone = len(rows[:2]) == 1
    chosen = list(
        rows.select_for_update(of=("self",), skip_locked=not alone, no_key=True).order_by("pk")[:MOST_AT_ONCE]
    )
    if not chosen:
        return Worked(0, rows[:MOST_COUNTED].count())
    ids = [row.pk for row in chosen]
    if changes:
        Finding.objects.filter(pk__in=ids).update(**changes, changed_at=now())
    write_events(chosen, what, act.actor, words or act.words, is_internal=is_internal)
    if looks_again:
        companies = {row.company_id for row in chosen if row.company_id is not None}
        Lookout.objects.bulk_create([Lookout(company_id=company) for company in sorted(companies)])
    return Worked(len(chosen), rows.exclude(pk__in=ids)[:MOST_COUNTED].count())


def write_events(
    findings: Sequence[Finding], what: FindingEvent.What, actor: str, words: str, *, is_internal: bool = False
) -> None:
    """Note an act on each finding, in its history and in the audit trail; joins the caller's transaction."""
    said = words[:MOST_WORDS]
    FindingEvent.objects.bulk_create(
        FindingEvent(finding=row, what=what, actor=actor, words=said, is_internal=is_internal) for row in findings
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            code=f"finding.{what}",
            actor=actor,
            company_id=row.company_id,
            partner_id=row.partner_id,
            subject=str(row.public_id),
            detail={"why": said, "finding": row.code, "about": row.subject},
        )
        for row in findings
    )
