"""The installation: the doctor's checks as findings, except what other watches tell of company by company."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from health import doctor_machine as machine
from health import doctor_work as work
from health.checkup import Check
from health.doctor import CHECKS, unmade
from health.findings.kinds import Severity
from health.findings.seen import Looked, Seen
from health.findings.watching import HouseWatch
from health.watches.wording import instant

# Each of these has findings of its own: here, or at the companies that it is about.
_TOLD_ELSEWHERE: Final = frozenset({
    "work", "disk", "dead jobs", "syncs", "deliveries", "undos", "bells", "balance", "bindings", "once",
    "reconciliation", "findings",
})  # fmt: skip
# Looked at every few minutes, a hundred thousand credentials are not opened one by one; and a company that is due and
# not claimed has a finding of its own.
_INSTEAD: Final[dict[str, Callable[[], Check]]] = {
    "credentials": machine.credential_keys,
    "schedules": work.minute_bell,
}


def look(at: datetime) -> Looked:
    """The whole installation, now: it has no other time."""
    return Looked([*_work(), *_disk(), *_checks()])


def _work() -> Iterator[Seen]:
    due, beat = work.due_work(), work.last_beat()
    if work.are_gone(due, beat):
        since = instant(beat.at) if beat.at else "this was set up"
        yield Seen("workers_gone", None, "workers", {"since": since})
    elif due.since is not None and due.seconds > work.LATE_FAILURE_SECONDS:
        # To the hour: with work under way the oldest job is another one each time.
        yield Seen("work_waiting", None, "work", {"since": f"{due.since:%Y-%m-%d %H:00} UTC"})


def _disk() -> Iterator[Seen]:
    found = machine.disk()
    if found.level != "ok":
        said = f"{found.lasting[:1].upper()}{found.lasting[1:]}."
        severity: Severity = "warning" if found.level == "warning" else "error"
        yield Seen("disk_low", None, "disk", {"said": said}, severity=severity)


def _checks() -> Iterator[Seen]:
    for name, check in CHECKS:
        if name in _TOLD_ELSEWHERE:
            continue
        found = _made(name, _INSTEAD.get(name, check))
        if found.level == "ok" or name == "workers" and found.level == "failure":  # the latter is `workers_gone`
            continue
        facts = {"check": name.capitalize(), "said": f"{found.lasting}.", "remedy": found.remedy}
        severity: Severity = "warning" if found.level == "warning" else "error"
        yield Seen("check_failed", None, name, facts, severity=severity)


def _made(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Exception as error:  # one that cannot be made is a finding, and does not stop the others
        return unmade(name, error)


_CODES: Final = frozenset({"workers_gone", "work_waiting", "disk_low", "check_failed"})

HOUSE_WATCHES: Final = (HouseWatch("installation", _CODES, look),)
