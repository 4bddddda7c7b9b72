"""Where a listing was left, so that it goes on there and need not begin again. Pure."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct, structs

from connectors.wire import Request

MOST_BYTES: Final = 1024 * 1024  # of a place as it is kept: beyond it a platform sends something else than a cursor


class Place(Struct, frozen=True, omit_defaults=True):
    """The place behind a page: what is asked for next (None: nothing, it was the last one).

    It is kept for days if need be, and has no secret: those are put on when a request is sent. `number` counts the
    pages of the walk so far, `empty` those in a row without rows, `landmark` is the digest of an earlier page: a circle
    that is longer than what is read at a time comes by it again. `after` are the walks that follow this one, and `note`
    is whatever a platform's own walk has to remember.
    """

    request: Request | None
    number: int = 0
    empty: int = 0
    landmark: bytes = b""
    after: tuple[Request, ...] = ()
    note: str = ""

    @property
    def is_end(self) -> bool:
        """Whether nothing is left behind it."""
        return self.request is None and not self.after and not self.note

    def behind(self, rows: int, digest: bytes) -> Place:
        """The place behind one more page, without what is asked for next."""
        number = self.number + 1
        # Each landmark stays for twice as long as the one before, so a circle of any length ends at one.
        is_landmark = rows > 0 and number & (number - 1) == 0
        empty = 0 if rows else self.empty + 1
        return structs.replace(self, number=number, empty=empty, landmark=digest if is_landmark else self.landmark)


_DECODER: Final = msgspec.json.Decoder(Place)


def encode(place: Place) -> bytes | None:
    """The form in which it is kept; None for one that is too large to be kept."""
    found = msgspec.json.encode(place)
    return found if len(found) <= MOST_BYTES else None


def decode(kept: bytes) -> Place | None:
    """The place that was kept; None for one of another form, which an earlier version has kept."""
    try:
        return _DECODER.decode(kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
