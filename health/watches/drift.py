"""Drift: what somebody did to our documents in the merchant's accounting software.

At platforms that are called, delivering reads back what was changed there and keeps whether it agrees; the built-in
books are compared here. Over when it reads back as it was sent, or was taken back here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final, LiteralString

from msgspec import Struct

from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.account_names import AccountNames
from health.watches.narrowing import open_since, where
from ledger import sql
from ledger.money import format_minor

CODES: Final = frozenset({"document_edited", "document_removed", "document_redated"})
WINDOW: Final = timedelta(days=400)
"""So far back documents in the built-in books are compared: what is older belongs to a year that is closed."""
MOST_CHANGES: Final = 4  # accounts named in a sentence

# The last that was told of each document is how it is now.
_READ_BACK: Final[LiteralString] = """
    SELECT link.company_id, document.id, document.reference, document.date, document.currency, document.total,
        item.state = 'removed', coalesce(told.detail, '{}'::jsonb)
    FROM connectors_connection link
    JOIN connectors_binding binding ON binding.connection_id = link.id AND binding.agrees = false
    JOIN connectors_pushitem item ON item.binding_id = binding.id AND item.state IN ('pushed', 'removed')
    JOIN ledger_document document ON document.id = binding.document_id
    JOIN ledger_posting posting ON posting.id = document.posting_id
    LEFT JOIN LATERAL (SELECT entry.detail FROM ledger_auditentry entry
        WHERE entry.company_id = link.company_id AND entry.code = 'document.mismatch'
            AND entry.subject = document.reference
        ORDER BY entry.id DESC LIMIT 1) told ON item.state = 'pushed'
    WHERE link.company_id = ANY(%(companies)s) AND link.kind = 'accounting' AND link.platform <> 'books'
        AND binding.voided_at IS NULL AND document.voided_at IS NULL AND posting.withdrawn_at IS NULL
    ORDER BY document.id
"""
_IN_BOOKS: Final[LiteralString] = """
    WITH held AS MATERIALIZED (
        SELECT document.id, document.company_id, document.reference, document.date, document.currency, document.total,
            entry.id AS entry_id, entry.date AS found_on,
            EXISTS (SELECT FROM books_entry reversal WHERE reversal.reverses_id = entry.id) AS is_reversed
        FROM unnest(%(companies)s::bigint[], %(since)s::date[]) AS asked(company_id, since)
        JOIN ledger_document document ON document.company_id = asked.company_id AND document.date >= asked.since
            AND document.withdrawn_at IS NULL AND document.voided_at IS NULL
        JOIN connectors_pushitem item ON item.document_id = document.id AND item.state = 'pushed'
        JOIN connectors_binding binding ON binding.id = item.binding_id AND binding.voided_at IS NULL
        JOIN connectors_connection link ON link.id = binding.connection_id AND link.platform = 'books'
        LEFT JOIN books_entry entry ON entry.id = binding.remote_id::bigint
    ), ours AS (
        SELECT held.id, line.account, sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint AS amount
        FROM held JOIN ledger_documentline line ON line.document_id = held.id GROUP BY held.id, line.account
    ), theirs AS (
        SELECT held.id, account.code AS account, sum(line.debit - line.credit)::bigint AS amount
        FROM held JOIN books_line line ON line.entry_id = held.entry_id
        JOIN books_account account ON account.id = line.account_id GROUP BY held.id, account.code
    ), changed AS (
        SELECT id, jsonb_object_agg(account, coalesce(ours.amount, 0)) AS ours,
            jsonb_object_agg(account, coalesce(theirs.amount, 0)) AS theirs
        FROM ours FULL JOIN theirs USING (id, account)
        WHERE coalesce(ours.amount, 0) <> coalesce(theirs.amount, 0) GROUP BY id
    )
    SELECT held.company_id, held.id, held.reference, held.date, held.currency, held.total,
        held.entry_id IS NULL OR held.is_reversed,
        jsonb_strip_nulls(jsonb_build_object('ours', changed.ours, 'theirs', changed.theirs,
            'day_theirs', CASE WHEN held.found_on <> held.date THEN held.found_on END))
    FROM held LEFT JOIN changed USING (id)
    WHERE held.entry_id IS NULL OR held.is_reversed OR held.found_on <> held.date OR changed.id IS NOT NULL
    ORDER BY held.id
"""


class Drifted(Struct, frozen=True):
    """A document that stands otherwise there. ``changes`` are (account, ours, theirs), ``found_on`` another day."""

    company_id: int
    document_id: int
    reference: str
    day: date
    currency: str
    total: int
    is_gone: bool
    changes: tuple[tuple[str, int, int], ...]
    found_on: str

    @property
    def code(self) -> str:
        """What kind of finding it is."""
        if self.is_gone:
            return "document_removed"
        return "document_redated" if self.found_on and not self.changes else "document_edited"

    @property
    def off(self) -> int:
        """By how much it is off in all."""
        more = sum(max(theirs - ours, 0) for _, ours, theirs in self.changes)
        less = sum(max(ours - theirs, 0) for _, ours, theirs in self.changes)
        return self.total if self.is_gone else max(more, less)


def look(scope: Scope) -> Looked:
    """Each document that stands otherwise. Those in the built-in books are compared at night, and in between where one
    is open."""
    opened = open_since(scope, CODES)
    window = scope.at.date() - WINDOW
    asked = scope.company_ids if scope.depth == "night" else sorted(opened)
    since = [min(window, opened.get(company, window)) for company in asked]
    found = [*drifted(scope.company_ids), *_rows(_IN_BOOKS, {"companies": list(asked), "since": since})]
    names = AccountNames((each.company_id, account) for each in found for account, _, _ in each.changes)
    looked_at = {*asked, *_called(scope.company_ids)}
    return Looked([_seen(each, names) for each in found], where(scope, looked_at))


def drifted(company_ids: Iterable[int]) -> list[Drifted]:
    """What read back otherwise at platforms that are called."""
    return list(_rows(_READ_BACK, {"companies": list(company_ids)}))


def _called(company_ids: Iterable[int]) -> set[int]:
    """The companies whose documents are read back."""
    found = sql.rows(
        "SELECT company_id FROM connectors_connection WHERE company_id = ANY(%s) AND kind = 'accounting' "
        "AND platform <> 'books'",
        (list(company_ids),),
    )
    return {company for (company,) in found}


def _rows(query: LiteralString, parameters: dict[str, Any]) -> Iterator[Drifted]:
    for company, document, reference, day, currency, total, is_gone, told in sql.rows_named(query, parameters):
        ours, theirs = told.get("ours") or {}, told.get("theirs") or {}
        changes = tuple(
            (account, ours.get(account, 0), theirs.get(account, 0))
            for account in sorted({*ours, *theirs})
            if ours.get(account, 0) != theirs.get(account, 0)
        )
        found_on = told.get("day_theirs") or ""
        yield Drifted(company, document, reference, day, currency, total, is_gone, changes, found_on)


def _seen(each: Drifted, names: AccountNames) -> Seen:
    cause = Cause("document", str(each.document_id), each.reference, amount=each.off or None)
    params: dict[str, Any] = {"reference": each.reference}
    if each.code == "document_edited":
        params["changes"] = _in_words(each, names)
    if each.code == "document_redated":
        params |= {"day": each.day.isoformat(), "found": each.found_on}
    amount = each.off if each.code != "document_redated" else None
    return Seen(
        each.code, each.company_id, each.reference, params, day=each.day, currency=each.currency, amount=amount,
        causes=(cause,),
    )  # fmt: skip


def _in_words(each: Drifted, names: AccountNames) -> str:
    """ "4000 Sales −101.00 instead of −100.00": debits are positive."""
    told = [
        f"{names.of(each.company_id, account)} {format_minor(theirs, each.currency)} instead of "
        f"{format_minor(ours, each.currency)}"
        for account, ours, theirs in each.changes[:MOST_CHANGES]
    ]
    more = len(each.changes) - MOST_CHANGES
    told += [f"{more} more accounts"] if more > 0 else []
    told += [f"dated {each.found_on} instead of {each.day.isoformat()}"] if each.found_on else []
    return ", ".join(told) or "its accounts or its day"


WATCHES: Final = (Watch("drift", CODES, look),)
