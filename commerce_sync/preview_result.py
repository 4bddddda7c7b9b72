"""What a preview answers, and how a posting that was not written becomes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from commerce_sync.preview_rows import Identity, Scope, identities, set_aside
from ledger.closing import Posted, PostedGroup
from ledger.documents import Document
from ledger.posting import Tally
from ledger.problems import Problem

MOST_NAMED: Final = 200  # of the records that stay out
View = Literal["change", "whole"]


class PreviewedDocument(Struct, frozen=True):
    """A document that would be made, the business day of its group, and how many records that has."""

    document: Document
    day: date
    records: int


class Effect(Struct, frozen=True):
    """What the documents together do to an account: minor units of ``currency``, both sides positive."""

    account: str
    currency: str
    debit: int
    credit: int


class KeptOut(Struct, frozen=True):
    """A record that would stay out of the books, and why. ``is_held``: nothing is wrong with it itself."""

    record: Identity
    problem: Problem
    is_held: bool


class Lock(NamedTuple):
    """The last day that the accounting software has closed. ``is_known`` False: it would have to be asked."""

    through: date | None
    is_known: bool


class Preview(Struct, frozen=True):
    """What posting would do. Of ``kept_out`` at most `MOST_NAMED` are named; ``refused`` and ``held`` count them all.

    ``set_aside`` counts records that an undo keeps out; they are no part of it. ``other_days``: days outside of the
    period which its records touch, too. ``is_complete`` False: runs that posted the period were too large to be read
    whole, so that what of other days' records belongs to it is missing.
    """

    view: View
    first: date
    last: date
    mapping_version: int
    records: int
    documents: list[PreviewedDocument]
    effects: list[Effect]
    kept_out: list[KeptOut]
    notices: list[Problem]
    refused: int
    held: int
    set_aside: int
    other_days: list[date]
    is_complete: bool
    lock: Lock


class Circumstances(NamedTuple):
    """What a preview was made of, beside its records."""

    view: View
    mapping_version: int
    is_complete: bool
    lock: Lock


def as_preview(tally: Tally, posted: Posted, scope: Scope, made: Circumstances) -> Preview:
    """The answer. Of the ``whole`` view, only what lies in the period itself."""
    view = made.view
    groups = [group for group in posted.groups if _counts(group.group.day, view, scope)]
    documents = [
        PreviewedDocument(document, group.group.day, len(group.handles))
        for group in groups
        for document in group.documents
    ]
    names = identities([*posted.refused, *posted.held])
    kept_out = [
        *(KeptOut(names[number], problem, False) for number, problem in posted.refused.items()),
        *(KeptOut(names[number], problem, True) for number, problem in posted.held.items()),
    ]
    if view == "whole":
        kept_out = [each for each in kept_out if scope.start <= each.record.happened_at < scope.end]
    handles = {handle for group, known in tally.handles.items() if _counts(group.day, view, scope) for handle in known}
    refused = sum(not each.is_held for each in kept_out)
    return Preview(
        view=view,
        first=scope.first,
        last=scope.last,
        mapping_version=made.mapping_version,
        records=len(handles) + refused,
        documents=documents,
        effects=effects(each.document for each in documents),
        kept_out=kept_out[:MOST_NAMED],
        notices=[notice for notice in posted.notices if view == "change" or _concerns(notice, groups, scope)],
        refused=refused,
        held=len(kept_out) - refused,
        set_aside=set_aside(scope),
        other_days=_other_days(tally, view, scope),
        is_complete=made.is_complete,
        lock=made.lock,
    )


def effects(documents: Iterable[Document]) -> list[Effect]:
    """What `documents` together do to each account, by account and currency."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for document in documents:
        for account, debit, credit in document.entries():
            key = (account, document.header.currency)
            debits, credits = sums.get(key, (0, 0))
            sums[key] = (debits + debit, credits + credit)
    return [Effect(*key, *sides) for key, sides in sorted(sums.items())]


def _is_inside(day: date, scope: Scope) -> bool:
    return scope.first <= day <= scope.last


def _counts(day: date, view: View, scope: Scope) -> bool:
    return view == "change" or _is_inside(day, scope)


def _concerns(notice: Problem, groups: Collection[PostedGroup], scope: Scope) -> bool:
    """Whether a notice is about the period; one that names no day is, when anything is posted there."""
    day = notice.detail.get("day")
    return _is_inside(date.fromisoformat(day), scope) if isinstance(day, str) else bool(groups)


def _other_days(tally: Tally, view: View, scope: Scope) -> list[date]:
    """The days outside of the period which its records touch, too."""
    if view == "change":
        days = {group.day for group in tally.sums}
    else:
        touched = (groups for groups in tally.spanning.values() if any(_is_inside(g.day, scope) for g in groups))
        days = {group.day for groups in touched for group in groups}
    return sorted(day for day in days if not _is_inside(day, scope))
