"""Posting, second half: a tally's groups are resolved to accounts, held back or composed into documents.

A group is posted whole or not at all. What an unmapped role does is the book's policy: the group is held, or the
amount goes to the suspense account with a notice. A record that touches a held group is held with it, and so are that
record's other groups: otherwise half of a sale would be in the books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct

from ledger.compose import Naming, Sum, compose
from ledger.documents import Document, is_balanced
from ledger.legs import Group, Slot
from ledger.money import format_minor
from ledger.posting import Change, Key, Tally
from ledger.problems import Detail, Problem
from ledger.rules.roles import ROUNDING

_WITH_TAX_CODES = frozenset({"invoice", "per_order"})  # a journal's tax is on its account, an invoice's on its lines


class Unbalanced(ArithmeticError):
    """A document's debits and credits differ. Never the record's fault: the posting stops before anything is stored."""


class Context(Struct, frozen=True):
    """What the closing of a tally must know beside the book.

    ``company`` is the public id that begins every document key; ``through`` the last business day of this posting;
    ``locked_through`` the last day that the accounting software has closed; ``revisions`` how often a group has been
    posted before, so that an adjustment gets a key of its own; ``adjustments`` how often with documents that stand, so
    that it is called what a reader of the books takes it for (as often as posted, where it is not said).
    """

    company: str
    through: date
    locked_through: date | None = None
    revisions: Mapping[Group, int] = {}
    adjustments: Mapping[Group, int] = {}


class PostedGroup(Struct, frozen=True):
    """One group's outcome. ``documents`` may be empty: the changes cancel out, and that is an answer too."""

    group: Group
    revision: int
    documents: tuple[Document, ...]
    handles: tuple[int, ...]


class Posted(Struct, frozen=True):
    """The outcome of a posting: every handle that went in is in a group, refused, or held. None is lost."""

    groups: tuple[PostedGroup, ...]
    refused: dict[int, Problem]
    held: dict[int, Problem]
    notices: tuple[Problem, ...]

    @property
    def documents(self) -> list[Document]:
        """All documents, in the order of their groups."""
        return [document for group in self.groups for document in group.documents]


def post(changes: Iterable[tuple[int, Change]], tally: Tally, context: Context) -> Posted:
    """Add ``changes`` to ``tally`` and close it: the whole of posting in one call, for previews and examples."""
    for handle, change in changes:
        tally.add(handle, change)
    return close(tally, context)


def close(tally: Tally, context: Context) -> Posted:
    """The documents of ``tally``, and what stays out of them and why. Raises `Unbalanced`."""
    notices: list[Problem] = [notice for found in tally.notices.values() for notice in found]
    resolved: dict[Group, list[Sum]] = {}
    blocked = {group: _neighbor(problem, group) for group, problem in tally.blocked.items() if group in tally.sums}
    for group in tally.sums:
        sums, problems = _resolve(tally, group)
        blocking = next((problem for problem in problems if problem.blocks), None)
        if blocking is not None:
            blocked[group] = blocking
        resolved[group] = sums
        notices += [problem for problem in problems if not problem.blocks]
    _spread(blocked, tally)
    held: dict[int, Problem] = {}
    posted: list[PostedGroup] = []
    for group in sorted(tally.sums):
        handles = tuple(tally.handles.get(group, ()))
        if group in blocked:
            held |= dict.fromkeys(handles, blocked[group])
            continue
        naming, moved = _naming(group, context, tally)
        documents = tuple(compose(resolved[group], naming, tally.book))
        for document in documents:
            if not is_balanced(document):
                raise Unbalanced(f"{document.header.key} does not balance: a rule is wrong, and nothing is posted")
        if moved and documents:
            notices.append(moved)
        posted.append(PostedGroup(group, context.revisions.get(group, 0), documents, handles))
    return Posted(tuple(posted), dict(tally.refused), held, tuple(notices))


def _spread(blocked: dict[Group, Problem], tally: Tally) -> None:
    """Hold every group that shares a record with a held one, until nothing changes any more."""
    changed = bool(blocked)
    while changed:
        changed = False
        for groups in tally.spanning.values():
            culprit = next((blocked[group] for group in groups if group in blocked), None)
            if culprit is None or all(group in blocked for group in groups):
                continue
            for group in groups - blocked.keys():
                blocked[group] = _neighbor(culprit, group)
            changed = True


def _neighbor(culprit: Problem, group: Group) -> Problem:
    """What keeps back the records of ``group`` that have nothing wrong themselves."""
    code = culprit.detail["code"] if culprit.code == "held_by_neighbor" else culprit.code
    return Problem("held_by_neighbor", detail={"code": code, "day": group.day.isoformat()})


def _resolve(tally: Tally, group: Group) -> tuple[list[Sum], list[Problem]]:
    """The group's sums on accounts, and what is in the way."""
    sums: list[Sum] = []
    problems: list[Problem] = []
    unmapped: dict[str, int] = {}
    off = 0
    for key, amount in tally.sums[group].items():
        if not amount:
            continue
        slot = Slot._make(key)  # a Key is a Slot as a plain tuple
        book = tally.books[slot.version]
        account = book.account(slot.role, group.currency)
        if not account:
            account = book.suspense
            if slot.version == 0 or not account:  # what leaves a former book's suspense account is no news
                unmapped[slot.role] = unmapped.get(slot.role, 0) + amount
        if slot.role == ROUNDING:
            off += amount
        code = book.tax_code(slot.tax, group.day) if slot.tax else ""
        if slot.tax and not code and not slot.of and book.tax_codes and book.mode in _WITH_TAX_CODES:
            problems.append(Problem("no_tax_code", detail={"tax": slot.tax, "day": group.day.isoformat()}))
        sums.append(Sum(slot, account, amount, code, book.tracked(slot.location, slot.channel)))
    problems += [_unmapped(role, group, amount, tally) for role, amount in unmapped.items()]
    cap = tally.book.policy.rounding_cap
    if abs(off) > cap:
        detail: Detail = {"found": abs(off), "cap": cap, "currency": group.currency, "day": group.day.isoformat()}
        problems.append(Problem("rounding_over_cap", detail=detail))
    return sums, problems


def _unmapped(role: str, group: Group, amount: int, tally: Tally) -> Problem:
    book = tally.book
    if group.currency != book.currency and book.account(role, book.currency):
        return Problem("wrong_currency", detail={"currency": group.currency})
    if book.policy.unmapped == "hold" or not book.suspense:
        return Problem("unmapped_role", detail={"role": role})
    shown = format_minor(abs(amount), group.currency)
    return Problem("posted_to_suspense", detail={"role": role, "amount": shown, "account": book.suspense})


def _naming(group: Group, context: Context, tally: Tally) -> tuple[Naming, Problem | None]:
    """Keys, date and title of a group's documents; the notice when a closed period moved them."""
    revision = context.revisions.get(group, 0)
    stem = f"{context.company}/{group.day}/{group.currency}/{group.label}/{revision}"
    title = f"sales of {group.day}" + (f", {group.title}" if group.title else "")
    day = group.day
    adjustment = context.adjustments.get(group, revision)
    if adjustment:
        title = f"adjustment {adjustment} to {title}"
        if tally.book.policy.late_changes == "first_open_day":
            day = max(day, context.through)
    locked = context.locked_through
    moved = None
    if locked is not None and day <= locked:
        day = locked + timedelta(days=1)
        detail: Detail = {
            "locked": locked.isoformat(),
            "day": group.day.isoformat(),
            "posted": day.isoformat(),
        }
        moved = Problem("date_moved", detail=detail)
    return Naming(stem, day, group.currency, title), moved


__all__ = ["Change", "Context", "Key", "Posted", "PostedGroup", "Tally", "Unbalanced", "close", "post"]
