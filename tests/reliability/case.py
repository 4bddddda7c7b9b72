"""A case of the failure catalogue."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """`id` is stable and is what ``@pytest.mark.case("A01")`` names; the rest is in plain words.

    `note` says where a case is held by something that is no test (a property of PostgreSQL, the watchdog of the
    host), or what of it cannot happen here, and why; a case with no test at all needs one.
    """

    id: str
    happens: str
    must: str
    note: str = ""
