"""The states of what is sent, a document or a purchase order: each change is one guarded statement.

`prepared` → `sending` → `pushed`, `refused`, or `unknown` until a look-up tells; `waiting` when it is not now. All by
the clock of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from connectors.push_verdicts import Verdict
from connectors.session import Pushed
from ledger import sql

Step = Callable[[str], None]
BEFORE: Final = ("prepared", "sending", "waiting", "unknown", "refused")
"""Every state before it is known to be there."""

D = TypeVar("D")  # what is delivered: a document, or a purchase order


class Item(NamedTuple, Generic[D]):
    """One open delivery. `settled` says that a lost answer can have no late effect any more."""

    document_id: int
    state: str
    attempts: int
    document: D
    settled: bool


class States(Generic[D]):
    """The changes of state that sending asks for, of the rows of `table` by their `identity`. Both are constants."""

    table: ClassVar[str]
    identity: ClassVar[str]

    def bind(self, connection_id: int, item: Item[D], pushed: Pushed, step: Step) -> bool:
        """Pushed, with its id at the platform, in one transaction. False when the id is that of something else, or when
        it has one already. Whatever else it was taken for meanwhile (`BEFORE`): it is there."""
        raise NotImplementedError

    def bound_id(self, document_id: int) -> str:
        """Its id at the platform; "" while it has none."""
        raise NotImplementedError

    def claim(self, document_id: int, seconds: float) -> datetime | None:
        """Commit the intent to send; the token of this claim, None when the item is no longer to be sent."""
        found = sql.rows(
            f"""UPDATE {self.table} SET state = 'sending', attempts = attempts + 1, claimed_at = clock_timestamp(),
                   deadline_at = clock_timestamp() + make_interval(secs => %s), waits_until = NULL,
                   updated_at = clock_timestamp()
               WHERE {self.identity} = %s AND state IN ('prepared', 'waiting') RETURNING claimed_at""",  # noqa: S608  (constants)
            (seconds, document_id),
        )
        return found[0][0] if found else None

    def refuse(self, document_id: int, verdict: Verdict) -> None:
        """They said no, or a person has to look: nothing more happens by itself."""
        self._leave(document_id, "refused", verdict, None)

    def wait(self, document_id: int, verdict: Verdict, seconds: float) -> None:
        """Not now; nothing was written."""
        self._leave(document_id, "waiting", verdict, seconds)

    def put_back(self, document_id: int) -> None:
        """Prepared again: it is clear that nothing is at the platform."""
        self._leave(document_id, "prepared", Verdict("", "", "", ""), None)

    def stay_unknown(self, document_id: int, verdict: Verdict, seconds: float) -> None:
        """No clear answer to the look-up: ask again in `seconds`, or the longer the longer it has been unknown."""
        sql.execute(
            f"""UPDATE {self.table} SET failure_code = %s, failure_sentence = %s, failure_remedy = %s,
                   failure_turn = %s, updated_at = clock_timestamp(), waits_until = clock_timestamp() + make_interval(
                       secs => %s * greatest(1, least(60, extract(epoch FROM clock_timestamp() - deadline_at) / 60)))
               WHERE {self.identity} = %s AND state = 'unknown'""",  # noqa: S608  (constants)
            (*verdict, seconds, document_id),
        )

    def lose(self, document_id: int, verdict: Verdict, settle_seconds: int) -> None:
        """The answer was lost. The call is over now, so its late effects are counted from now."""
        sql.execute(
            f"""UPDATE {self.table} SET state = 'unknown', deadline_at = clock_timestamp(),
                   waits_until = clock_timestamp() + make_interval(secs => %s), failure_code = %s,
                   failure_sentence = %s, failure_remedy = %s, failure_turn = %s, updated_at = clock_timestamp()
               WHERE {self.identity} = %s AND state = 'sending'""",  # noqa: S608  (constants)
            (settle_seconds, *verdict, document_id),
        )

    def _leave(self, document_id: int, state: str, verdict: Verdict, seconds: float | None) -> None:
        sql.execute(
            f"""UPDATE {self.table} SET state = %s,
                   waits_until = clock_timestamp() + make_interval(secs => %s), failure_code = %s,
                   failure_sentence = %s, failure_remedy = %s, failure_turn = %s, updated_at = clock_timestamp()
               WHERE {self.identity} = %s AND state IN ('prepared', 'sending', 'waiting', 'unknown')""",  # noqa: S608  (constants)
            (state, seconds, *verdict, document_id),
        )


def storable(value: Any) -> Any:
    """`value` without the one character that PostgreSQL does not keep; what is at the platform must not hang on it."""
    match value:
        case str():
            return value.replace("\x00", "")
        case Mapping():
            return {storable(key): storable(each) for key, each in value.items()}
        case list() | tuple():
            return [storable(each) for each in value]
        case _:
            return value
