"""The watch over the four totals: a penny that is lost between any two of them is a finding with what causes it.

One cause is one finding: what a record lost when it was mapped is not told of its documents again, a tax that went
astray not as sales of the same cents, and what somebody changed in a single document at the accounting software is the
finding of that document.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from commerce_sync.reconcile_days import RATE, DaySums, Four
from commerce_sync.reconcile_parts import GIFT_CARD, TAX, TENDER
from commerce_sync.reconcile_records import Lost
from commerce_sync.reconcile_suspects import suspects_of
from health.findings.seen import MOST_CAUSES, Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.reconciled import CODES, differing, look_at_days
from health.reconciled_documents import documents_of, documents_off
from ledger.money import format_money

_ALL_DAYS: Final = (date.min, date.max)
_GOODS: Final = ("sales", "refunds")
_IN_WORDS: Final = {TENDER: "payments on account {0}", GIFT_CARD: "gift cards on account {0}"}


def look(scope: Scope) -> Looked:
    """Compare the days that are to be looked at."""
    seen: list[Seen] = []
    off: list[DaySums] = []
    for sums in look_at_days(scope):
        seen += _of_records(sums)
        seen += _of_documents(sums)
        if sums.off:
            off.append(sums)
    seen += _of_books(off)
    if scope.depth == "night":
        return Looked(seen)
    # Of books that post per payout the findings have no day, and stay as they are until the night.
    return Looked(seen, dict.fromkeys(scope.company_ids, _ALL_DAYS))


def _of_records(sums: DaySums) -> Iterator[Seen]:
    for topic, lost in sums.lost.items():
        four = sums.roles[topic]
        yield _seen(
            sums,
            "stated_differs",
            topic,
            {"topic": topic, "stated": four.stated, "records": four.records},
            sum(abs(each.stated - each.held) for each in lost),
            [_lost(each, sums.currency) for each in sorted(lost, key=lambda each: -abs(each.stated - each.held))],
            count=len(lost),
        )


def _lost(each: Lost, currency: str) -> Cause:
    stated, held = format_money(each.stated, currency), format_money(each.held, currency)
    reason = f"its raw row states {stated}, the record has {held}"
    return Cause("record", str(each.record_id), f"{each.kind} {each.external_id}", reason, each.stated - each.held)


def _of_documents(sums: DaySums) -> Iterator[Seen]:
    found = differing(sums)
    if not found:
        return
    topics = {role: four for role, four in found.items() if not _head(role)}
    taxes = {role: four for role, four in found.items() if _head(role) in (TAX, RATE)}
    goods = sum(abs(_off(four)) for role, four in topics.items() if role in _GOODS)
    if taxes and goods in (0, sum(abs(_off(four)) for four in taxes.values())):
        for role, four in taxes.items():
            params = {"rate": _rates(sums, role), "records": four.records, "documents": four.documents}
            yield _seen(sums, "tax_differs", role, params, abs(_off(four)), _suspects(sums, role, four))
        topics = {role: four for role, four in topics.items() if role not in _GOODS}
        if not topics:
            return
    # Every document balances, so that what is missing of a topic is missing of the money, too.
    told = topics or {role: four for role, four in found.items() if role not in taxes}
    for role, four in told.items():
        head, _, account = role.partition(" ")
        topic = _IN_WORDS[head].format(account) if head in _IN_WORDS else role
        params = {"topic": topic, "records": four.records, "documents": four.documents}
        yield _seen(sums, "documents_differ", role, params, abs(_off(four)), _suspects(sums, role, four))


def _of_books(off: list[DaySums]) -> Iterator[Seen]:
    """One finding a day: an entry that is off is off on two accounts at least."""
    if not off:
        return
    causes = documents_off([(each.company_id, each.day) for each in off])
    for sums in off:
        account = max(sums.off, key=lambda name: (abs(sums.off[name]), name))
        four = next(each for role, each in sums.roles.items() if role.endswith(f" {account}"))
        others = f" (and {len(sums.off) - 1} more accounts)" if len(sums.off) > 2 else ""
        params = {"topic": f"account {account}{others}", "documents": four.documents, "books": four.books}
        own = causes.get((sums.company_id, sums.day, sums.currency, account), [])
        yield _seen(sums, "books_differ", "books", params, max(map(abs, sums.off.values())), own, count=len(own) or 1)


def _suspects(sums: DaySums, role: str, four: Four) -> list[Cause]:
    """The records that are worth looking at first, then the documents that they should be in."""
    found = [
        Cause("record", str(each.record_id), f"{each.kind} {each.external_id}", each.reason, each.total)
        for each in suspects_of(sums.company_id, sums.day, sums.currency, [abs(_off(four))])
    ]
    account = _account(sums, role)
    return [*found, *documents_of(sums.company_id, sums.day, sums.currency, account)]


def _off(four: Four) -> int:
    return (four.documents or 0) - (four.records or 0)


def _head(role: str) -> str:
    """ "tax" of "tax 2200"; "" of a topic."""
    head = role.partition(" ")[0]
    return head if head in (TAX, RATE, TENDER, GIFT_CARD) else ""


def _rates(sums: DaySums, role: str) -> str:
    """The rate that a role of tax is about, or those on its account."""
    head, _, name = role.partition(" ")
    return name if head == RATE else ", ".join(sums.taxes.get(name, ())) or name


def _account(sums: DaySums, role: str) -> str:
    """The account that a role is about; "" of a topic."""
    head, name = _head(role), role.partition(" ")[2]
    if head == RATE:
        return next(account for account, keys in sums.taxes.items() if name in keys)
    return name if head else ""


def _seen(
    sums: DaySums, code: str, role: str, params: dict[str, Any], amount: int, causes: list[Cause],
    *, count: int = 1,
) -> Seen:  # fmt: skip
    day = sums.day.isoformat() if sums.day else "all days"
    return Seen(
        code,
        sums.company_id,
        f"{day} {sums.currency} {role}",
        {"day": day, **params},
        day=sums.day,
        currency=sums.currency,
        amount=amount,
        count=count,
        causes=causes[:MOST_CAUSES],
    )


WATCHES: Final = (Watch("reconciliation", frozenset(CODES), look),)
