"""Payouts at the bank: one that never arrived, and one of which the bank received another amount.

The bank's lines are those that the accounting software tells (`connectors.ledger_facts`), in the built-in books what
others booked on the bank account. Where hardly any payout is among them, nobody brings them, and nothing is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, LiteralString

from commerce_sync.clearing_items import books
from commerce_sync.reconcile_sql import RECORD_TEXT
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.bank_matching import Arriving, Line, match
from health.watches.narrowing import narrowed, where
from health.watches.their_entries import their_entries
from ledger import sql
from ledger.clearing import bank_accounts

CODES: Final = frozenset({"bank_missing", "bank_differs"})
WINDOW: Final = timedelta(days=60)
Group = tuple[int, str]
"""(company, currency)"""

# Parameters: companies, since.
_PAYOUTS: Final[LiteralString] = (
    "WITH payout AS (SELECT standing.company_id, record.currency, record.id, record.external_id, company.zone, "  # noqa: S608
    + RECORD_TEXT
    + """ AS body
        FROM ledger_posting posting
        JOIN ledger_company company ON company.id = posting.company_id
        JOIN ledger_standing standing ON standing.posting_id = posting.id AND standing.state = 1
        JOIN ledger_record record ON record.id = standing.record_id AND record.kind = 'payout' AND NOT record.deleted
        WHERE posting.company_id = ANY(%s) AND posting.day >= %s
    )
    SELECT company_id, currency, id, external_id, (body ->> 'amount')::bigint,
        coalesce(body ->> 'bank_reference', ''), coalesce(body ->> 'provider', ''),
        ((body ->> 'arrives_on')::timestamptz AT TIME ZONE zone)::date
    FROM payout WHERE (body ->> 'amount')::bigint <> 0
"""
)
_LINES: Final[LiteralString] = """
    SELECT link.company_id, line.currency, line.id, line.day, line.amount, line.text
    FROM connectors_connection link JOIN connectors_bankline line ON line.connection_id = link.id AND line.day >= %s
    WHERE link.company_id = ANY(%s) AND link.kind = 'accounting' AND link.status = 'Linked'
"""


def look(scope: Scope) -> Looked:
    """Payouts of companies whose bank tells its lines; between nights only where something is open."""
    asked = narrowed(scope, CODES)
    since = scope.at.date() - WINDOW
    lines = _lines(asked, since, scope.at.date()) if asked else {}
    seen: list[Seen] = []
    if lines:
        payouts, records = _payouts(sorted({company for company, _ in lines}), since)
        for (company, currency), own in sorted(payouts.items()):
            found = match(own, lines.get((company, currency), ()))
            seen += [_differs(company, currency, payout, line, records) for payout, line in found.differing]
            seen += [_missing(company, currency, payout, records) for payout in found.missing]
    return Looked(seen, where(scope, asked))


def _lines(company_ids: Sequence[int], since: date, until: date) -> dict[Group, list[Line]]:
    found: dict[Group, list[Line]] = defaultdict(list)
    for company, currency, id, day, amount, text in sql.rows(_LINES, (since, list(company_ids))):
        found[company, currency].append(Line(f"line {id}", day, amount, text))
    banks = {company: bank_accounts(book) for company, book in books(company_ids)}
    for entry in their_entries(banks, since, until):
        text = f"{entry.reference} {entry.text}".strip()
        line = Line(f"entry {entry.id}", entry.day, entry.amount, text)
        found[entry.company_id, entry.currency].append(line)
    return found


def _payouts(company_ids: Sequence[int], since: date) -> tuple[dict[Group, list[Arriving]], dict[str, int]]:
    """The payouts, and the row ids of their records."""
    found: dict[Group, list[Arriving]] = defaultdict(list)
    records: dict[str, int] = {}
    for company, currency, record, name, amount, reference, provider, day in sql.rows(
        _PAYOUTS, (list(company_ids), since)
    ):
        id = f"{company} {record}"
        records[id] = record
        found[company, currency].append(Arriving(id, day, amount, (name, reference), provider))
    return found, records


def _differs(company: int, currency: str, payout: Arriving, line: Line, records: dict[str, int]) -> Seen:
    params = {"payout": payout.names[0], "stated": payout.amount, "received": line.amount}
    kind = "entry" if line.id.startswith("entry ") else "bank line"
    causes = (
        Cause("record", str(records[payout.id]), f"payout {payout.names[0]}", "stated", payout.amount),
        Cause(kind, line.id.rpartition(" ")[2], line.text or f"{line.day}", "received", line.amount),
    )
    return Seen(
        "bank_differs", company, f"payout {payout.names[0]}", params, day=payout.day, currency=currency,
        amount=abs(line.amount - payout.amount), causes=causes,
    )  # fmt: skip


def _missing(company: int, currency: str, payout: Arriving, records: dict[str, int]) -> Seen:
    params = {"payout": payout.names[0], "stated": payout.amount, "day": payout.day.isoformat()}
    causes = (Cause("record", str(records[payout.id]), f"payout {payout.names[0]}", "not at the bank", payout.amount),)
    return Seen(
        "bank_missing", company, f"payout {payout.names[0]}", params, day=payout.day, currency=currency,
        amount=abs(payout.amount), causes=causes,
    )  # fmt: skip


WATCHES: Final = (Watch("bank", CODES, look),)
