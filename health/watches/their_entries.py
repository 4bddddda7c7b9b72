"""Entries of others on accounts that our documents use: booked by hand, or by another tool. As the built-in books have
them, or as they were last fetched from the accounting software (`connectors.ledger_facts`).

An entry that was reversed counts as nothing, and the reversal of one of ours is what happened to our document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, LiteralString, get_args

from msgspec import Struct

from ledger import sql
from ledger.documents import DocumentKind

MOST_ENTRIES: Final = 20_000
"""Of all companies of one look: what is beyond is told of when these are gone."""

# Parameters: of, accounts (in parallel), since, until, limit. What is ours is known by its key or its reference also
# where nothing is bound to it.
_ENTRIES: Final[LiteralString] = """
    WITH asked AS MATERIALIZED (SELECT * FROM unnest(%(of)s::bigint[], %(accounts)s::text[]) AS t(company_id, account))
    SELECT link.company_id, entry.id::text, account.code, entry.date, entry.currency,
        sum(line.debit - line.credit)::bigint, entry.reference::text, entry.narration::text
    FROM connectors_connection link
    JOIN books_entry entry ON entry.connection_id = link.id AND entry.date BETWEEN %(since)s AND %(until)s
    JOIN books_line line ON line.entry_id = entry.id
    JOIN books_account account ON account.id = line.account_id
    JOIN asked ON asked.company_id = link.company_id AND asked.account = account.code
    WHERE link.platform = 'books' AND link.status = 'Linked' AND link.company_id = ANY(%(of)s)
        AND entry.kind <> 'reversal'
        AND NOT EXISTS (SELECT FROM ledger_document document
            WHERE document.company_id = link.company_id AND document.key = entry.document_key)
        AND NOT EXISTS (SELECT FROM books_entry reversal WHERE reversal.reverses_id = entry.id)
    GROUP BY link.company_id, entry.id, account.code
    UNION ALL
    SELECT link.company_id, entry.remote_id, entry.account, entry.day, entry.currency, entry.amount, entry.reference,
        entry.text
    FROM connectors_connection link
    JOIN connectors_theirentry entry ON entry.connection_id = link.id AND entry.day BETWEEN %(since)s AND %(until)s
    JOIN asked ON asked.company_id = link.company_id AND asked.account = entry.account
    WHERE link.kind = 'accounting' AND link.status = 'Linked' AND link.company_id = ANY(%(of)s)
        AND NOT EXISTS (SELECT FROM connectors_binding binding WHERE binding.connection_id = link.id
            AND binding.kind = ANY(%(kinds)s) AND binding.remote_id = entry.remote_id)
    ORDER BY 4 DESC, 1, 2, 3 LIMIT %(limit)s
"""


class TheirEntry(Struct, frozen=True):
    """What an entry of somebody else's does to one account; debits are positive. ``id`` is the entry's id there."""

    company_id: int
    id: str
    account: str
    day: date
    currency: str
    amount: int
    reference: str
    text: str

    @property
    def label(self) -> str:
        """What a person finds it by."""
        return self.reference or self.text[:80] or self.id


def their_entries(accounts: Mapping[int, Iterable[str]], since: date, until: date) -> list[TheirEntry]:
    """The entries of others on these accounts of each company, the newest first, dated from ``since`` to ``until``."""
    pairs = [(company, account) for company, own in accounts.items() for account in sorted(own)]
    if not pairs:
        return []
    parameters = {
        "of": [company for company, _ in pairs], "accounts": [account for _, account in pairs], "since": since,
        "until": until, "limit": MOST_ENTRIES, "kinds": list(get_args(DocumentKind)),
    }  # fmt: skip
    return [TheirEntry(*row) for row in sql.rows_named(_ENTRIES, parameters)]


class Twin(Struct, frozen=True):
    """A document of ours that an entry of somebody else's looks like; ``accounts`` are booked with the same amounts."""

    document_id: int
    reference: str
    accounts: tuple[str, ...]
    days_off: int


# Parameters: entries in parallel arrays. Documents of the same day, or the one before or after, that have the same
# amount on the same account.
_TWINS: Final[LiteralString] = """
    SELECT entry.company_id, entry.id, document.id, document.reference, array_agg(entry.account ORDER BY entry.account),
        min(abs(document.date - entry.day))
    FROM unnest(%(companies)s::bigint[], %(ids)s::text[], %(accounts)s::text[], %(days)s::date[],
            %(currencies)s::text[], %(amounts)s::bigint[])
        AS entry(company_id, id, account, day, currency, amount)
    JOIN ledger_document document ON document.company_id = entry.company_id
        AND document.date BETWEEN entry.day - 1 AND entry.day + 1 AND document.currency = entry.currency
        AND document.withdrawn_at IS NULL AND document.voided_at IS NULL
    CROSS JOIN LATERAL (SELECT sum(coalesce(line.debit, 0) - coalesce(line.credit, 0)) AS amount
        FROM ledger_documentline line WHERE line.document_id = document.id AND line.account = entry.account) ours
    WHERE ours.amount = entry.amount AND entry.amount <> 0
    GROUP BY entry.company_id, entry.id, document.id, document.reference
"""


def twins(entries: Sequence[TheirEntry]) -> dict[tuple[int, str], Twin]:
    """(company, entry) → the document of ours that it is most like."""
    parameters = {
        "companies": [each.company_id for each in entries], "ids": [each.id for each in entries],
        "accounts": [each.account for each in entries], "days": [each.day for each in entries],
        "currencies": [each.currency for each in entries], "amounts": [each.amount for each in entries],
    }  # fmt: skip
    found: dict[tuple[int, str], Twin] = {}
    for company, entry, document, reference, accounts, days_off in sql.rows_named(_TWINS, parameters):
        twin = Twin(document, reference, tuple(accounts), days_off)
        best = found.get((company, entry))
        if best is None or (len(twin.accounts), -twin.days_off) > (len(best.accounts), -best.days_off):
            found[company, entry] = twin
    return found
