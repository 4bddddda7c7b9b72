"""The watch over gift cards: what is owed on them rolls forward by what records tell, and by nothing else.

What our own documents have otherwise than the records is told by the reconciliation of their day; here it is what
others booked on the liability account. A second booking of ours by another tool is told as that.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Final, LiteralString

from commerce_sync.clearing_items import WINDOW_DAYS, books
from commerce_sync.reconcile_parts import GIFT_CARD, Terms, shared_accounts
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.narrowing import ALL_TIME, narrowed
from health.watches.their_entries import TheirEntry, their_entries
from ledger import sql

CODES: Final = frozenset({"gift_cards_differ"})
Place = tuple[int, str, str]  # company, account, currency

# Parameters: companies, accounts, currencies (in parallel), since. What our documents have on an account, before a day
# and from it on; credits positive, as people name what is owed.
_HELD: Final[LiteralString] = """
    SELECT asked.company_id, asked.account, asked.currency,
        coalesce(sum(coalesce(line.credit, 0) - coalesce(line.debit, 0)) FILTER (WHERE document.date < %(since)s),
            0)::bigint,
        coalesce(sum(coalesce(line.credit, 0) - coalesce(line.debit, 0)) FILTER (WHERE document.date >= %(since)s),
            0)::bigint
    FROM unnest(%(companies)s::bigint[], %(accounts)s::text[], %(currencies)s::text[])
        AS asked(company_id, account, currency)
    JOIN ledger_document document ON document.company_id = asked.company_id AND document.currency = asked.currency
        AND document.withdrawn_at IS NULL AND document.voided_at IS NULL
    JOIN ledger_documentline line ON line.document_id = document.id AND line.account = asked.account
    GROUP BY asked.company_id, asked.account, asked.currency
"""
_TWICE: Final[LiteralString] = """
    SELECT company_id, subject FROM health_finding
    WHERE company_id = ANY(%s) AND code = 'booked_twice' AND resolved_at IS NULL
"""


def look(scope: Scope) -> Looked:
    """What others booked on the accounts of gift cards; between nights only where something is open."""
    asked = narrowed(scope, CODES)
    if not asked:
        return Looked((), {})
    today = scope.at.date()
    since = today - timedelta(days=WINDOW_DAYS)
    accounts = {
        company: {account for account, head in Terms(book, shared_accounts([book])).heads.items() if head == GIFT_CARD}
        for company, book in books(asked)
    }
    twice = set(sql.rows(_TWICE, (asked,)))
    by_place: dict[Place, list[TheirEntry]] = defaultdict(list)
    for each in their_entries(accounts, since, today):
        if (each.company_id, f"entry {each.id}") not in twice:
            by_place[each.company_id, each.account, each.currency].append(each)
    return Looked(_seen(by_place, since), dict.fromkeys(asked, ALL_TIME))


def _seen(by_place: dict[Place, list[TheirEntry]], since: date) -> list[Seen]:
    off = {place: own for place, own in by_place.items() if sum(each.amount for each in own)}
    if not off:
        return []
    parameters = {
        "companies": [company for company, _, _ in off],
        "accounts": [account for _, account, _ in off],
        "currencies": [currency for _, _, currency in off],
        "since": since,
    }
    held = {tuple(row[:3]): row[3:] for row in sql.rows_named(_HELD, parameters)}
    found = []
    for place, own in sorted(off.items()):
        company, account, currency = place
        opening, changes = held.get(place, (0, 0))
        more = -sum(each.amount for each in own)
        params = {
            "opening": opening, "changes": changes, "expected": opening + changes, "held": opening + changes + more,
        }  # fmt: skip
        causes = [
            Cause("entry", each.id, each.label, f"dated {each.day}, booked by somebody else", -each.amount)
            for each in sorted(own, key=lambda each: -abs(each.amount))
        ]
        day = max(each.day for each in own)
        found.append(
            Seen("gift_cards_differ", company, f"{account} {currency}", params, day=day, currency=currency,
                 amount=abs(more), count=len(own), causes=causes)
        )  # fmt: skip
    return found


WATCHES: Final = (Watch("gift cards", CODES, look),)
