"""The guards of delivery, each of which can be taken out of the worker processes: then the run must report a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from uuid import uuid4

from ledger import sql


def no_intent() -> None:
    """What a dead worker was sending counts as not sent."""
    from connectors import push_rows

    def release_abandoned(connection_id: int, *, is_held: bool) -> int:
        return sql.execute(
            "UPDATE connectors_pushitem SET state = 'prepared' WHERE connection_id = %s AND state = 'sending'",
            (connection_id,),
        )

    push_rows.release_abandoned = release_abandoned


def no_look_up() -> None:
    """What became of a lost answer is not asked: it is sent again."""
    from connectors.push_send import Sending

    def settle(self: Any, item: Any) -> bool:
        self.rows.put_back(item.document_id)
        return bool(self.send(item._replace(state="prepared")))

    Sending.settle = settle  # type: ignore[method-assign]


def new_key() -> None:
    """Each attempt has an idempotency key of its own."""
    from tests.faults.platforms import KeyedBooks

    KeyedBooks.key_for = lambda self, document: uuid4().hex  # type: ignore[method-assign]


def no_claim() -> None:
    """Nobody holds a connection while it is written to, and a document is sent by whoever sees it."""
    from connectors import push, push_states

    @contextmanager
    def held(connection_id: int) -> Iterator[bool]:
        yield True

    def claim(self: Any, document_id: int, seconds: float) -> Any:
        found = sql.rows(
            """UPDATE connectors_pushitem SET state = 'sending', attempts = attempts + 1,
                   claimed_at = clock_timestamp(), deadline_at = clock_timestamp()
               WHERE document_id = %s AND state <> 'pushed' RETURNING claimed_at""",
            (document_id,),
        )
        return found[0][0] if found else None

    push.held = held
    push_states.States.claim = claim  # type: ignore[method-assign]


def no_lease() -> None:
    """A job is nobody's: whoever looks takes running ones as free, and whoever was overtaken concludes all the same."""
    from commerce_sync import work, work_rows

    for name in ("_CONCLUDE", "_POSTPONE"):
        statement = getattr(work_rows, name)
        setattr(work_rows, name, statement.replace("AND lease_token = %s", "AND (%s::uuid IS NULL OR true)"))
    work.Hold.take_jobs = lambda self, job_ids: set(job_ids)  # type: ignore[method-assign]


def no_claim_and_no_lease() -> None:
    """Both: each holds where the other one is missing."""
    no_claim()
    no_lease()


class Guard(NamedTuple):
    """How a guard is taken out, the scenario in which it matters, and the losses that are reported without it; none
    where another guard holds alone."""

    take_out: Callable[[], None]
    options: str
    losses: tuple[str, ...]


_FEW: Final = "--syncs 80 --minutes 1.5 --merchants 6 --workers 2 --quiet 40 --restart 0"
_SLOW: Final = f"{_FEW} --books search --kill 0 --pause 0 --strike 1000 --rate 0.02 --slow 0.4 --spread"
_CALM: Final = f"{_FEW} --kill 0 --pause 0 --strike 1000 --rate 0.4"
GUARDS: Final[dict[str, Guard]] = {
    "intent": Guard(no_intent, f"{_FEW} --books search --kill 0.03 --pause 0 --rate 0.1", ("doubled",)),
    "find": Guard(no_look_up, f"{_CALM} --books search", ("doubled",)),
    "key": Guard(new_key, f"{_CALM} --books keyed", ("doubled",)),
    "claim": Guard(no_claim, _SLOW, ()),
    "lease": Guard(no_lease, _SLOW, ()),
    "claim+lease": Guard(no_claim_and_no_lease, _SLOW, ("doubled",)),
}


def take_out(name: str) -> None:
    """Take a guard out of this process; "" leaves all in."""
    if name:
        GUARDS[name].take_out()
