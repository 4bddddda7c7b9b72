"""The rows of what accounting software says of its ledger: whose turn it is to be asked, and what was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final, LiteralString, get_args

from connectors.ledger_facts import LONGEST_TEXT, BankLine, LedgerBalance, LedgerEntry
from connectors.models import LedgerLook
from ledger import sql
from ledger.documents import DocumentKind

_ADMIT: Final[LiteralString] = """
    INSERT INTO connectors_ledgerlook (connection_id, next_at, said)
    SELECT link.id, %s, '' FROM connectors_connection link
    WHERE link.kind = 'accounting' AND link.status = 'Linked' AND link.platform = ANY(%s)
        AND NOT EXISTS (SELECT FROM connectors_ledgerlook look WHERE look.connection_id = link.id)
    ON CONFLICT DO NOTHING
"""
# Moved on before anybody is asked: whoever dies while asking has had his turn.
_CLAIM: Final[LiteralString] = """
    UPDATE connectors_ledgerlook SET next_at = %s WHERE connection_id = (
        SELECT look.connection_id FROM connectors_ledgerlook look
        JOIN connectors_connection link ON link.id = look.connection_id AND link.status = 'Linked'
        WHERE look.next_at <= %s ORDER BY look.next_at FOR UPDATE OF look SKIP LOCKED LIMIT 1)
    RETURNING connection_id
"""
_OURS: Final[LiteralString] = """
    SELECT t.remote_id, t.reference, t.is_bound FROM (
        SELECT remote_id, reference, EXISTS (SELECT FROM connectors_binding binding WHERE binding.connection_id = %s
            AND binding.kind = ANY(%s) AND binding.remote_id = told.remote_id) AS is_bound
        FROM unnest(%s::text[], %s::text[]) AS told(remote_id, reference)) t
    WHERE t.is_bound OR EXISTS (SELECT FROM ledger_document document WHERE document.company_id = %s
        AND document.reference = t.reference)
"""
_ENTRIES: Final[LiteralString] = """
    INSERT INTO connectors_theirentry (connection_id, remote_id, account, currency, day, amount, reference, text)
    SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::bigint[], %s::text[], %s::text[])
    ON CONFLICT (connection_id, remote_id, account, currency) DO UPDATE SET day = excluded.day,
        amount = excluded.amount, reference = excluded.reference, text = excluded.text
"""
_LINES: Final[LiteralString] = """
    INSERT INTO connectors_bankline (connection_id, remote_id, account, currency, day, amount, text)
    SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::bigint[], %s::text[])
    ON CONFLICT (connection_id, remote_id, account) DO UPDATE SET currency = excluded.currency, day = excluded.day,
        amount = excluded.amount, text = excluded.text
"""
_BALANCES: Final[LiteralString] = """
    INSERT INTO connectors_theirbalance (connection_id, account, currency, day, amount, read_at)
    SELECT %s, account, currency, %s, amount, %s
    FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS t(account, currency, amount)
"""


def admit(platforms: Collection[str], at: datetime) -> int:
    """Have the linked connections to these platforms asked that nobody asks yet; how many are new."""
    return sql.execute(_ADMIT, (at, list(platforms)))


def claim(at: datetime, until: datetime) -> LedgerLook | None:
    """The connection that has waited longest to be asked; it is nobody else's until ``until``."""
    found = sql.rows(_CLAIM, (until, at))
    if not found:
        return None
    return LedgerLook.objects.select_related("connection__company").get(pk=found[0][0])


def ours(connection_id: int, company_id: int, entries: Sequence[LedgerEntry]) -> set[str]:
    """Those of the entries, by their ids, that are documents of ours: bound, or with a reference of one.

    Some documents are two there. One that does the same as the bound one of its reference is no part of it: it was made
    a second time, by a worker of ours or by a person who copied it, and counts as somebody else's.
    """
    named = {(each.remote_id, each.reference[:LONGEST_TEXT]) for each in entries}
    ids, references = [each for each, _ in named], [each for _, each in named]
    kinds = list(get_args(DocumentKind))
    found = sql.rows(_OURS, (connection_id, kinds, ids, references, company_id))
    done = _sums(entries, {id for id, _, _ in found})
    bound = {(reference, done[id]) for id, reference, is_bound in found if is_bound and reference}
    return {id for id, reference, is_bound in found if is_bound or (reference, done[id]) not in bound}


def _sums(entries: Iterable[LedgerEntry], ids: Collection[str]) -> dict[str, frozenset[tuple[str, str, int]]]:
    """What each of these does: (account, currency, amount)."""
    sums: dict[str, Counter[tuple[str, str]]] = {id: Counter() for id in ids}
    for each in entries:
        if each.remote_id in sums:
            sums[each.remote_id][each.account, each.currency] += each.amount
    return {id: frozenset((*place, amount) for place, amount in own.items()) for id, own in sums.items()}


def keep_entries(connection_id: int, found: Iterable[LedgerEntry], first: date, last: date) -> None:
    """Make what is kept of these days what was found; entries are summed by document and account."""
    sql.execute(
        "DELETE FROM connectors_theirentry WHERE connection_id = %s AND day BETWEEN %s AND %s",
        (connection_id, first, last),
    )
    sums: dict[tuple[str, str, str], tuple[LedgerEntry, int]] = {}
    for each in found:
        key = (each.remote_id, each.account, each.currency)
        sums[key] = (each, sums[key][1] + each.amount if key in sums else each.amount)
    kept = [(each, amount) for each, amount in sums.values() if amount]
    sql.execute(
        _ENTRIES,
        (
            connection_id,
            *([each.remote_id for each, _ in kept], [each.account for each, _ in kept]),
            *([each.currency for each, _ in kept], [each.day for each, _ in kept], [amount for _, amount in kept]),
            *([_text(each.reference) for each, _ in kept], [_text(each.text) for each, _ in kept]),
        ),
    )


def keep_bank_lines(connection_id: int, found: Iterable[BankLine], first: date, last: date) -> None:
    """Make what is kept of these days what was found."""
    sql.execute(
        "DELETE FROM connectors_bankline WHERE connection_id = %s AND day BETWEEN %s AND %s",
        (connection_id, first, last),
    )
    kept = list({(each.remote_id, each.account): each for each in found}.values())
    sql.execute(
        _LINES,
        (
            connection_id,
            *([each.remote_id for each in kept], [each.account for each in kept]),
            *([each.currency for each in kept], [each.day for each in kept], [each.amount for each in kept]),
            [_text(each.text) for each in kept],
        ),
    )


def keep_balances(connection_id: int, found: Iterable[LedgerBalance], day: date, keep_day: date, at: datetime) -> None:
    """What accounts held at the end of ``day``; of other days only those of ``keep_day`` stay."""
    sql.execute(
        "DELETE FROM connectors_theirbalance WHERE connection_id = %s AND (day = %s OR day <> %s)",
        (connection_id, day, keep_day),
    )
    kept = list(found)
    sql.execute(
        _BALANCES,
        (
            *(connection_id, day, at),
            *([each.account for each in kept], [each.currency for each in kept], [each.amount for each in kept]),
        ),
    )


def forget(connection_id: int, before: date) -> None:
    """Entries and lines of longer ago are looked at by nobody."""
    for statement in (
        "DELETE FROM connectors_theirentry WHERE connection_id = %s AND day < %s",
        "DELETE FROM connectors_bankline WHERE connection_id = %s AND day < %s",
    ):
        sql.execute(statement, (connection_id, before))


def _text(said: str) -> str:
    return said.replace("\x00", "")[:LONGEST_TEXT]
