"""What an undo would do, for a merchant: which documents go and how, what stays, the effect on each account. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commerce_sync.flow import ledger_view
from commerce_sync.flow.figures import number
from commerce_sync.preview_result import Effect
from commerce_sync.undo_plan import MOST_POSTINGS, Plan, PlannedDocument, PlannedPosting

MOST_SHOWN: Final = 50  # documents of a plan on a page
Fate = Literal["withdraw", "void", "reverse", "gone", "wait", "elsewhere"]
FATES: Final[dict[Fate, Any]] = {
    "withdraw": gettext_lazy("Never leaves"),
    "void": gettext_lazy("Taken back"),
    "reverse": gettext_lazy("Stays, and is reversed by a new document"),
    "gone": gettext_lazy("Gone already"),
    "wait": gettext_lazy("Not known yet whether it has arrived"),
    "elsewhere": gettext_lazy("In software that is not connected"),
}


class Shown(NamedTuple):
    """A document of the plan as a page shows it; amounts are minor units of ``currency``."""

    date: date
    kind: str
    reference: str
    amount: int
    currency: str
    fate: Fate
    words: str


def fate(posting: PlannedPosting, document: PlannedDocument) -> Fate:
    """What becomes of a document of a posting."""
    if document.place == "open":
        return "wait"
    if document.place == "elsewhere":
        return "elsewhere"
    if document.place == "gone":
        return "gone"
    if document.place == "here":
        return "withdraw"
    return "reverse" if posting.way == "reverse" else "void"


def documents(plan: Plan) -> list[Shown]:
    """The documents of the plan, the newest first, at most `MOST_SHOWN`."""
    found: list[Shown] = []
    for posting in plan.postings:
        for each in posting.documents[: MOST_SHOWN - len(found)]:
            becomes = fate(posting, each)
            kind = str(ledger_view.KINDS.get(each.kind, each.kind))
            words = str(FATES[becomes])
            found.append(Shown(each.date, kind, each.reference, each.amount, each.currency, becomes, words))
        if len(found) >= MOST_SHOWN:
            break
    return found


def count(plan: Plan) -> int:
    """How many documents the plan is about."""
    return sum(len(posting.documents) for posting in plan.postings)


def effects(plan: Plan, names: Mapping[str, str]) -> list[ledger_view.Shown]:
    """What the undo does to each account, a table for each currency."""
    sums: Counter[tuple[str, str]] = Counter()
    for posting in plan.postings:
        for account, amount in posting.effect.items():
            sums[posting.currency, account] += amount
    named = sorted(sums.items(), key=lambda found: (found[0][0], names.get(found[0][1], found[0][1])))
    found = [Effect(account, currency, max(net, 0), max(-net, 0)) for (currency, account), net in named]
    return ledger_view.effects(found, names)


def sentences(plan: Plan, voids: Collection[str], locked: date | None, locale: str) -> Iterator[str]:
    """What a plan that can be carried out does. ``voids``: the kinds of documents that the accounting software takes
    back; ``locked``: its last closed day."""
    fates = Counter(fate(posting, each) for posting in plan.postings for each in posting.documents)
    if found := fates["void"]:
        words = ngettext(
            "%(count)s document is taken back in your accounting software.",
            "%(count)s documents are taken back in your accounting software.",
            found,
        )
        yield words % {"count": number(found, locale)}
    if found := fates["withdraw"]:
        words = ngettext(
            "%(count)s document has not left yet, and never will.",
            "%(count)s documents have not left yet, and never will.",
            found,
        )
        yield words % {"count": number(found, locale)}
    if found := fates["reverse"]:
        words = ngettext(
            "%(count)s document stays where it is, and a new one reverses it.",
            "%(count)s documents stay where they are, and new ones reverse them.",
            found,
        )
        yield words % {"count": number(found, locale)}
        yield _why_reversed(plan, voids, locked)
    if plan.records:
        words = ngettext(
            "%(count)s record of your sales stays out of your books until you bring it back.",
            "%(count)s records of your sales stay out of your books until you bring them back.",
            plan.records,
        )
        yield words % {"count": number(plan.records, locale)}


def _why_reversed(plan: Plan, voids: Collection[str], locked: date | None) -> str:
    staying = [
        each for posting in plan.postings for each in posting.documents if fate(posting, each) == "reverse"
    ]  # fmt: skip
    if any(each.kind not in voids for each in staying):
        return _("Your accounting software cannot take back documents of this kind.")
    if locked is not None:
        words = _("Your books are closed through %(day)s: nothing there is changed, the reversal is posted later.")
        return words % {"day": locked.isoformat()}
    return _("Your books are closed for these days: nothing there is changed, the reversal is posted later.")


def obstacles(plan: Plan, *, has_books: bool) -> Iterator[str]:
    """What has to happen before a blocked plan can be carried out; ``has_books``: accounting software is connected."""
    if not has_books:
        yield _("Your accounting software is not connected. Connect it first.")
        return
    places = {each.place for posting in plan.postings for each in posting.documents}
    known = bool(not plan.postings or plan.undo_first or places & {"open", "elsewhere"})
    if not plan.postings:
        yield _("Nothing of it is in your books any more, so there is nothing to take back.")
    if len(plan.postings) > MOST_POSTINGS:
        known = True
        yield _("This is too much to be taken back at once. Ask support to do it.")
    if plan.undo_first:
        yield _("Later changes rest on it. Take these back first, the newest at the beginning:")
    if "open" in places:
        yield _("Of a document it is not known yet whether it has arrived. The next sync finds out; try again then.")
    if "elsewhere" in places:
        yield _(
            "A document is in accounting software that is no longer connected. Connect it again, or correct it there."
        )
    if not known:
        yield _("Your accounting software cannot be asked now what is closed there. Try again in a few minutes.")
