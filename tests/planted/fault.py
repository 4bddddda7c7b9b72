"""A fault: what goes wrong, how it is planted, and as what it must be found."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from tests.planted.world import Shop


class Fault(Struct, frozen=True):
    """``plant`` makes a shop of this key with the fault in it; None: the fault is of no company. It must be found as
    ``code``, at that shop and nowhere else. ``also`` are codes that may be found beside it, being true consequences."""

    name: str
    code: str
    plant: Callable[[str], Shop | None]
    also: frozenset[str] = frozenset()
