"""The draft of a company's choices: begun from what is in force or suggested, completed stage by stage, put in force at
the end. Keyword-only; each call is one transaction."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction
from msgspec import Struct, structs

from commerce_sync.configuration.known import Known, Plan
from commerce_sync.configuration.rules import failures
from commerce_sync.configuration.saving import save_configuration
from commerce_sync.configuration.wanted import Problem, Wanted
from commerce_sync.flow.stages import CHOOSING, Key
from commerce_sync.models import SetupDraft
from ledger.book import Book, encode_book
from ledger.models import Company
from ledger.services import now


class DraftMoved(Exception):
    """The draft was changed in another window since this page was made: ``draft`` is how it is now."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        super().__init__("changed in another window")


class NotComplete(Exception):
    """The draft cannot be in force as it is: ``problems`` name the published fields."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(sentence for _, sentence in problems))


class Draft(Struct, frozen=True):
    """What is chosen so far. ``revision`` 0: nothing was changed yet; ``base_version`` as of `SetupDraft`."""

    book: Book
    plan: Plan
    done: frozenset[Key]
    revision: int
    base_version: int
    is_setup: bool

    def is_change_of(self, known: Known) -> bool:
        """Whether it would change what is in force."""
        return self.book != known.book or self.plan != known.plan

    def is_overtaken(self, known: Known) -> bool:
        """Whether somebody else has put something in force since it was begun."""
        return self.revision > 0 and self.base_version != known.version


def draft_of(company: Company, known: Known) -> Draft:
    """The company's draft; while there is none, what is in force or what we suggest."""
    row = SetupDraft.objects.filter(company=company).first()
    if row is None:
        return _fresh(known)
    done: frozenset[Key] = frozenset(row.stages)  # type: ignore[arg-type]  # only keys are stored
    return Draft(row.book, Plan(**row.plan), done, row.revision, row.base_version, row.is_setup)


class Standing(NamedTuple):
    """How far the choices are: stages done, and whether this is still the first set-up."""

    done: frozenset[Key]
    is_setup: bool


def standing_of(company: Company) -> Standing:
    """The same as of `draft_of`, for pages that need no more: nothing of the sales or the accounts is read."""
    row = SetupDraft.objects.filter(company=company).only("stages", "is_setup").first()
    if row is not None:
        return Standing(frozenset(row.stages), row.is_setup)  # type: ignore[arg-type]  # only keys are stored
    configured = company.book_versions.exists()
    return Standing(frozenset(CHOOSING) if configured else frozenset(), not configured)


def known_with(known: Known, draft: Draft) -> Known:
    """What is known, with the draft's choices in the place of those in force."""
    return structs.replace(known, book=draft.book, plan=draft.plan)


@transaction.atomic
def save_stage(*, company: Company, known: Known, stage: Key, book: Book, plan: Plan, seen: int) -> Draft:
    """Complete ``stage`` with the choices of ``book`` and ``plan``, made on a page that showed revision ``seen``.

    The same choices twice change nothing. Raises `DraftMoved`; nothing is saved then.
    """
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)  # two windows, one after the other
    draft = draft_of(company, known)
    same = (book, plan) == (draft.book, draft.plan)
    if same and stage in draft.done and draft.revision:
        return draft
    if seen != draft.revision and not same:
        raise DraftMoved(draft)
    SetupDraft.objects.update_or_create(
        company=company,
        defaults={
            "base_version": draft.base_version,
            "is_setup": draft.is_setup,
            "body": encode_book(book),
            "plan": plan._asdict(),
            "stages": [str(key) for key in sorted({*draft.done, stage})],
            "revision": draft.revision + 1,
            "updated_at": now(),
        },
    )
    return draft_of(company, known)


@transaction.atomic
def put_in_force(
    *, company: Company, known: Known, enable: bool | None, actor: str, reason: str, ends: bool = True
) -> None:
    """Make the draft what is in force, and drop it, unless (``ends`` False) the set-up goes on after it.

    Raises `NotComplete`, `commerce_sync.configuration.saving.Overtaken` and `commerce_sync.services.CannotResume`;
    nothing is changed then.
    """
    draft = draft_of(company, known)
    problems = failures(draft.book, known)
    if problems:
        raise NotComplete(problems)
    wanted = Wanted(draft.book, draft.plan, enable)
    based = structs.replace(known, version=draft.base_version)
    save_configuration(company=company, known=based, wanted=wanted, actor=actor, reason=reason)
    if ends:
        drop(company=company)
        return
    latest = company.book_versions.order_by("-number").first()
    SetupDraft.objects.filter(company=company).update(base_version=latest.number if latest else 0)


@transaction.atomic
def drop(*, company: Company) -> None:
    """Forget the draft: what is in force stays."""
    SetupDraft.objects.filter(company=company).delete()


def _fresh(known: Known) -> Draft:
    done: frozenset[Key] = frozenset(CHOOSING) if known.configured else frozenset()
    return Draft(known.book, known.plan, done, 0, known.version, is_setup=not known.configured)
