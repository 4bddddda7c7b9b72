"""What the stages of choosing share: the draft that they work on, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from msgspec import Struct

from commerce_sync.configuration.known import Known, Plan
from commerce_sync.configuration.rules import failures
from commerce_sync.configuration.state import known_of, links_of
from commerce_sync.configuration.wanted import Problem
from commerce_sync.flow.draft import Draft, DraftMoved, draft_of, known_with, save_stage
from commerce_sync.flow.merchant import Merchant, shown
from commerce_sync.flow.stages import Key, Step, after, before, steps
from commerce_sync.flow_settings import texts_of
from connectors import organizations, registry
from connectors.models import Connection
from ledger.book import Book

SEEN: Final = "seen"
LONGEST: Final = 400  # characters of one value of a form
MOST: Final = 1_000  # values of a form


class Chosen(NamedTuple):
    """What a form of a stage chooses, and (form name → problem) of what cannot be taken."""

    book: Book
    plan: Plan
    problems: dict[str, str]


class Begun(Struct):
    """A stage of choosing at hand. ``known`` has the draft's choices, ``in_force`` those that syncs use."""

    key: Key
    known: Known
    in_force: Known
    draft: Draft
    steps: list[Step]
    texts: dict[str, str]

    @property
    def context(self) -> dict[str, Any]:
        """What every page of a stage shows."""
        return {
            "stage": self.key,
            "steps": self.steps,
            "seen": self.draft.revision,
            "is_set_up": not self.draft.is_setup,
            "before": before(self.key),
        }


def done_of(merchant: Merchant, chosen: Collection[Key]) -> set[Key]:
    """The stages that are done: linked sides, and what was ``chosen``."""
    linked = {
        key
        for key, link in (("commerce", merchant.sales), ("accounting", merchant.books))
        if link is not None and link.status == Connection.Status.LINKED and not is_undecided(link)
    }
    return {*linked, *chosen}  # type: ignore[arg-type]  # the two keys above are keys


def is_undecided(link: Connection) -> bool:
    """Whether it is linked, and nobody has said yet for which of several organizations."""
    if link.status != Connection.Status.LINKED or link.kind != Connection.Kind.ACCOUNTING:
        return False
    return bool(registry.accounting(link.platform).books_setting) and not organizations.chosen(link)


def begun(merchant: Merchant, key: Key) -> Begun | HttpResponse:
    """The stage of choosing ``key``; the way to the overview while the two sides are not linked."""
    if not merchant.are_linked or (merchant.books is not None and is_undecided(merchant.books)):
        return redirect("flow")
    in_force = known_of(merchant.company, links_of(merchant.company))
    draft = draft_of(merchant.company, in_force)
    return Begun(
        key,
        known_with(in_force, draft),
        in_force,
        draft,
        steps(done_of(merchant, draft.done), key),
        texts_of(merchant.company.partner, merchant.locale),
    )


def said_of(request: HttpRequest) -> dict[str, str]:
    """What a form says, each value once, none longer than any that we offer."""
    return {name: str(value)[:LONGEST] for name, value in list(request.POST.items())[:MOST]}


def seen_of(request: HttpRequest) -> int:
    """The revision of the draft that the page showed which sends this; -1 for none that can be."""
    seen = request.POST.get(SEEN, "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1


def section_failures(book: Book, in_force: Known, *prefixes: str) -> list[Problem]:
    """What keeps ``book`` from being in force, of the published fields that begin so: other stages tell theirs."""
    return [problem for problem in failures(book, in_force) if problem[0].startswith(prefixes)]


def told(
    request: HttpRequest,
    merchant: Merchant,
    key: Key,
    choose: Callable[[Begun, dict[str, str]], Chosen],
    page: Callable[..., HttpResponse],
) -> HttpResponse:
    """A stage of choosing: its ``page``, or what its form says, by ``choose``; what is refused keeps what was typed."""
    at = begun(merchant, key)
    if isinstance(at, HttpResponse):
        return at
    if request.method != "POST":
        return page(request, merchant, at)
    said = said_of(request)
    found = choose(at, said)
    if found.problems:
        return page(request, merchant, at, said, found.problems)
    return completed(request, merchant, at, book=found.book, plan=found.plan)


def completed(request: HttpRequest, merchant: Merchant, at: Begun, *, book: Book, plan: Plan) -> HttpResponse:
    """The stage is saved, and the next one follows; in settings, what the change would do."""
    try:
        save_stage(
            company=merchant.company, known=at.in_force, stage=at.key, book=book, plan=plan, seen=seen_of(request)
        )  # fmt: skip
    except DraftMoved:
        return shown(request, merchant, "flow/moved.html", at.context, status=409)
    if not at.draft.is_setup:
        return redirect("flow-change")
    following = after(at.key)
    return redirect(following.url if following else "flow-preview")
