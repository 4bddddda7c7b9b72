"""Forgetting a person, or all persons of a company that left: asked for by somebody with a reason, carried out in
pieces by an errand, told in the audit trail. What is in the books, and what proves its amounts, stays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from django.db import transaction

from commerce_sync.models import Erasure, Schedule, SetupDraft, SetupLink
from commerce_sync.pausing import switch_off
from commerce_sync.tasks import ring
from connectors.authorizing import unlink
from connectors.models import Connection
from connectors.scrubbing import person
from health.personal import erasing_rows as rows
from ledger.models import Company
from ledger.services import audit, now

LEAST_CHARACTERS: Final = 4
LONGEST_SECONDS: Final = 3_600  # of a command that carries one out to its end
MOST_TEXTS: Final = 20
LONGEST_TEXT: Final = 300


class BadErasure(Exception):
    """What was asked for would find everybody, or nobody; the message says what to do."""


@transaction.atomic
def request_erasure(*, company: Company, texts: Sequence[str] = (), reason: str, actor: str) -> Erasure:
    """Have the person forgotten whom ``texts`` name; without any, all persons of the company, which has left: it is
    unlinked from everything at once. Raises `BadErasure`."""
    wanted = sorted({" ".join(text.split()) for text in texts})
    if any(not LEAST_CHARACTERS <= len(text) <= LONGEST_TEXT for text in wanted) or len(wanted) > MOST_TEXTS:
        raise BadErasure(
            f"Say by what the person is known: up to {MOST_TEXTS} texts (the id at the sales system, e-mail, name), "
            f"each of {LEAST_CHARACTERS} to {LONGEST_TEXT} characters, so that nobody else is met."
        )
    if not reason.strip():
        raise BadErasure("Say why: it is kept in the audit trail.")
    kind = Erasure.Kind.PERSON if wanted else Erasure.Kind.COMPANY
    made = Erasure.objects.create(
        company=company, kind=kind, texts=wanted, reason=reason.strip()[:500], actor=actor[:200], requested_at=now()
    )
    if kind == Erasure.Kind.COMPANY:
        _let_go(company, actor)
    audit(
        code=f"erasure.{kind}_asked_for", actor=actor, company=company, subject=str(made.public_id),
        detail={"reason": made.reason},
    )  # fmt: skip
    ring()
    return made


def _let_go(company: Company, actor: str) -> None:
    for link in Connection.objects.filter(company=company).order_by("pk"):
        unlink(connection=link, actor=actor)
    if Schedule.objects.filter(company=company).exists():
        switch_off(company=company, actor=actor)
    SetupLink.objects.filter(company=company).delete()
    SetupDraft.objects.filter(company=company).delete()


def erase(seconds: float) -> bool:
    """The errand: go on with what was asked for, the oldest first, for at most ``seconds``; whether there is more."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        open_one = Erasure.objects.filter(finished_at=None).order_by("pk").first()
        if open_one is None:
            return False
        if not go_on(open_one.pk, ends):
            return True
    return Erasure.objects.filter(finished_at=None).exists()


def go_on(erasure_id: int, ends: float) -> bool:
    """Carry out one, piece by piece until ``ends`` (of the monotonic clock); whether it is done. Each piece is a
    transaction, and doing one again changes nothing."""
    while True:
        with transaction.atomic():
            held = Erasure.objects.select_for_update().select_related("company").get(pk=erasure_id)
            if held.finished_at is not None or _piece(held):
                return True
        if time.monotonic() >= ends:
            return False


def carry_out(erasure: Erasure) -> str:
    """To its end, where somebody waits for it; what came of it, in words."""
    go_on(erasure.pk, time.monotonic() + LONGEST_SECONDS)
    erasure.refresh_from_db()
    payloads, records, names = (f"{erasure.counts.get(what, 0):,} {what}" for what in ("rows", "records", "names"))
    done = "Erased, and the books stay" if erasure.finished_at else "So far, and the worker goes on"
    return f"{done}: {payloads}, {records}, {names}."


def _piece(held: Erasure) -> bool:
    """One bounded piece; True when that was the last."""
    if held.kind == Erasure.Kind.PERSON:
        found = rows.pages_of_person(held.company_id, person(held.texts), held.at_page)
    else:
        found = rows.pages_of_company(held.company_id, held.at_page)
    if found is not None:
        held.at_page = found.at_page
        _count(held, rows=found.rows, records=found.records)
        return False
    wanted = None if held.kind == Erasure.Kind.COMPANY else held.texts
    if erased := rows.records(held.company_id, wanted):
        _count(held, records=erased)
        return False
    names = rows.names(held.company_id, wanted)
    if held.kind == Erasure.Kind.COMPANY:
        rows.company(held.company)
    _count(held, names=names)
    _conclude(held)
    return True


def _count(held: Erasure, **more: int) -> None:
    held.counts = {**held.counts, **{name: held.counts.get(name, 0) + count for name, count in more.items()}}
    held.save(update_fields=["counts", "at_page"])


def _conclude(held: Erasure) -> None:
    held.finished_at, held.texts = now(), []
    held.save(update_fields=["finished_at", "texts"])
    audit(
        code=f"erasure.{held.kind}_done", actor="erasing", company=held.company, subject=str(held.public_id),
        detail={"counts": held.counts},
    )  # fmt: skip
