"""Payouts: one that is missing between others, one that is late, and money that waits longer than it should.

From the records in the books. One cause is one finding: what waits because payouts stopped is told as a late payout,
what a missing one left waiting as a missing one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from commerce_sync.clearing_items import Gap, Key, PaidOut, Settlements, settlements
from commerce_sync.clearing_open import Clearing, OpenItem
from connectors import registry
from health.findings.seen import MOST_CAUSES, Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.account_names import AccountNames
from health.watches.narrowing import narrowed, where
from health.watches.payout_rhythm import Rhythm, missing_payouts, rhythm
from health.watches.their_entries import their_entries
from ledger import sql

CODES: Final = frozenset({"payout_missing", "payout_late", "clearing_aged"})
LEAST_AGE: Final = 14
"""Days that money may always wait: processors hold single payments for a fortnight."""
AGE_WITHOUT_RHYTHM: Final = 31
"""Days that money may wait where nothing is ever paid out, though the merchant gets payouts elsewhere."""


def look(scope: Scope) -> Looked:
    """What is wrong with the payouts of companies; between nights only of those where something is open."""
    asked = narrowed(scope, CODES)
    if not asked:
        return Looked((), {})
    found = settlements(asked, scope.at)
    told = _Told(found)
    seen: list[Seen] = []
    for clearing in found.clearings:
        seen += told.of(clearing)
    return Looked(seen, where(scope, asked))


class _Told:
    """What is told of each clearing account."""

    def __init__(self, found: Settlements) -> None:
        self.found = found
        self.names = AccountNames((each.company_id, each.account) for each in found.clearings)
        self.platforms = _platforms({source for _, source in found.known})
        self.paid_out = {company for (company, _, _), payouts in found.payouts.items() if _rhythm(payouts)}
        self.by_hand = _emptied_by_hand(found, self.paid_out)

    def of(self, clearing: Clearing) -> Iterator[Seen]:
        """Its findings."""
        key = (clearing.company_id, clearing.account, clearing.currency)
        payouts = self.found.payouts.get(key, [])
        gaps = [*self.found.gaps.get(key, []), *_unlisted_gaps(clearing, payouts)]
        yield from (self._missing(key, gap) for gap in gaps)
        own = _rhythm(payouts)
        late = self._late(clearing, own, payouts) if own else None
        if late:
            yield late
        elif aged := self._aged(clearing, own, gaps):
            yield aged

    def _missing(self, key: Key, gap: Gap) -> Seen:
        company, account, currency = key
        causes = [Cause("record", str(record), f"order {name}", "in no payout") for record, name in gap.records]
        return Seen(
            "payout_missing", company, f"{account} {currency} {gap.first}", {
                "missing": gap.amount, "day": gap.last.isoformat(), "account": self.names.of(company, account),
            }, day=gap.last, currency=currency, amount=gap.amount, count=gap.count, causes=causes,
        )  # fmt: skip

    def _late(self, clearing: Clearing, own: Rhythm, payouts: Sequence[PaidOut]) -> Seen | None:
        """Late by what the payouts' own source tells: where it tells nothing any more, time stands still."""
        source = max(payouts, key=lambda each: each.day).source
        known = self.found.known.get((clearing.company_id, source), own.last)
        waiting = [item for item in clearing.items if item.day <= known - timedelta(days=own.typical)]
        amount = sum(item.amount for item in waiting)
        if (known - own.last).days <= own.allowed or amount <= 0:
            return None
        params = {
            "platform": self.platforms.get(source, "The payment platform"), "rhythm": own.in_words,
            "since": own.last.isoformat(), "waiting": amount,
        }  # fmt: skip
        return Seen(
            "payout_late", clearing.company_id, f"{clearing.account} {clearing.currency}", params, day=own.last,
            currency=clearing.currency, amount=amount, causes=_causes(waiting),
        )  # fmt: skip

    def _aged(self, clearing: Clearing, own: Rhythm | None, gaps: Sequence[Gap]) -> Seen | None:
        if own is None and clearing.company_id not in self.paid_out:
            return None  # nobody tells us of payouts
        limit = max(own.allowed, LEAST_AGE) if own else AGE_WITHOUT_RHYTHM
        known = max(day for (company, _), day in self.found.known.items() if company == clearing.company_id)
        aged = [item for item in clearing.items if (known - item.day).days > limit]
        waiting = clearing.earlier + sum(item.amount for item in aged) - sum(gap.amount for gap in gaps)
        if own is None:
            waiting -= self.by_hand.get((clearing.company_id, clearing.account, clearing.currency), 0)
        if waiting <= 0:
            return None
        since = min((item.day for item in aged), default=clearing.since)
        params = {
            "account": self.names.of(clearing.company_id, clearing.account), "since": since.isoformat(),
            "count": sum(item.count for item in aged if item.amount > 0), "waiting": waiting,
        }  # fmt: skip
        return Seen(
            "clearing_aged", clearing.company_id, f"{clearing.account} {clearing.currency}", params, day=since,
            currency=clearing.currency, amount=waiting, causes=_causes(aged),
        )  # fmt: skip


def _emptied_by_hand(found: Settlements, companies: set[int]) -> dict[Key, int]:
    """What others took out of the clearing accounts that nobody tells us any payouts of, in the accounting software."""
    accounts: dict[int, set[str]] = {}
    for each in found.clearings:
        key = (each.company_id, each.account, each.currency)
        if each.company_id in companies and not _rhythm(found.payouts.get(key, [])):
            accounts.setdefault(each.company_id, set()).add(each.account)
    taken: dict[Key, int] = {}
    for entry in their_entries(accounts, found.since, found.until):
        key = (entry.company_id, entry.account, entry.currency)
        taken[key] = taken.get(key, 0) - entry.amount
    return {key: max(amount, 0) for key, amount in taken.items()}


def _rhythm(payouts: Sequence[PaidOut]) -> Rhythm | None:
    return rhythm([each.day for each in payouts])


def _unlisted_gaps(clearing: Clearing, payouts: Sequence[PaidOut]) -> list[Gap]:
    """Missing payouts of a processor that does not say what its payouts are of."""
    if not payouts or any(each.is_listed for each in payouts):
        return []
    takings: dict[date, int] = {}
    records: dict[date, tuple[tuple[int, str], ...]] = {}
    for item in clearing.taken:
        takings[item.day] = takings.get(item.day, 0) + item.amount
        if item.kind == "order":
            records[item.day] = records.get(item.day, ()) + item.records
    found = missing_payouts(list(takings.items()), [(each.day, each.amount) for each in payouts])
    source = payouts[0].source
    return [
        Gap(
            source, gap.first, gap.last, gap.amount, sum(gap.first <= day <= gap.last for day in takings),
            tuple(record for day in sorted(takings) if gap.first <= day <= gap.last for record in records.get(day, ())),
        )
        for gap in found
    ]  # fmt: skip


def _causes(items: Sequence[OpenItem]) -> list[Cause]:
    """The greatest records of each day, the oldest first."""
    return [
        Cause("record", str(record), f"{item.kind} {name}", f"waits since {item.day}")
        for item in items
        for record, name in item.records
    ][:MOST_CAUSES]


def _platforms(sources: set[int]) -> dict[int, str]:
    """Source → what its platform is called."""
    found = sql.rows(
        "SELECT source_id, platform FROM connectors_connection WHERE source_id = ANY(%s)", (sorted(sources),)
    )
    known = set(registry.commerce_keys())
    return {source: registry.commerce(key).name if key in known else key for source, key in found}


WATCHES: Final = (Watch("payouts", CODES, look),)
