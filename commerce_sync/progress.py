"""Progress of long work, for a person who waits: on the error stream, and only where somebody watches a terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Protocol

EVERY_SECONDS: Final = 0.1
WIDTH: Final = 78


class Stream(Protocol):
    """What progress is written to: a text stream, or Django's wrapper of one."""

    def write(self, text: str) -> object: ...

    def flush(self) -> object: ...

    def isatty(self) -> bool: ...


class Progress:
    """One line that is written over: "reading 12,000 of 90,000 rows". Clears itself at the end; silent without a
    terminal, so that logs and pipes stay clean."""

    def __init__(self, stream: Stream, label: str, *, of: int | None = None, unit: str = "") -> None:
        self._stream, self._label, self._of, self._unit = stream, label, of, unit
        self._watched = stream.isatty()
        self._shown_at = 0.0

    def __enter__(self) -> Progress:
        self.at(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watched:
            self._put("")

    def at(self, done: int, note: str = "") -> None:
        """``done`` units are done; ``note`` says what is in hand. Costs next to nothing when called often."""
        moment = time.monotonic()
        if not self._watched or moment - self._shown_at < EVERY_SECONDS:
            return
        self._shown_at = moment
        total = f" of {self._of:,}" if self._of is not None else ""
        self._put(" ".join(word for word in (self._label, f"{done:,}{total}", self._unit, note) if word))

    def _put(self, text: str) -> None:
        shown = text[:WIDTH]
        self._stream.write(f"\r{shown:{WIDTH}}\r{shown}")
        self._stream.flush()
