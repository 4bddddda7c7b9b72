"""A document under the dates that a former history may have given it. Pure.

Its key is the same whenever it is posted; an adjustment, or what a closed period moved, is dated by when that was, and
the reference by which it is looked up begins with the date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import msgspec

from ledger.documents import Document, reference_for
from ledger.home import Doubt

MOST_DAYS: Final = 62  # one look-up each: who restores an older backup has more to compare than this


def otherwise_dated(document: Document, doubt: Doubt) -> Iterator[Document]:
    """``document`` once for each other day on which it may have been posted; none when its own day dates it."""
    header = document.header
    own = date.fromisoformat(header.key.split("/")[1])
    if header.date == own or own > doubt.through:
        return
    span = (doubt.through - doubt.since).days
    days = {own, *(doubt.through - timedelta(days=back) for back in range(min(span, MOST_DAYS) + 1))}
    for day in sorted(days - {header.date}):
        other = msgspec.structs.replace(header, date=day, reference=reference_for(header.key, day))
        yield msgspec.structs.replace(document, header=other)
