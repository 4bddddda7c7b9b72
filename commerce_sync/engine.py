"""One sync of one company, top to bottom: pull → take back what was undone → post → push → stock → conclude.

Every stage may be run again: pulling stores a version once, posting posts the difference between what is true and what
is in the books, pushing looks up before it sends again. So a run that was killed anywhere is simply run again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Final, TypeVar

from msgspec import Struct, structs

from commerce_sync.engine_rows import moved, oldest_refusal, recount, unmapped_roles
from commerce_sync.obstacles import SETTINGS, obstacle
from commerce_sync.retry import spread
from commerce_sync.schedule import through_day
from commerce_sync.selectors import Link, Run, is_pulled
from commerce_sync.status import Cause, Outcome
from commerce_sync.stock import complete_late_costs, look_after_stock
from commerce_sync.undo_run import Undoing, go_on
from connectors import registry
from connectors.errors import Failure, NotAuthorized, PlatformDown, RefusalReason, Refused, Waiting
from connectors.http import open_door
from connectors.limits import Limits
from connectors.models import Connection
from connectors.platform import Platform
from connectors.pull import note_complete, pull_connection
from connectors.push import Delivery, PushResult, deliver, prepare
from connectors.push_verdicts import Verdict, verdict_of
from connectors.services import deauthorize
from connectors.session import CompanyFacts, Session
from ledger import faultpoints
from ledger.post_due import NoBook, PostingResult, post_due
from ledger.services import now

P = TypeVar("P", bound=Platform)

LIMITS = Limits()
PATIENCE_SECONDS: Final = 3600  # a run that waits longer for a platform ends, and the next one goes on
DOWN_SECONDS: Final = 60
PULL_SECONDS: Final = 15  # of one working on it; what is left is done by the next
PUSH_SECONDS: Final = 15  # likewise
_chance = random.SystemRandom().random


class Done(Struct, frozen=True):
    """The run has ended. `verdict` says what stopped it, None when nothing did."""

    outcome: Outcome
    counts: dict[str, int]
    through: date | None = None
    verdict: Verdict | None = None


class Later(Struct, frozen=True):
    """The run goes on in `seconds`; it was not a failure of ours."""

    seconds: float
    stage: str
    counts: dict[str, int]
    through: date | None = None


class Stopped(Exception):
    """A stage cannot go on, and running it again would not help."""

    def __init__(self, cause: Cause, verdict: Verdict) -> None:
        self.cause, self.verdict = cause, verdict
        super().__init__(verdict.sentence)


def run_sync(run: Run) -> Done | Later:
    """Bring the company's sales into its books, and its books to the accounting platform.

    Raises what is neither the outside's doing nor the configuration's: an error of ours, or the database's.
    """
    counts = dict(run.counts)
    through = run.through_day
    undoing = Undoing()
    try:
        books = _books(run)
        if run.brings_sales and not _pull(run, counts):
            return Later(0, "pull", counts, through)  # others have their turn, and it goes on where it was left
        through = _through(run) if run.brings_sales else through
        with _session(run, books, registry.accounting(books.platform)) as (platform, session):
            facts = platform.facts(session)
            work = Delivery(platform, session, LIMITS, PUSH_SECONDS, faultpoints.reached)
            if run.has_undo:
                undoing = go_on(run, work, _through(run), facts.lock_through, counts)
            if through is not None and run.brings_sales:
                if verdict := obstacle(run.keeping, platform, session, facts, through):
                    raise Stopped("configuration", verdict)
                complete_late_costs(run, counts)
                _post(run, through, facts, counts)
            result = _push(run, work, counts)
            if run.brings_sales:
                look_after_stock(run, work, counts)
    except Stopped as stopped:
        return Done(Outcome(stopped.cause, counts.get("written", 0)), counts, through, stopped.verdict)
    except Waiting as waiting:
        seconds = (waiting.until - now()).total_seconds()
        if run.running_seconds + seconds < PATIENCE_SECONDS:
            return Later(spread(max(seconds, 1), _chance()), "pull", counts, through)
        return Done(Outcome("reading", counts.get("written", 0)), counts, through, verdict_of(waiting))
    except PlatformDown as failure:
        if run.running_seconds + DOWN_SECONDS < PATIENCE_SECONDS:
            return Later(spread(DOWN_SECONDS, _chance()), "pull", counts, through)
        return Done(Outcome("reading", counts.get("written", 0)), counts, through, verdict_of(failure))
    except Failure as failure:
        return Done(Outcome(_cause_of(failure), counts.get("written", 0)), counts, through, verdict_of(failure))
    return _concluded(run, result, undoing, counts, through)


def _books(run: Run) -> Link:
    """The connection to the books; raises `Stopped` when the company has none or may no longer use it."""
    linked = [link for link in run.links if link.kind == "accounting"]
    for link in linked:
        if link.status == "Linked":
            return link
    if linked:
        raise Stopped("deauthorized", verdict_of(NotAuthorized(linked[0].platform)))
    raise Stopped("configuration", _NO_BOOKS)


def _pull(run: Run, counts: dict[str, int]) -> bool:
    """Fetch what is new, for a while; whether that was all. What partners push to us is here and costs nothing."""
    ends, complete = time.monotonic() + PULL_SECONDS, list[Connection]()
    for link in run.links:
        if link.kind != "commerce":
            continue
        platform = registry.commerce(link.platform)
        if not is_pulled(platform):
            continue
        if link.status != "Linked":
            raise NotAuthorized(platform.name)
        connection = Connection.objects.select_related("company").get(pk=link.connection_id)
        with _session(run, link, platform) as (_, session):
            seconds = ends - time.monotonic()
            result = pull_connection(connection, session, act=run.act, seconds=seconds, moved=partial(moved, run))
        counts["pulled"] = counts.get("pulled", 0) + result.stored
        counts["rows_refused"] = counts.get("rows_refused", 0) + result.refused
        if not result.complete:
            note_complete(complete, run.act)
            return False
        complete.append(connection)
    faultpoints.reached("after_pull")
    return True


def _through(run: Run) -> date:
    """The last business day of this run, decided once."""
    if run.through_day is not None:
        return run.through_day
    if run.keeping is None:
        raise Stopped("configuration", _NO_BOOK)
    return through_day(run.keeping.calendar, run.trigger, run.at)


def _post(run: Run, through: date, facts: CompanyFacts, counts: dict[str, int]) -> None:
    """Everything that is true and not in the books, up to `through`."""
    if run.keeping is None:
        raise Stopped("configuration", _NO_BOOK)
    try:
        result = post_due(
            company_id=run.company_id,
            through=through,
            act=run.act,
            locked_through=facts.lock_through,
            since=run.from_day,
        )
    except NoBook:
        raise Stopped("configuration", _NO_BOOK) from None
    faultpoints.reached("after_post")
    _count(counts, result)


def _count(counts: dict[str, int], result: PostingResult) -> None:
    for name in ("records", "documents", "refused"):
        counts[name] = counts.get(name, 0) + getattr(result, name)
    counts["held"] = result.held  # met again by every run until somebody acts, so the last word counts


def _push(run: Run, work: Delivery, counts: dict[str, int]) -> PushResult:
    """Deliver what is in the books and not at the platform."""
    if not work.platform.local:
        prepare(company_id=run.company_id, connection_id=work.session.connection_id)
        faultpoints.reached("after_prepare")
    result = deliver(work)
    counts["written"] = counts.get("written", 0) + result.written
    if work.platform.local:  # it knows only what it refused just now
        result = structs.replace(result, refused=result.refused + run.refused_before)
    counts["undelivered"] = result.undelivered
    return result


def _concluded(
    run: Run, result: PushResult, undoing: Undoing, counts: dict[str, int], through: date | None
) -> Done | Later:
    """What the run came to, now that all stages are through."""
    if run.attempts > 1:
        recount(run, counts)
    waits = [seconds for seconds in (result.next_seconds, undoing.next_seconds) if seconds is not None]
    if waits and run.running_seconds + min(waits) < PATIENCE_SECONDS:
        return Later(min(waits), "push", counts, through)
    unmapped = unmapped_roles(run.company_id) if counts.get("held") else []
    if unmapped:
        words = f"No account is chosen for: {', '.join(unmapped)}."[:500]
        verdict = Verdict("unmapped_role", words, SETTINGS, "merchant")
        return Done(Outcome("configuration", counts["written"], result.undelivered), counts, through, verdict)
    refused = oldest_refusal(run.company_id) if result.undelivered else None
    cause: Cause = "billing_expired" if refused and refused.code == RefusalReason.SUBSCRIPTION_EXPIRED else ""
    written, left = counts["written"] + counts.get("taken_back", 0), result.undelivered + undoing.open
    return Done(Outcome(cause, written, left), counts, through, refused or undoing.verdict)


@contextmanager
def _session(run: Run, link: Link, platform: P) -> Iterator[tuple[P, Session]]:
    """A session with the platform; its door, if it has one, is closed at the end."""
    if platform.local:
        yield platform, Session(link.connection_id, run.company_id, link.settings)
        return
    connection = Connection.objects.get(pk=link.connection_id)
    with open_door(connection, platform, correlation=str(run.act)) as door:
        try:
            yield platform, Session(link.connection_id, run.company_id, link.settings, door)
        except NotAuthorized as failure:
            # One notice and no further calls, until somebody connects again.
            deauthorize(connection_id=link.connection_id, actor="engine", reason=str(failure))
            raise


def _cause_of(failure: Failure) -> Cause:
    if isinstance(failure, NotAuthorized):
        return "deauthorized"
    if isinstance(failure, Refused) and failure.reason is RefusalReason.SUBSCRIPTION_EXPIRED:
        return "billing_expired"
    return "reading"


_NO_BOOK = Verdict("no_book", "Nobody has said yet how the sales are to be kept.", SETTINGS, "merchant")
_NO_BOOKS = Verdict(
    "no_accounting", "No accounting software is connected.", "Connect one, then sync again.", "merchant"
)
