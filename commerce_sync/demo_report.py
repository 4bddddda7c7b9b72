"""What the demo shows of each merchant: its run, documents, trial balance, reconciliation and problems, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from commerce_sync.demo_set_up import Shop
from commerce_sync.models import Sync
from commerce_sync.reconcile import DayTotals, reconcile
from commerce_sync.reconcile_text import describe_differences, render_days
from commerce_sync.status import CODES
from connectors.general_ledger import reports, statements
from ledger.models import Document, ProblemRow

_RULE: Final = "═" * 100
_EXAMPLES: Final = 12


def sections(shop: Shop, sync: Sync) -> Iterator[str]:
    """The merchant's story in blocks of text."""
    company = shop.company
    yield f"{_RULE}\n{company.name}   ·   {company.currency}   ·   {company.zone}\n{_RULE}"
    yield _run(shop, sync)
    yield statements.render_trial_balance(reports.trial_balance(shop.books.pk), "Trial balance of the built-in books")
    days = reconcile(company.pk)
    yield (
        "Reconciliation per day: what the sales system states, what the documents hold (sum of debits), what the\n"
        f"books say when read back, and by how much anything differs.\n\n{render_days(days)}"
    )
    yield _verdict(days)
    yield problems_in_words(company.pk)


def _run(shop: Shop, sync: Sync) -> str:
    standing = Document.objects.filter(company=shop.company, withdrawn_at=None, voided_at=None)
    kinds = Counter(standing.values_list("kind", flat=True))
    shown = ", ".join(f"{count} {kind.replace('_', ' ')}s" for kind, count in sorted(kinds.items()))
    words = [f"Sync {sync.code}: {CODES[sync.code]} {sync.failure_sentence}".strip()]
    words.append(f"Documents in the books: {kinds.total()}" + (f" ({shown})." if shown else "."))
    entry = standing.order_by("id").first()
    if entry is not None:
        words.append(f"Where an amount comes from: manage.py explain {entry.reference}")
    return "\n".join(words) + "\n"


def _verdict(days: list[DayTotals]) -> str:
    found = describe_differences(days)
    if not found:
        return f"Every one of {len(days)} days is reconciled to the unit.\n"
    return "\n".join(["NOT RECONCILED:", *(f"  {line}" for line in found)]) + "\n"


def is_reconciled(shop: Shop) -> bool:
    """Whether every day of the merchant agrees to the unit."""
    return all(day.is_reconciled for day in reconcile(shop.company.pk))


def problems_in_words(company_id: int) -> str:
    """The open problems of a company; blank when there is none."""
    rows = ProblemRow.objects.filter(company_id=company_id, resolved_at=None).order_by("id")
    found = [row for row in rows[:1000] if row.problem.blocks]
    notices = [row for row in rows[:1000] if not row.problem.blocks]
    blocks = [
        _list("Kept out of the books, and why:", found),
        _list("In the books, and worth a look:", notices),
    ]
    return "\n".join(block for block in blocks if block)


def _list(title: str, rows: list[ProblemRow]) -> str:
    if not rows:
        return ""
    lines = [title]
    for row in rows[:_EXAMPLES]:
        problem = row.problem
        lines.append(f"  {row.subject}: {problem.sentence}")
        lines.append(f"      → {problem.remedy}")
    if len(rows) > _EXAMPLES:
        lines.append(f"  … and {len(rows) - _EXAMPLES} more.")
    return "\n".join(lines) + "\n"
