"""What came of a delivery."""

from __future__ import annotations

from msgspec import Struct

from connectors.push_rows import Standing


class PushResult(Struct, frozen=True):
    """`written` documents reached the platform in this call; the others count what is still open afterwards.

    `next_seconds` is after how long delivering again can do more; None: nothing is left, or it is a person's turn.
    """

    written: int = 0
    prepared: int = 0
    waiting: int = 0
    unknown: int = 0
    refused: int = 0
    next_seconds: float | None = None

    @property
    def undelivered(self) -> int:
        """Documents that are still here."""
        return self.prepared + self.waiting + self.unknown + self.refused

    @classmethod
    def of(cls, written: int, left: Standing) -> PushResult:
        """The result after `written` documents with `left` still open."""
        seconds = left.next_in.total_seconds() if left.next_in is not None else None
        return cls(written, left.prepared, left.waiting, left.unknown, left.refused, seconds)
