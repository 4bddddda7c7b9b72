"""Stopping and going on by the merchant's own word. Keyword-only; each call is one transaction.

A pause is for a while; what is switched off stays off until somebody wants it again. Both go on from a business day of
the merchant's choice.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from msgspec import structs

from commerce_sync.models import Schedule
from commerce_sync.schedule import ResumeConflict, resume_conflict
from commerce_sync.services import CannotResume, note_event, resume, save_schedule
from ledger.models import Company
from ledger.services import audit, save_book


@transaction.atomic
def switch_off(*, company: Company, actor: str) -> None:
    """No run by itself any more; what runs already ends. Twice changes nothing."""
    schedule = Schedule.objects.select_for_update().get(company=company)
    if not schedule.enabled:
        return
    schedule.enabled = False
    schedule.save(update_fields=["enabled"])
    audit(code="schedule.changed", actor=actor, company=company, subject=str(schedule), detail={"enabled": False})


@transaction.atomic
def go_on(*, company: Company, start_on: date, accepted: ResumeConflict | None, actor: str, reason: str) -> None:
    """Run by itself again, from business day ``start_on``; nothing for a company that does.

    Days between the last that went well and ``start_on`` stay out of the books: the book then begins at ``start_on``,
    with ``reason`` kept. Raises `CannotResume` for days met twice or never, unless exactly these are ``accepted``.
    """
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    schedule = Schedule.objects.select_for_update().get(company=company)
    if schedule.enabled and schedule.paused_at is None:
        return
    conflict = resume_conflict(start_on, schedule.last_success_through)
    if conflict is not None and conflict != accepted:
        raise CannotResume(conflict)
    if schedule.last_success_through is None or (conflict is not None and conflict.kind == "gap"):
        _begin_at(company, start_on, actor, reason)
    if not schedule.enabled:
        save_schedule(
            company=company,
            frequency=schedule.frequency,
            hour=schedule.hour,
            zone=schedule.zone,
            day_of_month=schedule.day_of_month,
            actor=actor,
        )
    resume(company=company, start_on=start_on, actor=actor, accept=True, reason=reason)
    if schedule.frequency == Schedule.Frequency.EVENT:
        note_event(company_id=company.pk)  # what was sold meanwhile has rung already, and in vain


def _begin_at(company: Company, day: date, actor: str, reason: str) -> None:
    version = company.book_versions.order_by("-number").first()
    if version is None or version.book.start_on == day:
        return
    save_book(company=company, book=structs.replace(version.book, start_on=day), author=actor, reason=reason)
