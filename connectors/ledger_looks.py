"""Asking the merchant's accounting software once a day what its ledger holds: balances, entries of others on accounts
that our documents use, and what the bank brought. Whoever compares that with our documents reads the rows.

Each connection is asked on its own, in spans of days that are kept as soon as they are told, so that big books are read
in several turns. Nothing is asked inside a transaction. What fails is tried again in an hour, and nothing else hangs on
it: a platform that does not let us see its balances still tells its entries.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import Min

from connectors import ledger_look_rows as rows
from connectors import registry
from connectors.credentials import StoredKeys
from connectors.errors import BadAnswer, Failure
from connectors.http import Door
from connectors.ledger_facts import MOST_ENTRIES, BankLine, LedgerEntry, TellsBank, TellsLedger
from connectors.limits import Limits
from connectors.models import LedgerLook
from connectors.options import kept_accounts
from connectors.session import Session
from ledger.clearing import bank_accounts, watched_accounts
from ledger.models import BookVersion, Document
from ledger.services import now

logger = logging.getLogger(__name__)
Row = TypeVar("Row")

EVERY: Final = timedelta(days=1)
AGAIN: Final = timedelta(hours=1)
ADMIT_SECONDS: Final = 600
SPAN_DAYS: Final = 7
LOOK_BACK: Final = 35
"""Days that are asked for each time: the month that a bookkeeper still works on."""
KEPT_DAYS: Final = 120
LIMITS: Final = Limits(connect_seconds=3, read_seconds=8, total_seconds=12, patience_seconds=1)
_admit_at = 0.0


def look_daily(seconds: float) -> bool:
    """The errand: ask the connections whose turn it is, for at most ``seconds`` and what the span under way needs;
    whether there is more to do."""
    global _admit_at  # noqa: PLW0603  # of this process: another one admits none twice
    ends = time.monotonic() + seconds
    if time.monotonic() >= _admit_at:
        rows.admit(_tellers(), now())
        _admit_at = time.monotonic() + ADMIT_SECONDS
    while time.monotonic() < ends:
        look = rows.claim(now(), now() + AGAIN)
        if look is None:
            return False
        ask(look, ends)
    return True


def ask(look: LedgerLook, ends: float) -> None:
    """Ask one connection, span by span until the monotonic time ``ends``; what is left is asked for next."""
    try:
        is_done = _asked(look, ends)
        LedgerLook.objects.filter(pk=look.pk).update(next_at=now() + (EVERY if is_done else timedelta()), said="")
    except Failure as failure:
        logger.info("connection %s does not tell its ledger: %s", look.pk, failure)
        LedgerLook.objects.filter(pk=look.pk).update(next_at=now() + AGAIN, said=str(failure)[:500])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for: on which accounts, and since when there is anything of ours."""

    watched: frozenset[str]
    banks: frozenset[str]
    began: date


def _tellers() -> list[str]:
    return [key for key in registry.accounting_keys() if isinstance(registry.accounting(key), TellsLedger)]


def _asked(look: LedgerLook, ends: float) -> bool:
    """Whether the look is done. Raises a `Failure`."""
    connection, platform = look.connection, registry.accounting(look.connection.platform)
    wanted = _wanted(connection.company_id)
    if wanted is None or not isinstance(platform, TellsLedger):
        return True
    keys = StoredKeys(connection.pk, platform)
    with Door(platform, connection.pk, keys, settings=connection.settings, limits=LIMITS) as door:
        session = Session(connection.pk, connection.company_id, connection.settings, door)
        session = replace(session, accounts=kept_accounts(connection.pk))
        return _looked(look, platform, session, wanted, ends)


def _wanted(company_id: int) -> _Asked | None:
    """None: there is nothing of ours yet."""
    version = BookVersion.objects.filter(company=company_id).order_by("-number").first()
    began = Document.objects.filter(company=company_id).aggregate(day=Min("date"))["day"]
    if version is None or began is None:
        return None
    return _Asked(watched_accounts(version.book), bank_accounts(version.book), began)


def _looked(look: LedgerLook, platform: TellsLedger, session: Session, wanted: _Asked, ends: float) -> bool:
    if look.reached_day is None or look.last_day is None:
        look.last_day = now().date()
        look.first_day = max(wanted.began, look.last_day - timedelta(days=LOOK_BACK))
        look.reached_day = look.first_day - timedelta(days=1)
        _ask_balances(look, platform, session, wanted, look.last_day - timedelta(days=1))
        look.save(update_fields=["first_day", "last_day", "reached_day"])
    while look.reached_day < look.last_day:
        if time.monotonic() >= ends:
            return False
        first = look.reached_day + timedelta(days=1)
        last = min(look.last_day, look.reached_day + timedelta(days=SPAN_DAYS))
        entries = list(_some(platform.entries(session, wanted.watched | wanted.banks, first, last)))
        lines = _bank_lines(platform, session, wanted, first, last)
        look.reached_day = last
        with transaction.atomic():
            own = rows.ours(session.connection_id, session.company_id, entries)
            others = [each for each in entries if each.remote_id not in own]
            bank = lines if lines is not None else _from_entries(entries, own, wanted.banks)
            rows.keep_entries(
                session.connection_id, (each for each in others if each.account in wanted.watched), first, last
            )
            rows.keep_bank_lines(session.connection_id, bank, first, last)
            look.save(update_fields=["first_day", "last_day", "reached_day"])
    _ended(look, now())
    return True


def _ask_balances(look: LedgerLook, platform: TellsLedger, session: Session, wanted: _Asked, day: date) -> None:
    """What accounts held before our first document, asked for once, and at the end of ``day``. A platform that does not
    let us see it is left alone: the entries are told without."""
    opening = wanted.began - timedelta(days=1)
    accounts = wanted.watched | wanted.banks
    for each in sorted({day} if look.opening_day == opening else {opening, day}):
        try:
            told = [balance for balance in platform.balances(session, each) if balance.account in accounts]
        except Failure as failure:
            logger.info("connection %s does not tell its balances: %s", session.connection_id, failure)
            return
        with transaction.atomic():
            rows.keep_balances(session.connection_id, told, each, opening, now())
            look.opening_day = opening if each == opening else look.opening_day
            look.balance_day = each
            look.save(update_fields=["opening_day", "balance_day"])


def _bank_lines(
    platform: TellsLedger, session: Session, wanted: _Asked, first: date, last: date
) -> list[BankLine] | None:
    """None: the platform has no statements beside its ledger."""
    if not isinstance(platform, TellsBank):
        return None
    return list(_some(platform.bank_lines(session, wanted.banks, first, last)))


def _from_entries(entries: Iterable[LedgerEntry], own: set[str], banks: frozenset[str]) -> Iterator[BankLine]:
    """What stands on the bank accounts and is not ours, or was matched with the bank's statement."""
    for each in entries:
        if each.account in banks and each.amount and (each.is_cleared or each.remote_id not in own):
            text = f"{each.reference} {each.text}".strip()
            yield BankLine(each.remote_id, each.account, each.day, each.currency, each.amount, text)


def _some(found: Iterable[Row]) -> Iterator[Row]:
    """All of them, up to a limit. Raises `BadAnswer` beyond it."""
    source = iter(found)
    yield from islice(source, MOST_ENTRIES)
    if next(source, None) is not None:
        raise BadAnswer(f"more than {MOST_ENTRIES} entries in {SPAN_DAYS} days")


def _ended(look: LedgerLook, at: datetime) -> None:
    rows.forget(look.pk, at.date() - timedelta(days=KEPT_DAYS))
    look.reached_day, look.looked_at = None, at
    look.save(update_fields=["reached_day", "looked_at"])
