"""Which postings stand or fall together: those between which a record is shared. Pure.

A record that touches several days or places has legs in several postings of its run. To take back one of them alone
would leave half of a sale in the books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ledger.legs import Group

Place = tuple[object, str, str]


def place_of(group: Group) -> Place:
    """A group as its posting is found by: day, currency and label."""
    return group.day, group.currency, group.label


def tied_to(start: int, spans: Iterable[frozenset[Group]], postings: Mapping[Place, Sequence[int]]) -> list[int]:
    """The postings that share records with posting `start`, directly or by way of others; `start` among them.

    `spans` are the groups of each record that has several, `postings` the run's posting ids by place.
    """
    clusters = [{posting for group in groups for posting in postings.get(place_of(group), ())} for groups in spans]
    found, grown = {start}, True
    while grown:
        grown = False
        for cluster in clusters:
            if cluster & found and not cluster <= found:
                found |= cluster
                grown = True
    return sorted(found)
