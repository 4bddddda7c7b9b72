"""A change of what is in force: saved, made to hold for past days too, or brought over another one that came first.
Keyword-only; each call is one transaction."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction
from msgspec import structs

from commerce_sync.configuration.known import Known, Plan
from commerce_sync.configuration.merging import rebased
from commerce_sync.flow.draft import Draft, DraftMoved, draft_of, put_in_force
from commerce_sync.flow.stages import CHOOSING
from commerce_sync.models import SetupDraft, Sync
from commerce_sync.restating import restate
from commerce_sync.schedule import through_day
from ledger.book import Book, encode_book
from ledger.models import Company
from ledger.services import now

ACTOR: Final = "merchant"


def last_day(known: Known) -> date:
    """The last business day that a sync would bring in now."""
    return through_day(known.book.calendar, known.plan.frequency, now())


@transaction.atomic
def save_change(*, company: Company, known: Known, seen: int, reason: str, restate_from: date | None) -> Sync | None:
    """Put the draft in force that a page showed as revision ``seen``; from ``restate_from`` on past days follow it, by
    the sync that is returned.

    Raises `DraftMoved`, `commerce_sync.services.AlreadyRunning`, and what `put_in_force` raises; nothing is changed
    then.
    """
    draft = _held(company, known, seen)
    put_in_force(company=company, known=known, enable=None, actor=ACTOR, reason=reason)
    if restate_from is None:
        return None
    # The clock of the draft: what it changes of past days is nothing, it moves from tomorrow on.
    return restate(
        company=company, calendar=draft.book.calendar, from_day=restate_from, through=last_day(known), actor=ACTOR
    )


@transaction.atomic
def rebase(*, company: Company, known: Known, seen: int) -> None:
    """Let the draft change what is in force now, in place of what it began from. Raises `DraftMoved`."""
    draft = _held(company, known, seen)
    base = company.book_versions.filter(number=draft.base_version).first()
    book = rebased(base.book, draft.book, known.book) if base is not None else draft.book
    plan = draft.plan
    if base is not None and draft.book.days == base.book.days:
        plan = plan._replace(zone=book.days[-1].zone)
    _store(company, draft, book=book, plan=plan, base_version=known.version)


@transaction.atomic
def use_again(*, company: Company, known: Known, book: Book, seen: int) -> None:
    """Make an earlier ``book`` the draft, in the place of the one that a page showed as revision ``seen`` (0: none).

    Its clock stays as it is now: that of days past cannot change. Raises `DraftMoved`.
    """
    draft = _held(company, known, seen)
    again = structs.replace(book, days=known.book.days, currency=known.book.currency)
    fresh = structs.replace(draft, done=frozenset(CHOOSING), is_setup=False)
    _store(company, fresh, book=again, plan=known.plan, base_version=known.version)


def _held(company: Company, known: Known, seen: int) -> Draft:
    """The draft, with no other window at it meanwhile."""
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    draft = draft_of(company, known)
    if draft.revision != seen:
        raise DraftMoved(draft)
    return draft


def _store(company: Company, draft: Draft, *, book: Book, plan: Plan, base_version: int) -> None:
    SetupDraft.objects.update_or_create(
        company=company,
        defaults={
            "base_version": base_version,
            "is_setup": draft.is_setup,
            "body": encode_book(book),
            "plan": plan._asdict(),
            "stages": sorted(str(key) for key in draft.done),
            "revision": draft.revision + 1,
            "updated_at": now(),
        },
    )
