"""The plan of an undo: which postings would be taken back, how each of them, and what is in the way. Pure.

Per posting one way is chosen, the mildest that leaves nothing of it: *withdraw* what never left, *void* what the
platform can take back and has not closed, *reverse* by documents what has to stay where it is. *wait* is no way: the
outcome of a document has to be found out first. Amounts are minor units of the posting's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

Way = Literal["withdraw", "void", "reverse", "wait"]
# here: it never left · there: at the platform · gone: taken back or away already · open: nobody knows yet ·
# elsewhere: at a platform that is not connected any more
Place = Literal["here", "there", "gone", "open", "elsewhere"]
MOST_POSTINGS: Final = 20_000


class PlannedDocument(Struct, frozen=True):
    """A document that the undo is about. `amount` in minor units; `state` is that of its delivery, in a word."""

    reference: str
    kind: str
    date: date
    currency: str
    amount: int
    state: str
    place: Place


class FoundPosting(Struct, frozen=True):
    """A posting as it is in the books. `effect`: account → debits less credits of its documents that count.

    `later` are the runs whose postings rest on it.
    """

    posting_id: int
    day: date
    currency: str
    label: str
    revision: int
    documents: tuple[PlannedDocument, ...]
    effect: dict[str, int]
    later: tuple[str, ...] = ()


class PlannedPosting(Struct, frozen=True):
    """A posting and how it would be taken back. `effect` is what undoing it does to each account."""

    posting_id: int
    day: date
    currency: str
    label: str
    revision: int
    way: Way
    reason: str
    documents: tuple[PlannedDocument, ...]
    effect: dict[str, int]


class Plan(Struct, frozen=True):
    """What an undo would do. `sentences` are for people; of a `blocked` one they say what has to happen first.

    `records` would be set aside; `undo_first` names the runs that rest on this, newest first.
    """

    postings: tuple[PlannedPosting, ...]
    records: int
    blocked: bool
    sentences: tuple[str, ...]
    undo_first: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What somebody who agrees to the plan agrees to: changes when anything in it does."""
        return sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The plan as it is stored."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


class Target(Struct, frozen=True):
    """What the accounting platform can do: its name, the kinds of documents that it takes back, its last closed day.

    `trouble` says why it could not be asked; "" when it could.
    """

    name: str
    voids: frozenset[str] = frozenset()
    locked_through: date | None = None
    trouble: str = ""


def make_plan(postings: Sequence[FoundPosting], records: int, target: Target) -> Plan:
    """The plan for these postings, newest first."""
    planned = tuple(_planned(posting, target) for posting in sorted(postings, key=lambda p: -p.posting_id))
    undo_first = tuple(dict.fromkeys(run for posting in postings for run in posting.later))
    blocks: list[str] = []
    if not planned:
        blocks.append("Nothing of it is in the books: there is nothing to undo.")
    if len(planned) > MOST_POSTINGS:
        blocks.append(f"It has {len(planned):,} postings; at most {MOST_POSTINGS:,} can be undone at once.")
    if undo_first:
        blocks.append(f"Later syncs rest on it. Undo them first, the newest at the beginning: {_named(undo_first)}.")
    if target.trouble:
        blocks.append(target.trouble)
    blocks += dict.fromkeys(posting.reason for posting in planned if posting.way == "wait")
    sentences = tuple(blocks) if blocks else tuple(_sentences(planned, records))
    return Plan(planned, records, bool(blocks), sentences, undo_first)


def way_of(documents: Iterable[PlannedDocument], target: Target) -> tuple[Way, str]:
    """How documents of one posting are taken back together, and why in this way."""
    documents = list(documents)
    there = [each for each in documents if each.place == "there"]
    for each in documents:
        if each.place == "open":
            return "wait", (
                f"Whether {each.kind} {each.reference} is at the accounting software is not known yet: its outcome "
                "must be found out first. The next sync looks it up."
            )
        if each.place == "elsewhere":
            return "wait", (
                f"{_word(each.kind)} {each.reference} is at accounting software that is not connected any more: "
                "connect it again, or correct it there."
            )
    if not there:
        return "withdraw", "Nothing of it is at the accounting software."
    stays = next((each for each in there if each.kind not in target.voids), None)
    if stays is not None:
        return "reverse", f"{target.name} cannot take back a {_word(stays.kind).lower()}."
    locked = target.locked_through
    if locked is not None and any(each.date <= locked for each in there):
        return "reverse", f"{target.name} is closed through {locked:%d %B %Y}."
    return "void", f"{target.name} can take it back."


def _planned(posting: FoundPosting, target: Target) -> PlannedPosting:
    way, reason = way_of(posting.documents, target)
    return PlannedPosting(
        posting_id=posting.posting_id,
        day=posting.day,
        currency=posting.currency,
        label=posting.label,
        revision=posting.revision,
        way=way,
        reason=reason,
        documents=posting.documents,
        effect={account: -amount for account, amount in posting.effect.items() if amount},
    )


def _sentences(planned: Sequence[PlannedPosting], records: int) -> Iterable[str]:
    words = {
        "withdraw": "never left and is withdrawn|never left and are withdrawn",
        "void": "is taken back at the accounting software|are taken back at the accounting software",
        "reverse": "stays there and is reversed by new documents|stay there and are reversed by new documents",
    }
    for way, said in words.items():
        count = sum(posting.way == way for posting in planned)
        if count:
            one, many = said.split("|")
            yield f"{count:,} posting {one}." if count == 1 else f"{count:,} postings {many}."
    some = "1 record stays" if records == 1 else f"{records:,} records stay"
    yield f"{some} out of the books, with all later changes, until the undo is undone or the days are synced again."


def _named(runs: Sequence[str]) -> str:
    shown = ", ".join(runs[:10])
    return shown if len(runs) <= 10 else f"{shown} and {len(runs) - 10} more"


def _word(kind: str) -> str:
    return kind.replace("_", " ").capitalize()
