"""What is done with findings at the console: one, those that are ticked, or all of one root cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from health.console.findings import SAID, people, visible
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from health.findings import working
from health.findings.kinds import KINDS
from health.findings.mending import Mended, mend
from health.findings.queue import of_group
from health.findings.working import MOST_WORDS, Act, BadAct, Worked
from health.models import Finding

NEEDS_A_REASON: Final = frozenset({"comment", "escalate", "resolve", "ignore", "mend"})
MOST_TICKED: Final = 500


@console_page(Right.WORK_FINDINGS)
def act(console: Console) -> HttpResponse:
    """Do what the form says, and go back to where it came from, with a message of what was done."""
    if console.request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    what = console.request.POST.get("what", "")
    try:
        messages.success(console.request, _done(console, what, _chosen(console)))
    except (BadAct, NoReason) as refusal:
        messages.error(console.request, str(refusal))
        console.request.session[SAID] = console.request.POST.get("why", "")[:MOST_WORDS]
    return HttpResponseRedirect(_back(console))


def _chosen(console: Console) -> QuerySet[Finding]:
    """The findings that are meant, of those that this person may see."""
    said, rows = console.request.POST, visible(console)
    if said.get("code"):
        return of_group(rows, said["code"], said.get("root", "").replace("\0", "")).filter(resolved_at=None)
    ids = [each for each in said.getlist("ids") if _is_uuid(each)]
    if not ids:
        raise BadAct("Tick the findings that are meant.")
    if len(ids) > MOST_TICKED:
        raise BadAct(f"At most {MOST_TICKED} can be ticked at once.")
    return rows.filter(public_id__in=ids)


def _done(console: Console, what: str, rows: QuerySet[Finding]) -> str:
    """Do it, and say what was done. Raises `BadAct` and `NoReason`."""
    words = console.why() if what in NEEDS_A_REASON else " ".join(console.request.POST.get("why", "").split())
    if what == "comment":  # which may have lines
        words = console.request.POST["why"].strip()
    done = Act(console.actor, words[:MOST_WORDS], by_partner=console.partner_id is not None)
    if what == "mend":
        return _mended(console, rows, done)
    does = _ACTS.get(what)
    if does is None:
        raise BadAct("Nothing is known by that name.")
    words_of, function = does
    return _told(function(console, rows, done), words_of)


def _assign(console: Console, rows: QuerySet[Finding], done: Act) -> Worked:
    to = console.request.POST.get("to", "")
    person = people(console).filter(pk=int(to)).first() if to.isascii() and to.isdigit() and len(to) < 10 else None
    if person is None:
        raise BadAct("Choose to whom it is given.")
    return working.assign(findings=rows, act=done, to=person)


def _take(console: Console, rows: QuerySet[Finding], done: Act) -> Worked:
    user = console.request.user
    assert isinstance(user, User)  # noqa: S101  # the page is for those who are logged in
    return working.assign(findings=rows, act=done, to=user)


def _ignore(console: Console, rows: QuerySet[Finding], done: Act) -> Worked:
    until = console.request.POST.get("until", "").strip()
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        raise BadAct("The day until which it is ignored must be a date.") from None
    return working.ignore(findings=rows, act=done, until=day)


def _comment(console: Console, rows: QuerySet[Finding], done: Act) -> Worked:
    return working.comment(findings=rows, act=done, is_internal="shared" not in console.request.POST)


_ACTS: Final[dict[str, tuple[str, Callable[[Console, QuerySet[Finding], Act], Worked]]]] = {
    "take": ("taken", _take),
    "assign": ("given away", _assign),
    "release": ("given back", lambda _, rows, done: working.release(findings=rows, act=done)),
    "comment": ("commented", _comment),
    "escalate": ("passed up", lambda _, rows, done: working.escalate(findings=rows, act=done)),
    "resolve": ("resolved; they are looked at again at once", lambda _, r, done: working.resolve(findings=r, act=done)),
    "ignore": ("ignored", _ignore),
    "reopen": ("taken up again", lambda _, rows, done: working.reopen(findings=rows, act=done)),
}


def _mended(console: Console, rows: QuerySet[Finding], done: Act) -> str:
    fixes = {KINDS[code].fix for code in rows.values_list("code", flat=True).distinct()[: len(KINDS)]}
    if "retry" in fixes:
        console.require(Right.RETRY)
    if "sync" in fixes:
        console.require(Right.SYNC)
    return _mended_in_words(mend(findings=rows, act=done))


def _mended_in_words(done: Mended) -> str:
    said = [
        _many(done.documents, "document goes again", "documents go again"),
        _many(done.syncs, "sync was asked for", "syncs were asked for"),
        _many(done.running, "company is being synced already", "companies are being synced already"),
    ]
    did = ", ".join(each for each in said if each) or "there was nothing to send again"
    told = f"{_many(done.companies, 'company', 'companies')}: {did}."
    return told + _left(done.left)


def _many(count: int, one: str, more: str) -> str:
    return "" if not count else f"{count} {one}" if count == 1 else f"{count:,} {more}"


def _left(count: int) -> str:
    if not count:
        return ""
    return f" {_many(count, 'finding is left', 'findings are left')}: press again to go on."


def _told(done: Worked, words: str) -> str:
    if not done.done:
        raise BadAct("Nothing was done: none of them is in a state in which that makes sense, or it is not your turn.")
    told = f"{done.done} findings {words}." if done.done > 1 else f"The finding is {words}."
    return told + _left(done.left)


def _back(console: Console) -> str:
    back: str = console.request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/"):
        return back
    return reverse("admin:console-findings")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
