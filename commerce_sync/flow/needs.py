"""What needs the merchant: why sales are not in the books, by cause, in words, with the page where it is mended.

Set-based: a count for each cause, whatever the number of records behind it.
"""

from __future__ import annotations

from typing import Final, LiteralString, NamedTuple

from commerce_sync.flow import problem_words
from ledger import sql
from ledger.problems import CATALOG

MOST_CAUSES: Final = 20
# The last case stands for all of its cause: its facts are in the sentence.
_PROBLEMS: Final[LiteralString] = """
    SELECT code, count(*), (array_agg(detail ORDER BY id DESC))[1]
    FROM ledger_problem WHERE company_id = %s AND resolved_at IS NULL
    GROUP BY code, detail ->> 'role', detail ->> 'tax', detail ->> 'currency' ORDER BY count(*) DESC LIMIT %s
"""
_REFUSED: Final[LiteralString] = """
    SELECT failure_code, count(*), min(failure_sentence) FROM connectors_pushitem
    WHERE company_id = %s AND state = 'refused' GROUP BY failure_code ORDER BY count(*) DESC LIMIT %s
"""


class Need(NamedTuple):
    """A cause: how often it was met, what happened, what to do, the page for it, and whether sales stay out by it."""

    code: str
    cases: int
    what: str
    todo: str
    page: str
    blocks: bool


def needs_of(company_id: int, locale: str) -> list[Need]:
    """The causes that are open, those that keep sales out first."""
    found = []
    for code, count, detail in sql.rows(_PROBLEMS, (company_id, MOST_CAUSES)):
        told = problem_words.told(code, detail or {}, locale)
        reason = CATALOG.get(code)
        if told is not None and code not in ("before_start", "awaiting_payout"):  # as they should be
            blocks = reason is None or reason.severity == "blocks"
            found.append(Need(code, count, told.what, told.todo, told.page, blocks))
    for code, count, sentence in sql.rows(_REFUSED, (company_id, MOST_CAUSES)):
        told = problem_words.told(code, {}, locale)
        what, todo, page = told or (sentence, "", "")
        found.append(Need(code, count, what, todo, page, blocks=True))
    return sorted(found, key=lambda need: (not need.blocks, -need.cases))
