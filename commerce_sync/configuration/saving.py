"""Saving a configuration: the book and the schedule together, or neither."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from commerce_sync.configuration.known import Known, Plan
from commerce_sync.configuration.wanted import Wanted
from commerce_sync.services import resume, save_schedule
from ledger.book import Book
from ledger.models import Company
from ledger.services import save_book


class Overtaken(Exception):
    """Somebody has saved another configuration since this one was read."""


@transaction.atomic
def save_configuration(*, company: Company, known: Known, wanted: Wanted, actor: str, reason: str) -> None:
    """Put ``wanted`` in force, a configuration without failures that was made from what is ``known``; ``reason`` is
    kept with the version of the book.

    What is in force already makes no new version and no entry. Raises `Overtaken`, `ledger.services.InvalidBook` and
    `commerce_sync.services.CannotResume`; nothing is saved then.
    """
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)  # deliveries may go on
    latest = company.book_versions.order_by("-number").first()
    if (latest.number if latest else 0) != known.version:
        raise Overtaken(company.name)
    save_book(company=company, book=wanted.book, author=actor, reason=reason)
    enabled = known.enabled if wanted.enable is None else wanted.enable
    if _changes_schedule(known, wanted.plan, enabled):
        _save_schedule(company, known, wanted.plan, enabled=enabled or known.paused, actor=actor)
    if known.paused and enabled:
        resume(company=company, start_on=_resume_on(known, wanted.book), actor=actor)


def _changes_schedule(known: Known, plan: Plan, enabled: bool) -> bool:
    return plan != known.plan or enabled != known.enabled


def _save_schedule(company: Company, known: Known, plan: Plan, *, enabled: bool, actor: str) -> None:
    save_schedule(
        company=company,
        frequency=plan.frequency,
        hour=plan.hour,
        zone=plan.zone,
        day_of_month=plan.day_of_month,
        enabled=enabled,
        actor=actor,
    )


def _resume_on(known: Known, book: Book) -> date:
    """A new start date where one was chosen; else the day after the last that went well."""
    if book.start_on is not None and book.start_on != known.book.start_on:
        return book.start_on
    return known.last_success_on + timedelta(days=1) if known.last_success_on else (book.start_on or known.today)
