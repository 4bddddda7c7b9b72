"""The queue is asked to stop: its workers end the job in hand, give back what they claimed, and go.

django-q2 by itself works off everything that it has fetched, however long that takes; and a worker that is ended by a
signal while it waits for a task takes the lock of the queue along, so that no other worker gets a task from then on.
"""

from __future__ import annotations

import mmap
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django_q.cluster import Cluster

# One byte that forked processes share: the main process of a queue writes it, its workers read it. Without a lock,
# which a process that is killed would keep.
_all_asked = mmap.mmap(-1, 1)
_state = {"asked": False, "busy": False}  # of this process


class Stopping:
    """What the main process of the queue does when it is asked to stop."""

    _stop = Cluster.stop

    @staticmethod
    def stop(cluster: Cluster) -> bool:
        """Tell the workers, then end the processes one after the other as ever."""
        _all_asked[0] = 1
        return bool(Stopping._stop(cluster))


def watch_the_queue() -> None:
    """Have the workers hear when their queue is asked to stop; for the start of a process."""
    Cluster.stop = Stopping.stop


def listen(**_: Any) -> None:
    """Hear SIGTERM from now on: for the main thread of a worker process (django-q2's signal `post_spawn`)."""
    signal.signal(signal.SIGTERM, _asked)


def is_asked() -> bool:
    """Whether this process is to stop: nothing new is begun then."""
    return _all_asked[0] == 1 or _state["asked"]


@contextmanager
def in_hand() -> Iterator[None]:
    """What is inside is ended before a worker that was signalled goes; what asks `is_asked` in it ends it sooner."""
    _state["busy"] = True
    try:
        yield
    finally:
        _state["busy"] = False
        if _state["asked"]:
            raise SystemExit(0)


def _asked(*_: Any) -> None:
    _state["asked"] = True
    if not _state["busy"]:
        raise SystemExit(0)
