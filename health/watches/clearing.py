"""Entries of others among ours: the same booked once more by another tool, and clearing accounts that do not hold what
is open because somebody booked on them.

One cause is one finding: what is a second booking of ours is told as that, and not as a difference of an account.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, LiteralString

from commerce_sync.clearing_items import WINDOW_DAYS, Key, books, held_on
from commerce_sync.reconcile_sql import RECORD_TEXT
from health.findings.seen import MOST_CAUSES, Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.account_names import AccountNames
from health.watches.drift import drifted
from health.watches.narrowing import narrowed, where
from health.watches.their_balances import differences
from health.watches.their_entries import TheirEntry, Twin, their_entries, twins
from ledger import sql
from ledger.book import Book
from ledger.clearing import clearing_accounts, watched_accounts
from ledger.rules.roles import clearing_role

CODES: Final = frozenset({"clearing_differs", "booked_twice"})
ROUND: Final = 1_000
"""In minor units: of a sum that is a multiple of this, one account and amount alone say nothing."""
SMALL: Final = 1_000
"""So little is equal by chance."""

# Parameters: companies, since. By what payouts come that we are told of.
_PAID_OUT: Final[LiteralString] = (
    "WITH payout AS (SELECT standing.company_id, record.currency, "  # noqa: S608
    + RECORD_TEXT
    + """ AS body
        FROM ledger_posting posting
        JOIN ledger_standing standing ON standing.posting_id = posting.id AND standing.state = 1
        JOIN ledger_record record ON record.id = standing.record_id AND record.kind = 'payout' AND NOT record.deleted
        WHERE posting.company_id = ANY(%s) AND posting.day >= %s
    )
    SELECT DISTINCT company_id, currency, coalesce(body ->> 'method', 'card'), coalesce(body ->> 'provider', '')
    FROM payout
"""
)


def look(scope: Scope) -> Looked:
    """What others booked on accounts of ours; between nights only where something is open."""
    asked = narrowed(scope, CODES)
    if not asked:
        return Looked((), {})
    today = scope.at.date()
    since = today - timedelta(days=WINDOW_DAYS)
    in_force = dict(books(asked))
    watched = {company: watched_accounts(book) for company, book in in_force.items()}
    entries = their_entries(watched, since, today)
    again = {key: twin for key, twin in twins(entries).items() if _is_twin(key, twin, entries)}
    names = AccountNames((each.company_id, each.account) for each in entries)
    seen = [_booked_twice(key, twin, entries, names) for key, twin in sorted(again.items())]
    seen += _differing(in_force, since, entries, again)
    return Looked(seen, where(scope, asked))


def _is_twin(key: tuple[int, str], twin: Twin, entries: Sequence[TheirEntry]) -> bool:
    """Two accounts with the same amounts are no chance; one is none when it is of the same day, and no round sum."""
    if len(twin.accounts) > 1:
        return True
    amounts = [
        abs(each.amount) for each in entries if (each.company_id, each.id) == key and each.account in twin.accounts
    ]
    return twin.days_off == 0 and all(amount > SMALL and amount % ROUND for amount in amounts)


def _booked_twice(key: tuple[int, str], twin: Twin, entries: Sequence[TheirEntry], names: AccountNames) -> Seen:
    company, id = key
    own = [each for each in entries if (each.company_id, each.id) == key and each.account in twin.accounts]
    most = max(own, key=lambda each: abs(each.amount))
    params = {
        "entry": most.label, "day": most.day.isoformat(), "reference": twin.reference, "stated": abs(most.amount),
        "account": names.of(company, most.account),
    }  # fmt: skip
    causes = (
        Cause("entry", id, most.label, "booked by somebody else", most.amount),
        Cause("document", str(twin.document_id), twin.reference, "booked by us"),
    )
    return Seen(
        "booked_twice", company, f"entry {id}", params, day=most.day, currency=most.currency, amount=abs(most.amount),
        causes=causes,
    )  # fmt: skip


def _differing(
    in_force: Mapping[int, Book], since: date, entries: Sequence[TheirEntry], again: Container[tuple[int, str]]
) -> list[Seen]:
    """Clearing accounts that payouts empty, and that others booked on. Where nobody tells us of payouts, those of
    others are how such an account is emptied.

    By the balances where they are told, less what drift and second bookings explain; else by the entries of others.
    """
    others: dict[Key, list[TheirEntry]] = defaultdict(list)
    explained: Counter[Key] = Counter()
    for each in entries:
        key = (each.company_id, each.account, each.currency)
        if (each.company_id, each.id) in again:
            explained[key] += each.amount
        else:
            others[key].append(each)
    for document in drifted(in_force):
        for account, ours, theirs in document.changes:
            explained[document.company_id, account, document.currency] += 0 if document.is_gone else theirs - ours
    told = differences(in_force)
    emptied = _emptied(in_force, since)
    held = held_on({(company, account) for company, account, _ in emptied})
    names = AccountNames((company, account) for company, account, _ in emptied)
    seen = []
    for key in sorted(emptied):
        by_entries = sum(each.amount for each in others[key])
        difference = told[key][0] - explained[key] if key in told else by_entries
        if difference:
            seen.append(_differs(key, difference, others[key], held.get(key, 0), names, since))
    return seen


def _emptied(in_force: Mapping[int, Book], since: date) -> set[tuple[int, str, str]]:
    """The clearing accounts (company, account, currency) that payouts are booked on."""
    found = set()
    for company, currency, method, provider in sql.rows(_PAID_OUT, (list(in_force), since)):
        account = in_force[company].account(clearing_role(method, provider), currency)
        if account in clearing_accounts(in_force[company]):
            found.add((company, account, currency))
    return found


def _differs(
    key: Key, difference: int, entries: Sequence[TheirEntry], held: int, names: AccountNames, on: date
) -> Seen:
    company, account, currency = key
    params = {"account": names.of(company, account), "balance": held + difference, "open": held}
    gravest = sorted(entries, key=lambda each: -abs(each.amount))
    causes = [Cause("entry", each.id, each.label, f"dated {each.day}", each.amount) for each in gravest[:MOST_CAUSES]]
    return Seen(
        "clearing_differs", company, f"{account} {currency}", params, currency=currency, amount=abs(difference),
        count=max(len(entries), 1), causes=causes, day=max((each.day for each in entries), default=on),
    )  # fmt: skip


WATCHES: Final = (Watch("clearing", CODES, look),)
