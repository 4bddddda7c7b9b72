"""What a company's sales really use: the roles of their legs, and their tax treatments. Read from a bounded sample."""

from __future__ import annotations

from typing import Final, LiteralString, NamedTuple

from commerce_sync.configuration.known import Rate, treatment_of
from connectors.models import Connection, Reference
from ledger import adding_up, sql
from ledger.book import MONEY_ROLES, Book
from ledger.commerce import Deleted, Record, Tax, decode
from ledger.rules import expand

MOST_RECORDS: Final = 300  # of those that wait, and as many of those that were posted last
MOST_LISTED: Final = 200  # tax components of a sales system

# Both halves walk an index from its end; neither looks at more than it returns.
_SAMPLE: Final[LiteralString] = """
    SELECT record.kind, record.body FROM (
        (SELECT record_id FROM ledger_standing WHERE company_id = %s AND state = 0
         ORDER BY happened_at DESC LIMIT %s)
        UNION
        (SELECT standing.record_id FROM
            (SELECT id FROM ledger_posting WHERE company_id = %s ORDER BY day DESC LIMIT 20) posting
            CROSS JOIN LATERAL (SELECT record_id FROM ledger_standing WHERE posting_id = posting.id LIMIT 30) standing
         LIMIT %s)
    ) sample JOIN ledger_record record ON record.id = sample.record_id
    WHERE NOT record.deleted
"""
_OPEN: Final[LiteralString] = """
    SELECT DISTINCT detail ->> 'role' FROM ledger_problem
    WHERE company_id = %s AND resolved_at IS NULL AND code IN ('unmapped_role', 'posted_to_suspense')
        AND detail ? 'role'
    LIMIT 100
"""


class InUse(NamedTuple):
    """Roles ("tender:card:Visa", "tender:card@EUR") and tax treatments, each once and sorted."""

    roles: tuple[str, ...]
    rates: tuple[Rate, ...]


def in_use(company_id: int, book: Book) -> InUse:
    """What the sales that wait, and those that were posted last, need of ``book``."""
    roles = {role for (role,) in sql.rows(_OPEN, (company_id,))}
    rates: dict[str, Rate] = {}
    for kind, body in sql.rows(_SAMPLE, (company_id, MOST_RECORDS, company_id, MOST_RECORDS)):
        record = decode(kind, bytes(body))
        if isinstance(record, Deleted) or adding_up.check(record) is not None:
            continue
        for leg in expand(record, book):
            roles.add(_in_currency(leg.role, record.currency, book))
        for taxes in _taxes(record):
            tax = treatment_of(part.key for part in taxes)
            rates.setdefault(tax, _rate(tax, taxes))
    return InUse(tuple(sorted(roles)), tuple(rates[tax] for tax in sorted(rates)))


def listed_rates(links: list[Connection]) -> tuple[Rate, ...]:
    """The tax components that the sales systems of ``links`` name, each as a treatment of its own."""
    rows = Reference.objects.filter(connection__in=links, kind=Reference.Kind.TAX_RATE).order_by("external_id")
    found = {}
    for row in rows[:MOST_LISTED]:
        height = row.detail.get("rate_ppm")
        ppm = height if isinstance(height, int) else None
        found[row.external_id] = Rate(row.external_id, (row.external_id,), row.name, ppm)
    return tuple(found.values())


def _in_currency(role: str, currency: str, book: Book) -> str:
    """Money in another currency than the book's needs an account of its own."""
    foreign = currency != book.currency and role.partition(":")[0] in MONEY_ROLES
    return f"{role}@{currency}" if foreign else role


def _taxes(record: Record) -> list[tuple[Tax, ...]]:
    lines = getattr(record, "lines", None) or ()
    return [taxes for taxes in (*(line.taxes for line in lines), getattr(record, "taxes", ())) if taxes]


def _rate(tax: str, taxes: tuple[Tax, ...]) -> Rate:
    heights = [part.rate_ppm for part in taxes]
    known = [height for height in heights if height is not None]
    name = ", ".join(part.name for part in taxes)
    return Rate(tax, tuple(part.key for part in taxes), name, sum(known) if len(known) == len(heights) else None)
